fn main() {
    wasm_grpc_build::compile_protos("../notes.proto").unwrap();
}
