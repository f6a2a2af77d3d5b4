module gotest/conformance

go 1.24

require wasm-grpc/guest v0.0.0

require github.com/aperturerobotics/protobuf-go-lite v0.14.0

replace wasm-grpc/guest => ../../../sdk/go
