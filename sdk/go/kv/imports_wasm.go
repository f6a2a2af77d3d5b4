package kv

import "unsafe"

//go:wasmimport wasm_grpc_kv_1 get
//go:noescape
func hostGet(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, capacity uint32, version unsafe.Pointer) int32

//go:wasmimport wasm_grpc_kv_1 set
//go:noescape
func hostSet(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32, ttl, ifVersion int64) int64

//go:wasmimport wasm_grpc_kv_1 remove
//go:noescape
func hostRemove(key unsafe.Pointer, keyLen uint32, ifVersion int64) int32

func get(key string, value []byte, version *uint64) int32 {
	return hostGet(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(value)),
		uint32(len(value)), unsafe.Pointer(version))
}

func set(key string, value []byte, ttl, ifVersion int64) int64 {
	return hostSet(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), unsafe.Pointer(unsafe.SliceData(value)),
		uint32(len(value)), ttl, ifVersion)
}

func remove(key string, ifVersion int64) int32 {
	return hostRemove(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), ifVersion)
}
