// echo.Echo (examples/echo/echo.proto) in AssemblyScript, for the end-to-end tests of large messages.
import { Call, Code, ProtoReader, ProtoWriter, Service, Wire, tag } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

/** A Message or a Repeat. */
class Payload {
  count: u32 = 0;
  bytes: Uint8Array = new Uint8Array(0);

  constructor(message: Uint8Array, field: u32) {
    const reader = new ProtoReader(message);
    while (reader.next()) {
      if (reader.tag == tag(field, Wire.Bytes)) this.bytes = reader.bytes();
      else if (reader.tag == tag(1, Wire.Varint)) this.count = reader.uint32();
    }
    this.ok = reader.ok;
  }
  ok: bool = false;
}

new Service("echo.Echo")
  .unary("Unary", (call: Call, request: Uint8Array): Uint8Array | null => request)
  .clientStream("ClientStream", (call: Call): Uint8Array | null => {
    const payloads: Uint8Array[] = [];
    let size = 0;
    for (let message = call.receive(); message; message = call.receive()) {
      const payload = new Payload(message, 1);
      if (!payload.ok) return call.fail(Code.Internal, "a request is not an echo.Message");
      payloads.push(payload.bytes);
      size += payload.bytes.length;
    }
    const joined = new Uint8Array(size);
    for (let i = 0, at = 0; i < payloads.length; ++i) {
      joined.set(payloads[i], at);
      at += payloads[i].length;
    }
    return new ProtoWriter().bytes(1, joined).finish();
  })
  .serverStream("ServerStream", (call: Call, request: Uint8Array): void => {
    const repeat = new Payload(request, 2);
    if (!repeat.ok) call.fail(Code.Internal, "the request is not an echo.Repeat");
    const message = new ProtoWriter().bytes(1, repeat.bytes).finish();
    for (let i: u32 = 0; i < repeat.count; ++i) if (!call.send(message)) return;
  })
  .bidiStream("BidiStream", (call: Call): void => {
    for (let message = call.receive(); message; message = call.receive()) if (!call.send(message)) return;
  });
