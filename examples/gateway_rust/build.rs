fn main() {
    wasm_grpc_build::configure()
        .build_client(false)
        .compile_protos(&["../gateway/gateway.proto"], &["../gateway"])
        .unwrap();
    // What is only called.
    wasm_grpc_build::configure()
        .build_server(false)
        .compile_protos(
            &["../gateway/weather.proto", "../greeter/helloworld.proto", "../route_guide/route_guide.proto"],
            &["../gateway", "../greeter", "../route_guide"],
        )
        .unwrap();
}
