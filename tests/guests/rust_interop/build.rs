fn main() {
    wasm_grpc_build::compile_protos("../../../examples/interop/test_service.proto").unwrap();
}
