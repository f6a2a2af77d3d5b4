fn main() {
    wasm_grpc_build::compile_protos("../chat/chat.proto").unwrap();
}
