module route-guide-go

go 1.24

require (
	wasm-grpc/guest v0.0.0
	wasm-grpc/guest/protobuf v0.0.0
)

require google.golang.org/protobuf v1.36.12

replace (
	wasm-grpc/guest => ../../sdk/go
	wasm-grpc/guest/protobuf => ../../sdk/go/protobuf
)
