// helloworld.Greeter (../greeter/helloworld.proto) in AssemblyScript.
import { Call, Code, ProtoReader, ProtoWriter, Service, Wire, tag } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

class HelloRequest {
  name: string = "";

  /** Null when the bytes are no HelloRequest. */
  static decode(bytes: Uint8Array): HelloRequest | null {
    const request = new HelloRequest();
    const reader = new ProtoReader(bytes);
    while (reader.next()) {
      if (reader.tag == tag(1, Wire.Bytes)) request.name = reader.string();
    }
    return reader.ok ? request : null;
  }
}

class HelloReply {
  constructor(public message: string) {}

  encode(): Uint8Array {
    return new ProtoWriter().string(1, this.message).finish();
  }
}

function refuse(call: Call): Uint8Array | null {
  return call.fail(Code.Internal, "the request is not a helloworld.HelloRequest");
}

new Service("helloworld.Greeter")
  .unary("SayHello", (call: Call, bytes: Uint8Array): Uint8Array | null => {
    const request = HelloRequest.decode(bytes);
    if (!request) return refuse(call);
    return new HelloReply("Hello " + request.name).encode();
  })
  .serverStream("SayHelloStreamReply", (call: Call, bytes: Uint8Array): void => {
    const request = HelloRequest.decode(bytes);
    if (!request) {
      refuse(call);
      return;
    }
    const greetings: string[] = ["Hello ", "Nice to see you, ", "Take care, "];
    for (let i = 0; i < greetings.length; ++i) {
      const reply = new HelloReply(greetings[i] + request.name);
      if (!call.send(reply.encode())) return; // the client has left
    }
  });
