// test.Guest (../conformance.proto) in AssemblyScript: what ../conformance.cc does, for the same end-to-end tests.
import {
  Call, Code, Info, Level, Limit, ProtoReader, ProtoWriter, Service, Wire, log, tag, textOf, utf8,
} from "wasm-grpc-guest";
import { STDERR, STDOUT, exit, nanosleep, print } from "./wasi";
export { wasm_grpc_call, wasm_grpc_start } from "wasm-grpc-guest";

const NOTHING = new Uint8Array(0);

/** All request messages at once: no field number has two meanings of one type. */
class Request {
  number: u32 = 0; // 1: code, milliseconds, number
  text: Uint8Array = NOTHING; // 1: text; 2: message. Whatever it is: what the host makes of it is tested
  flag: bool = false; // 2: by_wait, compress
  messages: u32 = 0; // 3
  details: Uint8Array = NOTHING; // 4

  /** Null when it is malformed, and then the call has its status. */
  static decode(call: Call, bytes: Uint8Array): Request | null {
    const request = new Request();
    const reader = new ProtoReader(bytes);
    while (reader.next()) {
      switch (reader.tag) {
        case tag(1, Wire.Varint): request.number = reader.uint32(); break;
        case tag(2, Wire.Varint): request.flag = reader.bool(); break;
        case tag(3, Wire.Varint): request.messages = reader.uint32(); break;
        case tag(4, Wire.Bytes): request.details = reader.bytes(); break;
        case tag(1, Wire.Bytes):
        case tag(2, Wire.Bytes): request.text = reader.bytes(); break;
      }
    }
    if (reader.ok) return request;
    call.fail(Code.InvalidArgument, "the request is not the message of this method");
    return null;
  }
}

function numberReply(number: u64): Uint8Array {
  return new ProtoWriter().uint64(1, number).finish();
}

function echoMetadata(call: Call, bytes: Uint8Array): Uint8Array | null {
  const reply = new ProtoWriter();
  let refused = 0;
  const all = call.allMetadata();
  for (let i = 0; i < all.length; ++i) {
    reply.message(1, new ProtoWriter().string(1, all[i].key).bytes(2, all[i].value));
    if (!call.addHeaderBytes(all[i].key, all[i].value)) ++refused;
    if (!call.addTrailerBytes(all[i].key, all[i].value)) ++refused;
  }
  return reply.uint32(2, refused).finish();
}

function fail(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  if (!request) return null;
  call.failBytes(request.number, request.text, request.details);
  return NOTHING;
}

function failStream(call: Call, bytes: Uint8Array): void {
  const request = Request.decode(call, bytes);
  if (!request) return;
  for (let i: u32 = 0; i < request.messages; ++i) if (!call.send(NOTHING)) return;
  call.failBytes(request.number, request.text, request.details);
}

function rest(call: Call, request: Request): bool {
  const nanoseconds = (request.number as i64) * 1_000_000;
  return request.flag ? call.sleep(nanoseconds) : nanosleep(nanoseconds);
}

function sleep(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  if (!request) return null;
  if (!rest(call, request)) return call.fail(Code.Cancelled, "the sleep was cut short");
  return NOTHING;
}

function earlyHeaders(call: Call, bytes: Uint8Array): void {
  const request = Request.decode(call, bytes);
  if (!request) return;
  if (!call.addHeader("x-early", "yes") || !call.sendHeaders()) {
    call.fail(Code.Internal, "no headers");
  } else if (rest(call, request)) {
    call.send(NOTHING);
  }
}

function say(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  if (!request) return null;
  const text = textOf(request.text);
  print(STDOUT, utf8("out: " + text));
  print(STDERR, utf8("err: " + text));
  log(Level.Warn, "log: " + text);
  return NOTHING;
}

let turns: u32 = 0;

function spin(call: Call, bytes: Uint8Array): Uint8Array | null {
  while (turns != u32.MAX_VALUE) turns = turns / 2 + 1;
  return NOTHING;
}

/** A linear congruential generator, as many thousand steps on. */
function compute(thousands: u32): u32 {
  let state: u32 = 1;
  for (let i: u32 = 0; i < thousands; ++i) {
    for (let round = 0; round < 1000; ++round) state = state * 1664525 + 1013904223;
  }
  return state;
}

function burn(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  return request ? numberReply(compute(request.number)) : null;
}

function burnEach(call: Call): void {
  for (let bytes = call.receive(); bytes; bytes = call.receive()) {
    const request = Request.decode(call, bytes);
    if (!request || !call.send(numberReply(compute(request.number)))) return;
  }
}

function trap(call: Call, bytes: Uint8Array): Uint8Array | null {
  unreachable();
  return null;
}

function deeper(above: u32): u32 {
  turns += above;
  return deeper(turns) + turns;
}

function overflow(call: Call, bytes: Uint8Array): Uint8Array | null {
  return numberReply(deeper(1));
}

function leave(call: Call, bytes: Uint8Array): Uint8Array | null {
  exit(3);
  return null;
}

const kept: Uint8Array[] = [];

