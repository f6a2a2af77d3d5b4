// Calls the program by connect-node, in each protocol it speaks.
import assert from "node:assert/strict";
import diagnostics from "node:diagnostics_channel";
import { after, before, test } from "node:test";
import { create, equals, fromJson, toBinary } from "@bufbuild/protobuf";
import { anyPack, AnySchema, StringValueSchema } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError, createClient, decodeBinaryHeader, encodeBinaryHeader } from "@connectrpc/connect";
import { compressionGzip, createConnectTransport, createGrpcTransport, createGrpcWebTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Guest } from "./gen/conformance_pb.js";
import { MessageSchema, Mirror } from "./gen/described_pb.js";
import { serve } from "./server.js";

const LIMIT = 30_000;
const TEST = { timeout: 60_000 };

let server;
let sessions;

before(async () => {
  server = await serve("described", "conformance");
  sessions = new Http2SessionManager(server.url);
}, { timeout: 2 * LIMIT });

after(async () => {
  sessions?.abort();
  await server?.stop();
}, { timeout: 4 * LIMIT });

const tongues = [];
for (const httpVersion of ["1.1", "2"]) {
  for (const useBinaryFormat of [true, false]) {
    const how = `${useBinaryFormat ? "" : " JSON"} over HTTP/${httpVersion}`;
    tongues.push({ name: `Connect${how}`, create: createConnectTransport, httpVersion, useBinaryFormat });
    tongues.push({ name: `gRPC-Web${how}`, create: createGrpcWebTransport, httpVersion, useBinaryFormat });
  }
}
tongues.push({ name: "gRPC", create: createGrpcTransport, httpVersion: "2", useBinaryFormat: true });
tongues.push({ name: "gRPC JSON", create: createGrpcTransport, httpVersion: "2", useBinaryFormat: false });

function clientOf(service, { create, httpVersion, useBinaryFormat }, options = {}) {
  const transport = create({
    baseUrl: server.url,
    httpVersion,
    useBinaryFormat,
    defaultTimeoutMs: LIMIT,
    ...(httpVersion === "2" ? { sessionManager: sessions } : {}),
    ...options,
  });
  return createClient(service, transport);
}

/** A test of its own for each tongue that fits. */
function inEach(what, fits, run) {
  for (const tongue of tongues.filter(fits)) test(`${what}, by ${tongue.name}`, TEST, () => run(tongue));
}
const every = () => true;
const binary = ({ useBinaryFormat }) => useBinaryFormat;
const overHttp2 = ({ httpVersion }) => httpVersion === "2";

const full = fromJson(MessageSchema, {
  ...{ text: "世界", count: 3, large: "-9007199254740993", data: "AP+A", color: "RED", children: [{ text: "child" }] },
  ...{ numbers: { one: 1 }, time: "2026-11-29T12:00:00.5Z", number: 0.25 },
});
const words = create(MessageSchema, { text: "all work and no play ".repeat(1000), count: 2 });
const messages = [create(MessageSchema, { text: "first" }), create(MessageSchema), full];

function assertSame(got, want) {
  assert.ok(equals(MessageSchema, got, want), `${JSON.stringify(got.text)} is not as it was sent`);
}

async function* each(list) {
  yield* list;
}

async function all(stream) {
  const found = [];
  for await (const message of stream) found.push(message);
  return found;
}

async function failure(promise, code) {
  const error = await promise.then(() => assert.fail("it did not fail"), (reason) => reason);
  assert.ok(error instanceof ConnectError, error);
  assert.equal(Code[error.code], Code[code], error.message);
  return error;
}

inEach("a unary call gives its message back", every, async (tongue) => {
  for (const message of [full, create(MessageSchema)]) assertSame(await clientOf(Mirror, tongue).unary(message), message);
});

inEach("a stream of replies comes to its end", every, async (tongue) => {
  let trailers;
  const replies = await all(clientOf(Mirror, tongue).serverStream(full, { onTrailer: (found) => (trailers = found) }));
  assert.equal(replies.length, 3);
  for (const reply of replies) assertSame(reply, full);
  assert.equal(trailers.get("x-trailer"), "the end");
});

inEach("a stream of requests is answered once", every, async (tongue) => {
  assertSame(await clientOf(Mirror, tongue).clientStream(each(messages)), full);
});

inEach("both streams, one after the other", every, async (tongue) => {
  const replies = await all(clientOf(Mirror, tongue).bidiStream(each(messages)));
  assert.equal(replies.length, messages.length);
  replies.forEach((reply, index) => assertSame(reply, messages[index]));
});

