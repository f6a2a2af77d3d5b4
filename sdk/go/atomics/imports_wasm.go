package atomics

import "unsafe"

//go:wasmimport wasm_grpc_atomics_1 counter
//go:noescape
func counter(name unsafe.Pointer, nameLen uint32) int32

//go:wasmimport wasm_grpc_atomics_1 load
func load(counter int32) int64

//go:wasmimport wasm_grpc_atomics_1 store
func store(counter int32, value int64)

//go:wasmimport wasm_grpc_atomics_1 add
func add(counter int32, by int64) int64

//go:wasmimport wasm_grpc_atomics_1 exchange
func exchange(counter int32, value int64) int64

//go:wasmimport wasm_grpc_atomics_1 compare_exchange
func compareExchange(counter int32, expected, desired int64) int64

func named(name string) int32 {
	return counter(unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)))
}