function grow(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  if (!request) return null;
  // What cannot be had aborts a guest in AssemblyScript, so the host's limit is asked first.
  const more: u64 = (request.number as u64) << 20;
  if (((kept.length as u64) << 20) + more + (1 << 20) > call.limit(Limit.Memory)) {
    return call.fail(Code.ResourceExhausted, "there is no more memory");
  }
  for (let i: u32 = 0; i < request.number; ++i) kept.push(new Uint8Array(1 << 20).fill(0x5a));
  return numberReply(kept.length);
}

let asked: u64 = 0;

function count(call: Call, bytes: Uint8Array): Uint8Array | null {
  return numberReply(++asked);
}

function deadline(call: Call, bytes: Uint8Array): Uint8Array | null {
  const left = call.timeLeft;
  const isSet = left != i64.MAX_VALUE;
  return new ProtoWriter().bool(1, isSet).int64(2, isSet ? left : 0).finish();
}

function info(call: Call, bytes: Uint8Array): Uint8Array | null {
  const reply = new ProtoWriter().string(1, call.path).string(2, call.authority).string(3, call.peer);
  const peer = call.info(Info.TlsPeer);
  if (peer) reply.string(4, peer);
  const names = call.info(Info.TlsNames);
  if (names) {
    const lines = names.split("\n");
    for (let i = 0; i < lines.length; ++i) reply.always().string(5, lines[i]);
  }
  const subject = call.info(Info.TokenSubject);
  if (subject) reply.string(6, subject);
  const claims = call.info(Info.TokenClaims);
  if (claims) reply.string(7, claims);
  return reply.finish();
}

function recurse(depth: u32): u32 {
  if (depth == 0) return 0;
  ++turns; // so that it does not become a loop
  return recurse(depth - 1) + 1;
}

function recurseAsAsked(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  return request ? numberReply(recurse(request.number)) : null;
}

function contentSubtype(call: Call, bytes: Uint8Array): Uint8Array | null {
  const subtype = call.info(Info.ContentSubtype);
  return subtype ? utf8(subtype) : NOTHING;
}

function waitCancel(call: Call): void {
  if (call.send(NOTHING)) call.sleep(-1);
  log(Level.Info, "WaitCancel: cancelled");
}

function pollCancel(call: Call): void {
  if (call.send(NOTHING)) {
    while (turns % 10_000 != 0 || !call.cancelled) ++turns;
  }
  log(Level.Info, "PollCancel: cancelled");
}

function flood(call: Call, bytes: Uint8Array): void {
  const request = Request.decode(call, bytes);
  if (!request) return;
  const message = new ProtoWriter().bytes(1, new Uint8Array(request.number).fill(0x78)).finish();
  let sent = 0;
  while (call.send(message)) ++sent;
  log(Level.Info, `Flood: sent ${sent}`);
}

function sink(call: Call): Uint8Array | null {
  const pause = call.metadata("x-pause-ms");
  if (pause && !call.sleep(I64.parseInt(pause) * 1_000_000)) return null;
  let messages: u64 = 0;
  let bytes: u64 = 0;
  for (let message = call.receive(); message; message = call.receive()) {
    ++messages;
    bytes += message.length;
  }
  return new ProtoWriter().uint64(1, messages).uint64(2, bytes).finish();
}

function recompressed(call: Call, request: Request): Uint8Array {
  const done = call.compress(request.flag) == request.flag;
  const encoding = call.info(Info.MessageEncoding);
  return new ProtoWriter().bytes(1, request.text).string(2, encoding ? encoding : "none").bool(3, done).finish();
}

function compress(call: Call, bytes: Uint8Array): Uint8Array | null {
  const request = Request.decode(call, bytes);
  return request ? recompressed(call, request) : null;
}

function compressEach(call: Call): void {
  if (call.metadata("x-announce")) {
    call.compress(true);
    call.compress(false);
  }
  for (let bytes = call.receive(); bytes; bytes = call.receive()) {
    const request = Request.decode(call, bytes);
    if (!request || !call.send(recompressed(call, request))) return;
  }
}

new Service("test.Guest")
  .unary("EchoMetadata", echoMetadata)
  .unary("Fail", fail)
  .serverStream("FailStream", failStream)
  .unary("Sleep", sleep)
  .serverStream("EarlyHeaders", earlyHeaders)
  .unary("Print", say)
  .unary("Spin", spin)
  .unary("Burn", burn)
  .bidiStream("BurnEach", burnEach)
  .unary("Trap", trap)
  .unary("Overflow", overflow)
  .unary("Recurse", recurseAsAsked)
  .unary("Exit", leave)
  .unary("Grow", grow)
  .unary("Count", count)
  .unary("Deadline", deadline)
  .unary("Info", info)
  .unary("ContentSubtype", contentSubtype)
  .bidiStream("WaitCancel", waitCancel)
  .bidiStream("PollCancel", pollCancel)
  .serverStream("Flood", flood)
  .clientStream("Sink", sink)
  .unary("Compress", compress)
  .bidiStream("CompressEach", compressEach);
