// A guest in standard Go, over ABI 1 by hand: gotest.Echo/Unary, one request in, the same bytes out.
package main

import (
	"fmt"
	"unsafe"
)

// Results and codes of ABI 1 and gRPC that this guest meets.
const (
	resultOK      = 0
	codeOK        = 0
	codeCancelled = 1
	codeInternal  = 13
)

//go:wasmimport wasm_grpc_1 method
func method(path unsafe.Pointer, pathLen uint32, kind, style, tag int32) int32

//go:wasmimport wasm_grpc_1 recv
func recv(call int32, ptr unsafe.Pointer, size uint32) int32

//go:wasmimport wasm_grpc_1 send
func send(call int32, ptr unsafe.Pointer, size uint32) int32

// request is used again for every call; an instance serves one at a time.
var request = make([]byte, 1024)

func init() {
	fmt.Println("go_echo: init")
}

//go:wasmexport wasm_grpc_start
func start() {
	path := []byte("/gotest.Echo/Unary")
	method(unsafe.Pointer(&path[0]), uint32(len(path)), 0, 0, 0)
}

//go:wasmexport wasm_grpc_call
func serve(call, _ int32) int32 {
	for {
		length := recv(call, unsafe.Pointer(&request[0]), uint32(len(request)))
		if length < 0 {
			return codeInternal
		}
		if int(length) > len(request) {
			request = make([]byte, length)
			continue
		}
		if send(call, unsafe.Pointer(&request[0]), uint32(length)) != resultOK {
			return codeCancelled
		}
		return codeOK
	}
}

func main() {}
