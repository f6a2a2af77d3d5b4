// Requests that are not gRPC: docs/http.md.
import * as abi from "./abi";
import { Call } from "./call";
import { HTTP, Method, methods } from "./methods";
import { Code, Info, Level } from "./status";
import { utf8 } from "./utf8";

/** Answers a request: `response.reply(200, "text/plain", utf8("hello"))`. */
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

// The most that is given to the host at once, so that a client that reads slowly holds the rest up here.
const LARGEST_PIECE = 65536;

/** A request, whose body comes in pieces. */
export class HttpRequest {
  constructor(public readonly call: Call) {}

  /** `GET`, `POST` and so on. */
  get method(): string { return this.told(Info.HttpMethod); }
  /** `/path?query`, as the client sent it. */
  get target(): string { return this.told(Info.Path); }
  /** What of the target is before the question mark; nothing of it is decoded. */
  get path(): string {
    const target = this.target;
    const end = target.indexOf("?");
    return end < 0 ? target : target.substring(0, end);
  }
  /** What is behind it; empty where there is none. */
  get query(): string {
    const target = this.target;
    const end = target.indexOf("?");
    return end < 0 ? "" : target.substring(end + 1);
  }
  /** The first field of this name, in lower case; null without one. */
  header(name: string): string | null { return this.call.metadata(name); }

  /** What comes of the body next, 16 KiB at most; null after its end, and when the client has left. */
  read(): Uint8Array | null { return this.call.receive(); }

  /** The whole body; null when it is more than `most` bytes. */
  readAll(most: i32): Uint8Array | null {
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (let piece = this.read(); piece; piece = this.read()) {
      pieces.push(piece);
      size += piece.length;
      if (size > most) return null;
    }
    const body = new Uint8Array(size);
    for (let i = 0, at = 0; i < pieces.length; ++i) {
      body.set(pieces[i], at);
      at += pieces[i].length;
    }
    return body;
  }

  private told(what: Info): string {
    const text = this.call.info(what);
    return text ? text : "";
  }
}

/** The answer: its status is 200 unless another is given. */
export class HttpResponse {
  constructor(public readonly call: Call) {}

  /** 200 to 599, before anything is written. False, and a warning in the log, when it was refused. */
  setStatus(status: i32): bool {
    const set = abi.http_status(this.call.id, status);
    if (set == 0 || set == abi.CANCELLED) return set == 0;
    this.call.log(Level.Warn, `the HTTP status ${status} was refused: too late, or not 200 to 599`);
    return false;
  }

  /** Adds a header field, before anything is written. Those that frame the body, such as content-length, are refused. */
  addHeader(name: string, value: string): bool { return this.call.addHeader(name, value); }

  /** Sends a piece of the body, of any size. Waits while the client is slow; false when it has left: return then. */
  write(body: Uint8Array): bool {
    for (let at = 0; at < body.length; at += LARGEST_PIECE) {
      if (!this.call.send(body.subarray(at, at + LARGEST_PIECE))) return false;
    }
    return true;
  }

  /** Answers all at once. */
  reply(status: i32, contentType: string, body: Uint8Array): void {
    this.setStatus(status);
    this.addHeader("content-type", contentType);
    this.write(body);
  }

  /**
   * Ends by an error, when the handler returns: before anything is written it is answered by the HTTP status that fits its
   * code, with the text; later it breaks the answer off.
   */
  fail(code: Code, text: string): void { this.call.failBytes(code, utf8(text)); }
}

class HttpMethod extends Method {
  constructor(prefix: string, private handler: HttpHandler) { super(prefix, HTTP); }
  serve(call: Call): void { this.handler(new HttpRequest(call), new HttpResponse(call)); }
}

/**
 * Serves requests that are not gRPC, at a path and below it: "/" gets every request, "/files" gets /files and /files/a. The
 * longest prefix that fits serves a request. At the top level of the entry file.
 */
export function http(prefix: string, handler: HttpHandler): void { methods.push(new HttpMethod(prefix, handler)); }
