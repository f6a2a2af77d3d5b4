package trace

import "unsafe"

//go:wasmimport wasm_grpc_trace_1 span_begin
//go:noescape
func spanBegin(call, parent int32, name unsafe.Pointer, nameLen uint32) int32

//go:wasmimport wasm_grpc_trace_1 span_attribute
//go:noescape
func spanAttribute(call, span int32, key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport wasm_grpc_trace_1 span_end
func spanEnd(call, span, failed int32) int32

func begin(call, parent int32, name string) int32 {
	return spanBegin(call, parent, unsafe.Pointer(unsafe.StringData(name)), uint32(len(name)))
}

func attribute(call, span int32, key, value string) {
	spanAttribute(call, span, unsafe.Pointer(unsafe.StringData(key)), uint32(len(key)),
		unsafe.Pointer(unsafe.StringData(value)), uint32(len(value)))
}

func end(call, span int32, failed bool) {
	flag := int32(0)
	if failed {
		flag = 1
	}
	spanEnd(call, span, flag)
}
