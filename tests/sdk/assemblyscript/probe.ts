// What the unit tests ask of the SDK.
import { Call, Code, Level, ProtoReader, ProtoWriter, Service, Wire, isUtf8, tag, textOf, utf8 } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

// A message with a field of every kind: int32 1, int64 2, uint32 3, uint64 4, sint32 5, sint64 6, bool 7, fixed32 8,
// fixed64 9, float 10, double 11, string 12, bytes 13, a message of the same kind 14. `every` writes fields that are 0 too.
function copy(bytes: Uint8Array, every: bool): ProtoWriter | null {
  const to = new ProtoWriter();
  const from = new ProtoReader(bytes);
  while (from.next()) {
    if (every) to.always();
    switch (from.tag) {
      case tag(1, Wire.Varint): to.int32(1, from.int32()); break;
      case tag(2, Wire.Varint): to.int64(2, from.int64()); break;
      case tag(3, Wire.Varint): to.uint32(3, from.uint32()); break;
      case tag(4, Wire.Varint): to.uint64(4, from.uint64()); break;
      case tag(5, Wire.Varint): to.sint32(5, from.sint32()); break;
      case tag(6, Wire.Varint): to.sint64(6, from.sint64()); break;
      case tag(7, Wire.Varint): to.bool(7, from.bool()); break;
      case tag(8, Wire.Fixed32): to.fixed32(8, from.fixed32()); break;
      case tag(9, Wire.Fixed64): to.fixed64(9, from.fixed64()); break;
      case tag(10, Wire.Fixed32): to.float(10, from.float()); break;
      case tag(11, Wire.Fixed64): to.double(11, from.double()); break;
      case tag(12, Wire.Bytes): to.string(12, from.string()); break;
      case tag(13, Wire.Bytes): to.bytes(13, from.bytes()); break;
      case tag(14, Wire.Bytes): {
        const inner = copy(from.bytes(), every);
        if (!inner) return null;
        to.message(14, inner);
        break;
      }
    }
  }
  return from.ok ? to : null;
}

function answer(call: Call, copied: ProtoWriter | null): Uint8Array | null {
  return copied ? copied.finish() : call.fail(Code.Internal, "no message");
}

let visits = 0;

new Service("test.Probe")
  .unary("Copy", (call: Call, request: Uint8Array): Uint8Array | null => answer(call, copy(request, false)))
  .unary("CopyEvery", (call: Call, request: Uint8Array): Uint8Array | null => answer(call, copy(request, true)))
  .unary("IsUtf8", (call: Call, request: Uint8Array): Uint8Array | null =>
    utf8(isUtf8(request.dataStart, request.length) ? "yes" : "no"))
  .unary("Nothing", (call: Call, request: Uint8Array): Uint8Array | null => null)
  .unary("Refused", (call: Call, request: Uint8Array): Uint8Array | null => {
    call.addHeader("No Name", "value");
    return request;
  })
  .unary("Abort", (call: Call, request: Uint8Array): Uint8Array | null => { throw new Error("on purpose"); })
  .unary("Visits", (call: Call, request: Uint8Array): Uint8Array | null => utf8(`${++visits}`))
  .clientStream("Join", (call: Call): Uint8Array | null => {
    let joined = "";
    for (let message = call.receive(); message; message = call.receive()) joined += textOf(message);
    return utf8(joined);
  })
  .bidiStream("Answer", (call: Call): void => {
    const key = call.metadata("x-key");
    call.addTrailer("x-key", key ? key : "none");
    for (let message = call.receive(); message; message = call.receive()) {
      if (!call.send(utf8("you said " + textOf(message)))) break;
    }
    call.log(Level.Info, call.cancelled ? "cancelled" : "all answered");
  });