inEach("both streams at once", overHttp2, async (tongue) => {
  let next = () => {};
  async function* requests() {
    for (const message of messages) {
      yield message;
      await new Promise((resolve) => (next = resolve));
    }
  }
  let count = 0;
  for await (const reply of clientOf(Mirror, tongue).bidiStream(requests())) {
    assertSame(reply, messages[count++]);
    next(); // so the next request leaves after this reply
  }
  assert.equal(count, messages.length);
});

inEach("messages are compressed both ways", every, async (tongue) => {
  const options = { sendCompression: compressionGzip, acceptCompression: [compressionGzip], compressMinBytes: 0 };
  const client = clientOf(Mirror, tongue, options);
  let headers;
  const reply = await client.unary(words, { headers: { "x-compress": "yes" }, onHeader: (found) => (headers = found) });
  assertSame(reply, words);
  if (tongue.useBinaryFormat) assert.equal(headers.get("content-encoding") ?? headers.get("grpc-encoding"), "gzip");
  for (const one of await all(client.serverStream(words))) assertSame(one, words);
  assertSame(await client.clientStream(each([full, words])), words);
});

inEach("errors carry their details", every, async (tongue) => {
  const detail = create(StringValueSchema, { value: "世界" });
  const any = toBinary(AnySchema, anyPack(StringValueSchema, detail));
  const message = Buffer.from("not now");
  const status = Buffer.concat([[0x08, 9, 0x12, message.length], message, [0x1a, any.length], any].map((part) => Buffer.from(part)));
  for (const messagesBefore of [0, 2]) {
    const request = { code: 9, message: "not now", details: status, messagesBefore };
    let count = 0;
    const error = await failure((async () => {
      for await (const _ of clientOf(Mirror, tongue).fail(request)) ++count;
    })(), Code.FailedPrecondition);
    assert.equal(count, messagesBefore);
    assert.equal(error.rawMessage, "not now");
    assert.deepEqual(error.findDetails(StringValueSchema), [detail]);
  }
});

inEach("every code arrives with its message", binary, async (tongue) => {
  const client = clientOf(Guest, tongue);
  for (let code = 1; code <= 16; ++code) {
    const message = `100 % of ${Code[code]} – 世界\n`;
    const error = await failure(client.fail({ code, message }), code);
    assert.equal(error.rawMessage, message);
  }
});

inEach("metadata travels both ways", binary, async (tongue) => {
  const headers = { "x-text": "one, two", "x-raw-bin": encodeBinaryHeader(new Uint8Array([0, 255, 128])) };
  const came = [];
  const keep = (found) => came.push(found);
  await clientOf(Guest, tongue).echoMetadata({}, { headers, onHeader: keep, onTrailer: keep });
  assert.equal(came.length, 2);
  for (const found of came) {
    assert.equal(found.get("x-text"), "one, two");
    assert.deepEqual([...decodeBinaryHeader(found.get("x-raw-bin"))], [0, 255, 128]);
  }
});

inEach("a deadline reaches the guest", binary, async (tongue) => {
  const client = clientOf(Guest, tongue);
  const left = await client.deadline({}, { timeoutMs: 20_000 });
  assert.ok(left.set && left.nanoseconds > 0n && left.nanoseconds <= 20_000_000_000n, left.nanoseconds);
  await failure(client.sleep({ milliseconds: 60_000 }, { timeoutMs: 300 }), Code.DeadlineExceeded);
});

inEach("a cancelled call is cancelled for its guest", binary, async (tongue) => {
  const before = server.log().split("Flood: sent").length;
  const cancel = new AbortController();
  await failure((async () => {
    for await (const _ of clientOf(Guest, tongue).flood({ number: 1000 }, { signal: cancel.signal })) cancel.abort();
  })(), Code.Canceled);
  const end = Date.now() + LIMIT;
  while (server.log().split("Flood: sent").length === before) {
    assert.ok(Date.now() < end, "the guest goes on");
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

const connectOverHttp1 = ({ name }) => /^Connect .*1\.1$/.test(name); // Node.js tells the requests of HTTP/1.1 only

inEach("what only reads is called by GET", connectOverHttp1, async (tongue) => {
  const requests = new Set(); // Node.js may tell of one twice
  const note = ({ request }) => requests.add(request);
  diagnostics.subscribe("http.client.request.start", note);
  try {
    assertSame(await clientOf(Mirror, tongue, { useHttpGet: true }).look(full), full);
    assertSame(await clientOf(Mirror, tongue, { useHttpGet: true }).unary(full), full);
  } finally {
    diagnostics.unsubscribe("http.client.request.start", note);
  }
  assert.deepEqual([...requests].map(({ method }) => method), ["GET", "POST"]);
});
