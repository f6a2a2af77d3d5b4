fn main() {
    wasm_grpc_build::compile_protos("../route_guide/route_guide.proto").unwrap();
}
