// Calls a guest in Node.js, without a server: an instance of its module over a host in memory, which has all that the
// client sends from the beginning, one call at a time. For tests:
//
//   import { load } from "wasm-grpc-guest/testing";
//   const guest = await load("build/hello.wasm");
//   const answer = guest.call("/hello.Hello/Say", ["hi"]);
//   assert.equal(answer.code, 0);
import { readFile } from "node:fs/promises";

const END = -1, CANCELLED = -3, ABSENT = -4, CLOSED = -5, INVALID = -6;
const KINDS = ["unary", "client streaming", "server streaming", "bidirectional streaming", "HTTP"];
const HTTP = 4;
const OPEN = 0, MESSAGE = 1, HALF_CLOSE = 2, TIMER = 4, CANCELLED_EVENT = 5;
const MOST_METADATA = 16 << 10; // bytes of response metadata that a call may have, keys and values
const NO_DEADLINE = 2n ** 63n - 1n;
const decoder = new TextDecoder();
const encoder = new TextEncoder();
const bytesOf = (value) => (typeof value === "string" ? encoder.encode(value) : new Uint8Array(value));

/** What a client of a call sees. */
class Answer {
  /** @type {Uint8Array[]} */ messages = [];
  /** @type {[string, Uint8Array][]} In the order added; values of keys in `-bin` are raw. */ headers = [];
  /** @type {[string, Uint8Array][]} */ trailers = [];
  /** The status code, 0 to 16, and its text. */
  code = 0;
  text = "";
  /** Of HTTP, whose body `messages` are: the status that was set. */
  status = 200;
}

class Guest {
  #exports;
  #methods = new Map();
  #starting = true;
  #call = null;
  #nextId = 1;
  /** Lines of the log: { level, text }. */
  log = [];

  async start(file) {
    const module = await WebAssembly.compile(await readFile(file));
    const imports = {};
    for (const { module: from, name } of WebAssembly.Module.imports(module)) {
      imports[from] ??= {};
      imports[from][name] = this.#function(from, name);
    }
    const instance = await WebAssembly.instantiate(module, imports);
    this.#exports = instance.exports;
    this.#exports._initialize?.();
    this.#exports.wasm_grpc_start();
    this.#starting = false;
  }

