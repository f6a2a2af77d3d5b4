// The path has no domain, so that no command looks for it anywhere: a guest's go.mod says where it is by `replace`.
module wasm-grpc/guest

go 1.24
