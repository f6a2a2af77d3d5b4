module gotest/events

go 1.24

require wasm-grpc/guest v0.0.0

replace wasm-grpc/guest => ../../../sdk/go