  /** The methods that the module declares: path to kind, "unary" and so on. */
  get methods() {
    return new Map([...this.#methods].map(([path, method]) => [path, KINDS[method.kind]]));
  }

  /**
   * Serves one call in this instance.
   *
   * @param {string} path `/package.Service/Method`
   * @param {(string | Uint8Array)[]} requests the client's messages
   * @param {object} [options]
   * @param {[string, string | Uint8Array][]} [options.metadata]
   * @param {bigint} [options.timeLeft] until the deadline, in nanoseconds
   * @param {number} [options.cancelAfter] the client leaves when it has received so many messages
   * @returns {Answer}
   */
  call(path, requests = [""], { metadata = [], timeLeft = NO_DEADLINE, cancelAfter = Infinity } = {}) {
    const method = this.#methods.get(path);
    if (!method) throw new Error(`the module has no method ${path}; it has ${[...this.#methods.keys()].join(", ")}`);
    const many = method.kind === 1 || method.kind === 3;
    if (!many && requests.length !== 1) throw new Error(`${path} takes exactly one request, not ${requests.length}`);
    return this.#serve(method, path, requests, { metadata, timeLeft, cancelAfter });
  }

  /**
   * Asks by HTTP. `target` is `/path?query`; the other parameters are as those of `call`, with the pieces of the body for
   * requests.
   *
   * @returns {Answer}
   */
  http(method, target, requests = [], { metadata = [], cancelAfter = Infinity } = {}) {
    const path = target.split("?")[0];
    const fits = ([prefix, { kind }]) => kind === HTTP && (prefix === "/" || path === prefix || path.startsWith(`${prefix}/`));
    const served = [...this.#methods].filter(fits).sort(([a], [b]) => b.length - a.length)[0];
    if (!served) throw new Error(`nothing of the module serves ${target} by HTTP`);
    return this.#serve(served[1], target, requests, { metadata, timeLeft: NO_DEADLINE, cancelAfter, httpMethod: method });
  }

  #serve(method, path, requests, { metadata, timeLeft, cancelAfter, httpMethod }) {
    const call = {
      id: this.#nextId++, path, kind: method.kind, requests: requests.map(bytesOf), timeLeft, cancelAfter,
      metadata: metadata.map(([key, value]) => [key, bytesOf(value)]),
      answer: new Answer(), finished: false, headersSent: false, timer: false, httpMethod,
    };
    this.#call = call;
    let code = 0;
    if (method.inEvents) this.#tellEvents(call, method);
    else code = this.#exports.wasm_grpc_call(call.id, method.tag);
    this.#call = null;
    if (!call.finished) call.answer.code = code >= 0 && code <= 16 ? code : 2;
    if (method.kind < 2 && call.answer.code === 0 && call.answer.messages.length !== 1) {
      call.answer.code = 13;
      call.answer.text = "the guest sent no response message";
    }
    return call.answer;
  }

  /** In event style, where all that the client sends has come at once, and times come at once. */
  #tellEvents(call, method) {
    const tell = (event, value = 0) => {
      if (!call.finished) this.#exports.wasm_grpc_event(call.id, event, value);
    };
    tell(OPEN, method.tag);
    if (method.kind !== 0 && method.kind !== 2) {
      if (call.requests.length > 0) tell(MESSAGE);
      tell(HALF_CLOSE);
    }
    while (call.timer && !call.finished && !this.#cancelled(call)) {
      call.timer = false;
      tell(TIMER);
    }
    if (call.finished) return;
    if (!this.#cancelled(call)) throw new Error(`${call.path}: the call is not finished, and nothing follows that could finish it`);
    tell(CANCELLED_EVENT);
    Object.assign(call, { finished: true });
    Object.assign(call.answer, { code: 1, text: "the client has left" });
  }

  #bytes(at, length) { return new Uint8Array(this.#exports.memory.buffer, at >>> 0, length >>> 0); }
  #text(at, length) { return decoder.decode(this.#bytes(at, length)); }
  #cancelled(call) { return call.answer.messages.length >= call.cancelAfter; }

  /** Writes as much as the ABI says: nothing when there is too little room. */
  #give(value, at, capacity) {
    if (value.length <= capacity >>> 0) this.#bytes(at, value.length).set(value);
    return value.length;
  }

  #list(pairs) {
    const parts = pairs.flatMap(([key, value]) => {
      const name = encoder.encode(key);
      return [new Uint8Array(new Uint32Array([name.length, value.length]).buffer), name, value];
    });
    return new Uint8Array(Buffer.concat(parts));
  }

