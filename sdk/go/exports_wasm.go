package guest

//go:wasmexport wasm_grpc_start
func exportedStart() { declare() }

//go:wasmexport wasm_grpc_call
func exportedCall(call, tag int32) int32 { return dispatch(call, tag) }

//go:wasmexport wasm_grpc_event
func exportedEvent(call, event, value int32) { onEvent(call, event, value) }
