package abi

import "unsafe"

//go:wasmimport wasm_grpc_1 method
//go:noescape
func method(path unsafe.Pointer, pathLen uint32, kind, style, tag int32) int32

//go:wasmimport wasm_grpc_1 placement
//go:noescape
func placement(where int32, key unsafe.Pointer, keyLen uint32) int32

//go:wasmimport wasm_grpc_1 timer
func timer(call int32, timeout int64) int32

//go:wasmimport wasm_grpc_1_optional alarm
func alarm(timeout int64) int32

//go:wasmimport wasm_grpc_1_optional ending
func ending(wanted int32) int32

//go:wasmimport wasm_grpc_1 descriptors
//go:noescape
func descriptors(set unsafe.Pointer, setLen uint32) int32

//go:wasmimport wasm_grpc_1 health_set
//go:noescape
func healthSet(service unsafe.Pointer, serviceLen uint32, serving int32) int32

//go:wasmimport wasm_grpc_1 recv
//go:noescape
func recv(call int32, buffer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_1 send
//go:noescape
func send(call int32, message unsafe.Pointer, messageLen uint32) int32

//go:wasmimport wasm_grpc_1 compress
func compress(call, on int32) int32

//go:wasmimport wasm_grpc_1 wait
func wait(call, interests int32, timeout int64) int32

//go:wasmimport wasm_grpc_1_optional wait_fd
func waitFD(call, interests int32) int32

//go:wasmimport wasm_grpc_1 finish
//go:noescape
func finish(call, code int32, message unsafe.Pointer, messageLen uint32) int32

//go:wasmimport wasm_grpc_1 metadata_get
//go:noescape
func metadataGet(call int32, key unsafe.Pointer, keyLen uint32, index int32, value unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_1 metadata_list
//go:noescape
func metadataList(call int32, buffer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_1 metadata_add
//go:noescape
func metadataAdd(call, where int32, key unsafe.Pointer, keyLen uint32, value unsafe.Pointer, valueLen uint32) int32

//go:wasmimport wasm_grpc_1 headers_send
func headersSend(call int32) int32

//go:wasmimport wasm_grpc_1 http_status
func httpStatus(call, status int32) int32

//go:wasmimport wasm_grpc_1 info
//go:noescape
func info(call, what int32, buffer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_1 deadline
func deadline(call int32) int64

//go:wasmimport wasm_grpc_1 log
//go:noescape
func log(level int32, text unsafe.Pointer, textLen uint32)

//go:wasmimport wasm_grpc_1_optional log_call
//go:noescape
func logCall(call, level int32, text unsafe.Pointer, textLen uint32, pairs unsafe.Pointer, pairsLen uint32) int32

func of(bytes []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(bytes)), uint32(len(bytes))
}

func ofText(text string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(text)), uint32(len(text))
}

func Method(path string, kind, style, tag int32) int32 {
	ptr, size := ofText(path)
	return method(ptr, size, kind, style, tag)
}

func Placement(where int32, key string) int32 {
	ptr, size := ofText(key)
	return placement(where, ptr, size)
}

func Timer(call int32, timeout int64) int32 { return timer(call, timeout) }

func Alarm(timeout int64) int32 { return alarm(timeout) }

func Ending(wanted int32) int32 { return ending(wanted) }

func Descriptors(set []byte) int32 {
	ptr, size := of(set)
	return descriptors(ptr, size)
}

func HealthSet(service string, serving int32) int32 {
	ptr, size := ofText(service)
	return healthSet(ptr, size, serving)
}

func Recv(call int32, buffer []byte) int32 {
	ptr, size := of(buffer)
	return recv(call, ptr, size)
}

func Send(call int32, message []byte) int32 {
	ptr, size := of(message)
	return send(call, ptr, size)
}

func Compress(call, on int32) int32 { return compress(call, on) }

func Wait(call, interests int32, timeout int64) int32 { return wait(call, interests, timeout) }

func Finish(call, code int32, message string) int32 {
	ptr, size := ofText(message)
	return finish(call, code, ptr, size)
}

func MetadataGet(call int32, key string, index int32, value []byte) int32 {
	keyPtr, keySize := ofText(key)
	ptr, size := of(value)
	return metadataGet(call, keyPtr, keySize, index, ptr, size)
}

func MetadataList(call int32, buffer []byte) int32 {
	ptr, size := of(buffer)
	return metadataList(call, ptr, size)
}

func MetadataAdd(call, where int32, key, value string) int32 {
	keyPtr, keySize := ofText(key)
	ptr, size := ofText(value)
	return metadataAdd(call, where, keyPtr, keySize, ptr, size)
}

func HeadersSend(call int32) int32 { return headersSend(call) }

func HTTPStatus(call, status int32) int32 { return httpStatus(call, status) }

func Info(call, what int32, buffer []byte) int32 {
	ptr, size := of(buffer)
	return info(call, what, ptr, size)
}

func Deadline(call int32) int64 { return deadline(call) }

func Log(level int32, text string) {
	ptr, size := ofText(text)
	log(level, ptr, size)
}

func LogCall(call, level int32, text string, pairs []byte) int32 {
	textPtr, textSize := ofText(text)
	ptr, size := of(pairs)
	return logCall(call, level, textPtr, textSize, ptr, size)
}
