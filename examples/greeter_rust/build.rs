fn main() {
    wasm_grpc_build::compile_protos("../greeter/helloworld.proto").unwrap();
}