  #function(from, name) {
    if (from === "env" && name === "abort") {
      return (message, file, line, column) => {
        throw new Error(`abort: ${this.#managedText(message)} in ${this.#managedText(file)}(${line}:${column})`);
      };
    }
    if (!from.startsWith("wasm_grpc_1")) {
      return () => { throw new Error(`the host in memory does not have ${from}.${name}`); };
    }
    const does = this.#abi[name];
    if (!does) return () => { throw new Error(`the host in memory does not have ${name}`); };
    return does;
  }

  /** A string of AssemblyScript: UTF-16, its length before it. */
  #managedText(at) {
    if (at === 0) return "";
    const memory = this.#exports.memory.buffer;
    const size = new DataView(memory).getUint32(at - 4, true);
    return new TextDecoder("utf-16le").decode(new Uint8Array(memory, at, size));
  }

  #live(id) { return this.#call?.id === id ? this.#call : null; }

  #abi = {
    method: (at, length, kind, style, tag) => {
      const path = this.#text(at, length);
      if (!this.#starting || this.#methods.has(path) || !KINDS[kind] || (style !== 0 && style !== 1)) {
        throw new Error(`the method ${path} is refused: declared twice, too late, or of a kind or style that is none`);
      }
      this.#methods.set(path, { kind, tag, inEvents: style === 1 });
      return 0;
    },
    placement: (where) => (this.#starting && where >= 0 && where <= 2 ? 0 : INVALID),
    timer: (id, timeout) => {
      const call = this.#live(id);
      if (!call) return CLOSED;
      call.timer = timeout >= 0n;
      return 0;
    },
    http_status: (id, status) => {
      const call = this.#live(id);
      if (!call) return CLOSED;
      if (call.kind !== HTTP || call.headersSent || status < 200 || status > 599) return INVALID;
      call.answer.status = status;
      return 0;
    },
    health_set: () => 0,
    recv: (id, at, capacity) => {
      const call = this.#live(id);
      if (!call) return CLOSED;
      if (this.#cancelled(call)) return CANCELLED;
      if (call.requests.length === 0) return END;
      const length = this.#give(call.requests[0], at, capacity);
      if (length <= capacity >>> 0) call.requests.shift();
      return length;
    },
    send: (id, at, length) => {
      const call = this.#live(id);
      if (!call || call.finished) return CLOSED;
      if (this.#cancelled(call)) return CANCELLED;
      if (call.kind < 2 && call.answer.messages.length > 0) return INVALID;
      call.headersSent = true;
      call.answer.messages.push(this.#bytes(at, length).slice());
      return 0;
    },
    compress: (id) => (this.#live(id) ? 0 : CLOSED),
    // Time does not pass here.
    wait: (id, interests) => {
      const call = this.#live(id);
      return !call ? CLOSED : this.#cancelled(call) ? CANCELLED : interests;
    },
    finish: (id, code, at, length) => {
      const call = this.#live(id);
      if (!call || call.finished) return CLOSED;
      if (code < 0 || code > 16) return INVALID;
      Object.assign(call, { finished: true });
      Object.assign(call.answer, { code, text: code === 0 ? "" : this.#text(at, length) });
      return 0;
    },
    metadata_get: (id, key, keyLength, index, at, capacity) => {
      const call = this.#live(id);
      if (!call) return CLOSED;
      if (index < 0) return INVALID;
      const name = this.#text(key, keyLength);
      const value = call.metadata.filter(([other]) => other === name)[index];
      return value ? this.#give(value[1], at, capacity) : ABSENT;
    },
    metadata_list: (id, at, capacity) => {
      const call = this.#live(id);
      return call ? this.#give(this.#list(call.metadata), at, capacity) : CLOSED;
    },
    metadata_add: (id, where, key, keyLength, at, length) => {
      const call = this.#live(id);
      if (!call || call.finished) return CLOSED;
      const name = this.#text(key, keyLength);
      if (!/^[0-9a-z_.-]+$/.test(name) || (where === 0 && call.headersSent)) return INVALID;
      const all = [...call.answer.headers, ...call.answer.trailers];
      const size = all.reduce((sum, [key, value]) => sum + key.length + value.length, name.length + length);
      if (size > MOST_METADATA || (name.startsWith("grpc-") && all.some(([key]) => key === name))) return INVALID;
      (where === 0 ? call.answer.headers : call.answer.trailers).push([name, this.#bytes(at, length).slice()]);
      return 0;
    },
    headers_send: (id) => {
      const call = this.#live(id);
      if (!call) return CLOSED;
      call.headersSent = true;
      return 0;
    },
    info: (id, what, at, capacity) => {
      const call = this.#live(id);
      if (!call) return CLOSED;
      const told = { 0: call.path, 1: "memory", 2: "memory:1", 4: "identity", 5: call.httpMethod }[what];
      return told === undefined ? ABSENT : this.#give(encoder.encode(told), at, capacity);
    },
    deadline: (id) => (this.#live(id) ? this.#call.timeLeft : BigInt(CLOSED)),
    log: (level, at, length) => { this.log.push({ level, text: this.#text(at, length) }); },
    log_call: (id, level, at, length) => {
      if (!this.#live(id)) return CLOSED;
      this.log.push({ level, text: this.#text(at, length) });
      return 0;
    },
  };
}

/** An instance of the module in `file`. Throws when it does not start, and when a call traps. */
export async function load(file) {
  const guest = new Guest();
  await guest.start(file);
  return guest;
}
