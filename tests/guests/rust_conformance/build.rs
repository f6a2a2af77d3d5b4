fn main() {
    wasm_grpc_build::compile_protos("../conformance.proto").unwrap();
}
