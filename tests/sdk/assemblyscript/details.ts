// What the tests ask of the details of statuses.
import {
  BadRequest, Call, Code, DebugInfo, Detail, ErrorInfo, Help, LocalizedMessage, PreconditionFailure, ProtoWriter, QuotaFailure,
  RequestInfo, ResourceInfo, RetryInfo, Service, textOf, utf8,
} from "wasm-grpc-guest";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

class Own extends Detail {
  constructor(private count: u32) { super("test.Own"); }
  write(to: ProtoWriter): void { to.uint32(1, this.count); }
}

new Service("test.Details")
  .unary("Book", (call: Call, request: Uint8Array): Uint8Array | null => {
    if (textOf(request) == "yesterday") {
      return call.failWithDetails(Code.InvalidArgument, "no such date", [
        new BadRequest().violation("date", "is in the past"),
        new RetryInfo(1_000_000_000),
      ]);
    }
    return utf8("booked");
  })
  .unary("Own", (call: Call, request: Uint8Array): Uint8Array | null =>
    call.failWithDetails(Code.Aborted, "", [new Own(7)]))
  .unary("Every", (call: Call, request: Uint8Array): Uint8Array | null =>
    call.failWithDetails(Code.InvalidArgument, "no such date", [
      new ErrorInfo("PAST", "api.test").metadata("day", "Monday").metadata("year", "2026"),
      new RetryInfo(1_500_000_000),
      new DebugInfo("größer", ["main", ""]),
      new QuotaFailure().violation("user:ada", "of today"),
      new PreconditionFailure().violation("TOS", "api.test", "not accepted").violation("AGE"),
      new BadRequest().violation("date", "is in the past", "PAST").violation("time", "is missing"),
      new RequestInfo("r-7", "s"),
      new ResourceInfo("book", "b-1", "ada", "is lent"),
      new Help().link("dates", "https://api.test/dates"),
      new LocalizedMessage("de", "kein solcher Tag"),
    ]))
  .unary("Long", (call: Call, request: Uint8Array): Uint8Array | null =>
    call.failWithDetails(Code.Internal, "long", [new DebugInfo("x".repeat(I32.parseInt(textOf(request))))]));
