// Beside the SDK, so that guests that do without protobuf-go need not have it.
module wasm-grpc/guest/protobuf

go 1.24

require (
	google.golang.org/protobuf v1.36.12
	wasm-grpc/guest v0.0.0
)

replace wasm-grpc/guest => ..
