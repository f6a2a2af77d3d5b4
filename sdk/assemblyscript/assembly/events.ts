// Methods in event style: one instance serves many calls, each of which is an object that is told what happens to it.
import * as abi from "./abi";
import { Call } from "./call";
import { Method, methods } from "./methods";
import { utf8 } from "./utf8";

/** How many messages a method has each way; `Http` is what serves requests that are not gRPC. */
export enum Kind { Unary = 0, ClientStream = 1, ServerStream = 2, BidiStream = 3, Http = 4 }

/** What `take` found. */
export enum Taken {
  /** A message, which is `taken`. */
  Message,
  /** None has come yet. */
  Again,
  /** There are no more. */
  End,
  /** The call has ended for the client. */
  Gone,
}

/** What became of a message that was given. */
export enum Given {
  Sent,
  /** The client does not read fast enough: `writable` follows when there is room again. */
  Again,
  /** The call has ended for the client. */
  Gone,
}

/**
 * A call of a method in event style. Its methods must not wait: `take` and `give` instead of `receive` and `send`. It ends by
 * `finish`, or by `call.fail(...)` before one of its methods returns; then nothing more is told of it.
 */
export abstract class CallEvents {
  /** What `take` has taken. */
  taken: Uint8Array = new Uint8Array(0);
  finished: bool = false;

  constructor(public readonly call: Call) {}

  /** The call has begun; of unary and server-streaming methods the request is there. */
  open(): void {}
  /** Messages have come: `take` until it gives `Again` or `End`. */
  message(): void {}
  /** The client has sent its last message. */
  halfClose(): void {}
  /** There is room again. */
  writable(): void {}
  /** The time of `setTimer` has come. */
  timer(): void {}
  /** The call has ended for the client; nothing follows. */
  cancelled(): void {}

  /** The next message, `taken`, where there is one. */
  take(): Taken {
    const length = this.call.takeNow();
    if (length >= 0) {
      this.taken = this.call.taken;
      return Taken.Message;
    }
    return length == abi.AGAIN ? Taken.Again : length == abi.END ? Taken.End : Taken.Gone;
  }

  /** Sends a message, which is copied. */
  give(message: Uint8Array): Given {
    const sent = abi.send(this.call.id, message.dataStart, message.length);
    return sent == 0 ? Given.Sent : sent == abi.AGAIN ? Given.Again : Given.Gone;
  }

  /** `timer` follows after so many nanoseconds, instead of when it was to before; a negative time takes it back. */
  setTimer(nanoseconds: i64): void { abi.timer(this.call.id, nanoseconds); }

  /** Ends the call well. */
  finish(): void {
    if (!this.finished) abi.finish(this.call.id, 0, 0, 0);
    this.finished = true;
  }
}

/** Makes what serves one call: `(call: Call): CallEvents => new Mine(call)`. */
export type Begin = (call: Call) => CallEvents;

export class EventMethod extends Method {
  constructor(path: string, kind: Kind, private make: Begin) { super(path, kind as i32); }
  begin(call: Call): CallEvents | null { return this.make(call); }
  get inEvents(): bool { return true; }
}

/** Serves requests that are not gRPC in event style, with the pieces of the bodies for messages; see `http`. */
export function httpEvents(prefix: string, begin: Begin): void {
  methods.push(new EventMethod(prefix, Kind.Http, begin));
}

/** Which instance the calls in event style meet. */
export enum Placement {
  /** One for each worker thread; so it is when nothing is said. */
  Worker = 0,
  /** One in the process, which all clients share. */
  Process = 1,
  /** One for each value of a request header. */
  Header = 2,
}

let where = Placement.Worker;
let header = "";

/** Says which instance calls in event style meet, at the top level of the entry file; `key` is the header of `Header`. */
export function place(placement: Placement, key: string = ""): void {
  where = placement;
  header = key;
}

/** For the SDK. */
export function declarePlacement(): void {
  const key = utf8(header);
  if (where != Placement.Worker) abi.placement(where, key.dataStart, key.length);
}

const calls = new Map<i32, CallEvents>();

// As the ABI numbers them.
const OPEN = 0;
const MESSAGE = 1;
const HALF_CLOSE = 2;
const WRITABLE = 3;
const TIMER = 4;
const CANCELLED = 5;

/** For the host: tells of an event. To be exported by the entry file of a module that has methods in event style. */
export function wasm_grpc_event(id: i32, event: i32, value: i32): void {
  if (event == OPEN) {
    const made = methods[value].begin(new Call(id));
    if (made) calls.set(id, made);
  }
  if (!calls.has(id)) return;
  const told = calls.get(id);
  switch (event) {
    case OPEN: told.open(); break;
    case MESSAGE: told.message(); break;
    case HALF_CLOSE: told.halfClose(); break;
    case WRITABLE: told.writable(); break;
    case TIMER: told.timer(); break;
    case CANCELLED: told.cancelled(); break;
  }
  if (event != CANCELLED && !told.finished && told.call.failed) {
    told.call.end();
    told.finished = true;
  }
  if (event == CANCELLED || told.finished) calls.delete(id);
}
