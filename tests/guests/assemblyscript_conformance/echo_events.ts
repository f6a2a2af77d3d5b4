// echo.Echo (examples/echo/echo.proto) in AssemblyScript and in event style, for the end-to-end tests of large messages and of
// flow control: one instance serves all calls of a worker.
import {
  Call, CallEvents, Code, Given, Kind, Level, ProtoReader, ProtoWriter, Service, Taken, Wire, log, tag,
} from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_event, wasm_grpc_start } from "wasm-grpc-guest";

/** A Message or a Repeat. */
class Payload {
  count: u32 = 0;
  bytes: Uint8Array = new Uint8Array(0);
  ok: bool = false;

  constructor(message: Uint8Array, field: u32) {
    const reader = new ProtoReader(message);
    while (reader.next()) {
      if (reader.tag == tag(field, Wire.Bytes)) this.bytes = reader.bytes();
      else if (reader.tag == tag(1, Wire.Varint)) this.count = reader.uint32();
    }
    this.ok = reader.ok;
  }
}

class Unary extends CallEvents {
  open(): void {
    if (this.take() == Taken.Message) this.give(this.taken);
    this.finish();
  }
}

/** One message whose payload is those of all requests. */
class ClientStream extends CallEvents {
  private payloads: Uint8Array[] = [];
  private size: i32 = 0;

  message(): void {
    let taken = this.take();
    for (; taken == Taken.Message; taken = this.take()) {
      const payload = new Payload(this.taken, 1);
      if (!payload.ok) {
        this.call.fail(Code.Internal, "a request is not an echo.Message");
        return;
      }
      this.payloads.push(payload.bytes);
      this.size += payload.bytes.length;
    }
    if (taken == Taken.End) this.answer();
  }
  halfClose(): void { this.message(); }

  private answer(): void {
    const joined = new Uint8Array(this.size);
    for (let i = 0, at = 0; i < this.payloads.length; ++i) {
      joined.set(this.payloads[i], at);
      at += this.payloads[i].length;
    }
    this.give(new ProtoWriter().bytes(1, joined).finish());
    this.finish();
  }
}

/** The payload, `count` times. */
class ServerStream extends CallEvents {
  private left: u32 = 0;
  private bytes: Uint8Array = new Uint8Array(0);

  open(): void {
    if (this.take() != Taken.Message) return;
    const repeat = new Payload(this.taken, 2);
    if (!repeat.ok) {
      this.call.fail(Code.Internal, "the request is not an echo.Repeat");
      return;
    }
    this.left = repeat.count;
    this.bytes = new ProtoWriter().bytes(1, repeat.bytes).finish();
    this.writable();
  }
  writable(): void {
    for (; this.left > 0; --this.left) if (this.give(this.bytes) != Given.Sent) return;
    this.finish();
  }
}

/** Every request as it comes. Of a client that does not read no further message is taken. */
class BidiStream extends CallEvents {
  private waiting: Uint8Array | null = null;

  message(): void {
    const earlier = this.waiting;
    if (earlier && this.give(earlier) != Given.Sent) return;
    this.waiting = null;
    let taken = this.take();
    for (; taken == Taken.Message; taken = this.take()) {
      if (this.give(this.taken) != Given.Sent) {
        this.waiting = this.taken;
        return;
      }
    }
    if (taken == Taken.End) this.finish();
  }
  writable(): void { this.message(); }
  halfClose(): void { this.message(); }
}

const TICK: i64 = 10_000_000;

/** Three messages, a hundredth of a second apart; an empty request asks for more than a client waits for. */
class Tick extends CallEvents {
  private left: u32 = 3;

  open(): void {
    if (this.take() == Taken.Message && this.taken.length == 0) this.left = u32.MAX_VALUE;
    this.setTimer(TICK);
  }
  timer(): void {
    this.give(Uint8Array.wrap(String.UTF8.encode("tick")));
    if (--this.left == 0) this.call.fail(Code.OutOfRange, "that was all");
    else this.setTimer(TICK);
  }
  cancelled(): void { log(Level.Info, "Tick: cancelled"); }
}

new Service("test.Events").events("Tick", Kind.ServerStream, (call: Call): CallEvents => new Tick(call));
new Service("echo.Echo")
  .events("Unary", Kind.Unary, (call: Call): CallEvents => new Unary(call))
  .events("ClientStream", Kind.ClientStream, (call: Call): CallEvents => new ClientStream(call))
  .events("ServerStream", Kind.ServerStream, (call: Call): CallEvents => new ServerStream(call))
  .events("BidiStream", Kind.BidiStream, (call: Call): CallEvents => new BidiStream(call));
