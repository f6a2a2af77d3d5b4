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

//go:wasmimport wasm_grpc_kv_1 list
//go:noescape
func hostList(prefix unsafe.Pointer, prefixLen uint32, after unsafe.Pointer, afterLen uint32, most int32,
	page unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_kv_1 get_many
//go:noescape
func hostGetMany(keys unsafe.Pointer, keysLen uint32, pairs unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_kv_1 change_each
//go:noescape
func hostChangeEach(changes unsafe.Pointer, changesLen uint32, results unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_kv_1 change_all
//go:noescape
func hostChangeAll(changes unsafe.Pointer, changesLen uint32, results unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_kv_1 swap
//go:noescape
func hostSwap(key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32, ttl, ifVersion int64,
	old unsafe.Pointer, capacity uint32, about unsafe.Pointer) int64

//go:wasmimport wasm_grpc_kv_1_optional begin
//go:noescape
func hostBegin(action int32, request unsafe.Pointer, requestLen uint32) int32

//go:wasmimport wasm_grpc_kv_1_optional take
//go:noescape
func hostTake(number int32, answer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_kv_1_optional close
func closeBegun(number int32) int32

func pointer(bytes []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes))
}

func list(prefix, after string, most int32, page []byte) int32 {
	to, capacity := pointer(page)
	return hostList(unsafe.Pointer(unsafe.StringData(prefix)), uint32(len(prefix)),
		unsafe.Pointer(unsafe.StringData(after)), uint32(len(after)), most, to, capacity)
}

func getMany(keys, pairs []byte) int32 {
	from, size := pointer(keys)
	to, capacity := pointer(pairs)
	return hostGetMany(from, size, to, capacity)
}

func changeEach(changes, results []byte) int32 {
	from, size := pointer(changes)
	to, capacity := pointer(results)
	return hostChangeEach(from, size, to, capacity)
}

func changeAll(changes, results []byte) int32 {
	from, size := pointer(changes)
	to, capacity := pointer(results)
	return hostChangeAll(from, size, to, capacity)
}

func swap(key string, value []byte, ttl, ifVersion int64, old []byte, about *[16]byte) int64 {
	from, size := pointer(value)
	to, capacity := pointer(old)
	return hostSwap(unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)), from, size, ttl, ifVersion, to, capacity,
		unsafe.Pointer(about))
}

func begin(action int32, request []byte) int32 {
	from, size := pointer(request)
	return hostBegin(action, from, size)
}

func take(number int32, answer []byte) int32 {
	to, capacity := pointer(answer)
	return hostTake(number, to, capacity)
}
