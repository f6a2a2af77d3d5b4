fn main() {
    wasm_grpc_build::compile_protos("../account/account.proto").unwrap();
}
