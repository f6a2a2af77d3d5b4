import * as abi from "./abi";
import { Call } from "./call";
import { Begin, EventMethod, Kind, declarePlacement } from "./events";
import { BIDI_STREAM, CLIENT_STREAM, Method, SERVER_STREAM, UNARY, methods } from "./methods";
import { Level } from "./status";
import { utf8 } from "./utf8";

/** Answers one message by one, or ends the call: `return call.fail(...)`. */
export type Unary = (call: Call, request: Uint8Array) => Uint8Array | null;
/** Takes messages by `call.receive()`, and answers them by one. */
export type ClientStream = (call: Call) => Uint8Array | null;
/** Answers one message by many, by `call.send()`. */
export type ServerStream = (call: Call, request: Uint8Array) => void;
/** Takes and sends messages in any order. */
export type BidiStream = (call: Call) => void;

class UnaryMethod extends Method {
  constructor(path: string, private handler: Unary) { super(path, UNARY); }
  serve(call: Call): void {
    const request = call.receive();
    if (request) call.reply(this.handler(call, request));
  }
}

class ClientStreamMethod extends Method {
  constructor(path: string, private handler: ClientStream) { super(path, CLIENT_STREAM); }
  serve(call: Call): void { call.reply(this.handler(call)); }
}

class ServerStreamMethod extends Method {
  constructor(path: string, private handler: ServerStream) { super(path, SERVER_STREAM); }
  serve(call: Call): void {
    const request = call.receive();
    if (request) this.handler(call, request);
  }
}

class BidiStreamMethod extends Method {
  constructor(path: string, private handler: BidiStream) { super(path, BIDI_STREAM); }
  serve(call: Call): void { this.handler(call); }
}

/** A service of this module. Declare it, and its methods, at the top level of the entry file: the same every time. */
export class Service {
  /** `name` is package.Service, as in the .proto. */
  constructor(public readonly name: string) {}

  unary(name: string, handler: Unary): Service { return this.add(new UnaryMethod(this.path(name), handler)); }
  clientStream(name: string, handler: ClientStream): Service {
    return this.add(new ClientStreamMethod(this.path(name), handler));
  }
  serverStream(name: string, handler: ServerStream): Service {
    return this.add(new ServerStreamMethod(this.path(name), handler));
  }
  bidiStream(name: string, handler: BidiStream): Service {
    return this.add(new BidiStreamMethod(this.path(name), handler));
  }
  /** A method in event style: calls share their instance. The entry file exports `wasm_grpc_event` then. */
  events(name: string, kind: Kind, begin: Begin): Service {
    return this.add(new EventMethod(this.path(name), kind, begin));
  }

  /** Whether the service is fit to serve, for health checks. It is at first. In a call; false before. */
  setServing(serving: bool): bool {
    const name = utf8(this.name);
    return abi.health_set(name.dataStart, name.length, serving as i32) == 0;
  }

  private path(method: string): string { return "/" + this.name + "/" + method; }

  private add(method: Method): Service {
    methods.push(method);
    return this;
  }
}

/** Writes a line to the host's log. Of a call `Call.log` tells more. */
export function log(level: Level, text: string): void {
  const bytes = utf8(text);
  abi.log(level, bytes.dataStart, bytes.length);
}

/** For the host: declares the methods. To be exported by the entry file. */
export function wasm_grpc_start(): void {
  for (let tag = 0; tag < methods.length; ++tag) {
    const path = utf8(methods[tag].path);
    abi.method(path.dataStart, path.length, methods[tag].kind, methods[tag].inEvents as i32, tag);
  }
  declarePlacement();
}

/** For the host: serves a call to its end. To be exported by the entry file. */
export function wasm_grpc_call(id: i32, tag: i32): i32 {
  const call = new Call(id);
  methods[tag].serve(call);
  return call.end();
}
