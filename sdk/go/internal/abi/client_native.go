//go:build !wasm

package abi

// ClientFunctions is what a host offers to guests that call, wasm_grpc_client_1.
type ClientFunctions interface {
	ClientRequire(target string) int32
	ClientOpen(target, path string, kind int32, timeout int64, parent int32, metadata []byte) int32
	ClientSend(call int32, message []byte, last int32) int32
	ClientHalfClose(call int32) int32
	ClientRecv(call int32, buffer []byte) int32
	ClientMetadataList(call, where int32, buffer []byte) int32
	ClientStatus(call int32) int32
	ClientInfo(call, what int32, buffer []byte) int32
	ClientCancel(call int32) int32
	ClientClose(call int32) int32
	ClientWait(call, interests int32, timeout int64) int32
	ClientWaitFD(call, interests int32) int32
}

func ClientRequire(target string) int32 { return Host.ClientRequire(target) }

func ClientOpen(target, path string, kind int32, timeout int64, parent int32, metadata []byte) int32 {
	return Host.ClientOpen(target, path, kind, timeout, parent, metadata)
}

func ClientSend(call int32, message []byte, last int32) int32 {
	return Host.ClientSend(call, message, last)
}

func ClientHalfClose(call int32) int32            { return Host.ClientHalfClose(call) }
func ClientRecv(call int32, buffer []byte) int32  { return Host.ClientRecv(call, buffer) }
func ClientStatus(call int32) int32               { return Host.ClientStatus(call) }
func ClientInfo(call, what int32, b []byte) int32 { return Host.ClientInfo(call, what, b) }
func ClientCancel(call int32) int32               { return Host.ClientCancel(call) }
func ClientClose(call int32) int32                { return Host.ClientClose(call) }

func ClientMetadataList(call, where int32, buffer []byte) int32 {
	return Host.ClientMetadataList(call, where, buffer)
}

func ClientWait(call, interests int32, timeout int64) int32 {
	return Host.ClientWait(call, interests, timeout)
}
