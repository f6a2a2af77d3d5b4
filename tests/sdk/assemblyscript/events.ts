// What the unit tests ask of event style and of HTTP.
import { Call, CallEvents, Code, HttpRequest, HttpResponse, Kind, Level, Service, Taken, http, textOf, utf8 } from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_event, wasm_grpc_start } from "wasm-grpc-guest";

class Join extends CallEvents {
  private joined: string = "";

  message(): void {
    let taken = this.take();
    for (; taken == Taken.Message; taken = this.take()) this.joined += textOf(this.taken);
    if (taken != Taken.End) return;
    this.give(utf8(this.joined));
    this.finish();
  }
  halfClose(): void { this.message(); }
}

class Tick extends CallEvents {
  private left: i32 = 0;
  private ticks: i32 = 0;

  open(): void {
    if (this.take() == Taken.Message) this.left = I32.parseInt(textOf(this.taken));
    this.setTimer(1_000_000_000);
  }
  timer(): void {
    this.give(utf8("tick"));
    ++this.ticks;
    if (--this.left == 0) this.call.fail(Code.OutOfRange, "that was all");
    else this.setTimer(1_000_000_000);
  }
  cancelled(): void { this.call.log(Level.Info, `cancelled after ${this.ticks}`); }
}

new Service("test.Events")
  .events("Join", Kind.ClientStream, (call: Call): CallEvents => new Join(call))
  .events("Tick", Kind.ServerStream, (call: Call): CallEvents => new Tick(call));

http("/pages", (request: HttpRequest, response: HttpResponse): void => {
  if (request.path == "/pages/none") {
    response.fail(Code.NotFound, "no such page");
    return;
  }
  if (request.path == "/pages/bad") {
    response.setStatus(99);
    return;
  }
  const agent = request.header("user-agent");
  const body = request.readAll(100);
  const told = `${request.method} ${request.path} ${request.query} ${agent ? agent : ""}: ${body ? textOf(body) : ""}`;
  response.reply(201, "text/plain", utf8(told));
});
