package abi

import "unsafe"

//go:wasmimport wasm_grpc_client_1 require
//go:noescape
func clientRequire(target unsafe.Pointer, targetLen uint32) int32

//go:wasmimport wasm_grpc_client_1 open
//go:noescape
func clientOpen(target unsafe.Pointer, targetLen uint32, path unsafe.Pointer, pathLen uint32, kind int32, timeout int64,
	parent int32, metadata unsafe.Pointer, metadataLen uint32) int32

//go:wasmimport wasm_grpc_client_1 send
//go:noescape
func clientSend(call int32, message unsafe.Pointer, messageLen uint32, last int32) int32

//go:wasmimport wasm_grpc_client_1 half_close
func clientHalfClose(call int32) int32

//go:wasmimport wasm_grpc_client_1 recv
//go:noescape
func clientRecv(call int32, buffer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_client_1 metadata_list
//go:noescape
func clientMetadataList(call, where int32, buffer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_client_1 status
func clientStatus(call int32) int32

//go:wasmimport wasm_grpc_client_1 info
//go:noescape
func clientInfo(call, what int32, buffer unsafe.Pointer, capacity uint32) int32

//go:wasmimport wasm_grpc_client_1 cancel
func clientCancel(call int32) int32

//go:wasmimport wasm_grpc_client_1 close
func clientClose(call int32) int32

//go:wasmimport wasm_grpc_client_1 wait_any
//go:noescape
func clientWaitAny(entries unsafe.Pointer, count uint32, timeout int64) int32

//go:wasmimport wasm_grpc_client_1 wait_fd
func clientWaitFD(call, interests int32) int32

func ClientRequire(target string) int32 {
	ptr, size := ofText(target)
	return clientRequire(ptr, size)
}

func ClientOpen(target, path string, kind int32, timeout int64, parent int32, metadata []byte) int32 {
	targetPtr, targetSize := ofText(target)
	pathPtr, pathSize := ofText(path)
	ptr, size := of(metadata)
	return clientOpen(targetPtr, targetSize, pathPtr, pathSize, kind, timeout, parent, ptr, size)
}

func ClientSend(call int32, message []byte, last int32) int32 {
	ptr, size := of(message)
	return clientSend(call, ptr, size, last)
}

func ClientHalfClose(call int32) int32 { return clientHalfClose(call) }

func ClientRecv(call int32, buffer []byte) int32 {
	ptr, size := of(buffer)
	return clientRecv(call, ptr, size)
}

func ClientMetadataList(call, where int32, buffer []byte) int32 {
	ptr, size := of(buffer)
	return clientMetadataList(call, where, ptr, size)
}

func ClientStatus(call int32) int32 { return clientStatus(call) }

func ClientInfo(call, what int32, buffer []byte) int32 {
	ptr, size := of(buffer)
	return clientInfo(call, what, ptr, size)
}

func ClientCancel(call int32) int32 { return clientCancel(call) }

func ClientClose(call int32) int32 { return clientClose(call) }

// ClientWait is wait_any of one call that the guest made.
func ClientWait(call, interests int32, timeout int64) int32 {
	entry := [3]int32{call, interests, 0}
	return clientWaitAny(unsafe.Pointer(&entry), 1, timeout)
}
