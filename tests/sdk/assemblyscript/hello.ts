import { Call, Code, Service, textOf, utf8 } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

new Service("hello.Hello")
  .unary("Say", (call: Call, request: Uint8Array): Uint8Array | null => {
    if (request.length == 0) return call.fail(Code.InvalidArgument, "say something");
    return utf8("you said " + textOf(request));
  });
