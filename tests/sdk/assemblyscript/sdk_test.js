// The SDK for AssemblyScript, over its host in memory.
//
// WASM_GRPC_TEST_SDK is the folder of the SDK, WASM_GRPC_TEST_BUILD that of the modules.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";

const sdk = process.env.WASM_GRPC_TEST_SDK;
const build = process.env.WASM_GRPC_TEST_BUILD;
const { load } = await import(path.join(sdk, "testing.js"));
const probe = () => load(path.join(build, "sdk_assemblyscript_probe.wasm"));
const hex = (text) => Buffer.from(text.replaceAll(" ", ""), "hex");
const texts = (answer) => answer.messages.map((message) => Buffer.from(message).toString());

// Each field as protoc writes it.
const FIELDS = {
  "int32 -1": "08 ffffffffffffffffff01",
  "int64 min": "10 80808080808080808001",
  "uint32 max": "18 ffffffff0f",
  "uint64 max": "20 ffffffffffffffffff01",
  "sint32 min": "28 ffffffff0f",
  "sint64 -2": "30 03",
  "bool": "38 01",
  "fixed32": "45 01020304",
  "fixed64": "49 0102030405060708",
  "float 1.5": "55 0000c03f",
  "double -2": "59 00000000000000c0",
  "string": "62 04 f09fa680",
  "bytes": "6a 03 00ff80",
  "a message in a message": "72 06 08 07 72 02 08 01",
};

test("each kind of field is read and written", async () => {
  const guest = await probe();
  for (const [name, field] of Object.entries(FIELDS)) {
    const answer = guest.call("/test.Probe/Copy", [hex(field)]);
    assert.equal(answer.code, 0, name);
    assert.deepEqual(Buffer.from(answer.messages[0]), hex(field), name);
  }
  const all = Buffer.concat(Object.values(FIELDS).map(hex));
  assert.deepEqual(Buffer.from(guest.call("/test.Probe/Copy", [all]).messages[0]), all);
});

test("fields that are 0 are left out, unless they are always written", async () => {
  const guest = await probe();
  const zeros = hex("08 00 38 00 45 00000000 62 00 6a 00");
  assert.deepEqual(Buffer.from(guest.call("/test.Probe/Copy", [zeros]).messages[0]), hex(""));
  assert.deepEqual(Buffer.from(guest.call("/test.Probe/CopyEvery", [zeros]).messages[0]), zeros);
});

test("an empty message in a field is there", async () => {
  const answer = (await probe()).call("/test.Probe/Copy", [hex("72 00")]);
  assert.deepEqual(Buffer.from(answer.messages[0]), hex("72 00"));
});

test("fields that nobody knows are passed over", async () => {
  const unknown = hex("f8 01 05 fa 01 02 0809 fd 01 00000000 f9 01 0000000000000000 38 01");
  const answer = (await probe()).call("/test.Probe/Copy", [unknown]);
  assert.deepEqual(Buffer.from(answer.messages[0]), hex("38 01"));
});

test("what is no message is found out", async () => {
  const guest = await probe();
  for (const bad of [
    "08", "08 80", "62 05 61", "45 0000", "49 00", "00 00", "0b 0c", "0f", "62 01 ff", "62 03 eda080", "72 02 0880",
    "08 ffffffffffffffffffff01", "62 ffffffff0f", "6a ffffffffffffffffff01", "ffffffffff01 00",
  ]) {
    assert.equal(guest.call("/test.Probe/Copy", [hex(bad)]).code, 13, bad);
  }
});

test("UTF-8 is what RFC 3629 says", async () => {
  const guest = await probe();
  const is = (bytes) => texts(guest.call("/test.Probe/IsUtf8", [bytes]))[0];
  for (const text of ["", "a", "é", "世界", "🦀", "\u07ff\u0800\ud7ff\ue000\uffff\u{10000}\u{10ffff}\0"]) {
    assert.equal(is(Buffer.from(text)), "yes", text);
  }
  for (const bad of ["80", "c0af", "c1bf", "e08080", "eda080", "edbfbf", "f08080af", "f4908080", "f5808080", "c3", "e282", "f09fa6", "ff", "61e2"]) {
    assert.equal(is(hex(bad)), "no", bad);
  }
});

test("a handler that gives neither a reply nor a status is INTERNAL", async () => {
  const answer = (await probe()).call("/test.Probe/Nothing");
  assert.deepEqual([answer.code, answer.text], [13, "the handler gave neither a reply nor a status"]);
});

test("metadata that the host refuses is told in the log", async () => {
  const guest = await probe();
  assert.equal(guest.call("/test.Probe/Refused").code, 0);
  assert.match(guest.log[0].text, /the header No Name was refused/);
});

test("an error that is thrown says where it was", async () => {
  const guest = await probe();
  assert.throws(() => guest.call("/test.Probe/Abort"), /abort: on purpose in .*probe\.ts\(\d+:\d+\)/);
});

test("an instance keeps its state for the next call", async () => {
  const guest = await probe();
  assert.deepEqual([1, 2, 3].map(() => texts(guest.call("/test.Probe/Visits"))[0]), ["1", "2", "3"]);
});

test("streams are read to their end, and messages of any size are whole", async () => {
  const guest = await probe();
  assert.deepEqual(texts(guest.call("/test.Probe/Join", ["a", "b".repeat(5000), "c"])), ["a" + "b".repeat(5000) + "c"]);
  assert.deepEqual(texts(guest.call("/test.Probe/Join", [])), [""]);
  const answer = guest.call("/test.Probe/Answer", ["one", "two"], { metadata: [["x-key", "v".repeat(5000)]] });
  assert.deepEqual(texts(answer), ["you said one", "you said two"]);
  assert.equal(Buffer.from(answer.trailers[0][1]).toString(), "v".repeat(5000));
  assert.equal(guest.log[0].text, "all answered");
});

test("a client that leaves ends a stream", async () => {
  const guest = await probe();
  const answer = guest.call("/test.Probe/Answer", ["one", "two", "three"], { cancelAfter: 1 });
  assert.deepEqual([answer.messages.length, answer.code], [1, 1]);
  assert.equal(guest.log[0].text, "cancelled");
});

test("the document's first guest says what it was told", async () => {
  const guest = await load(path.join(build, "sdk_assemblyscript_hello.wasm"));
  const answer = guest.call("/hello.Hello/Say", ["hi"]);
  assert.deepEqual(texts(answer), ["you said hi"]);
  const refused = guest.call("/hello.Hello/Say", [""]);
  assert.deepEqual([refused.code, refused.text], [3, "say something"]);
});

test("calls in event style are told what happens", async () => {
  const guest = await load(path.join(build, "sdk_assemblyscript_events.wasm"));
  assert.deepEqual(texts(guest.call("/test.Events/Join", ["a", "b", "c"])), ["abc"]);
  assert.deepEqual(texts(guest.call("/test.Events/Join", [])), [""]);
  const ticks = guest.call("/test.Events/Tick", ["3"]);
  assert.deepEqual([texts(ticks), ticks.code, ticks.text], [["tick", "tick", "tick"], 11, "that was all"]);
  assert.deepEqual(guest.call("/test.Events/Tick", ["1000"], { cancelAfter: 2 }).messages.length, 2);
  assert.equal(guest.log.at(-1).text, "cancelled after 2");
});

test("requests of HTTP are answered", async () => {
  const guest = await load(path.join(build, "sdk_assemblyscript_events.wasm"));
  const answer = guest.http("POST", "/pages/a?b=c", ["one ", "two"], { metadata: [["user-agent", "test"]] });
  assert.deepEqual([answer.status, answer.code], [201, 0]);
  assert.deepEqual(texts(answer), ["POST /pages/a b=c test: one two"]);
  assert.equal(Buffer.from(answer.headers[0][1]).toString(), "text/plain");
  const missing = guest.http("GET", "/pages/none");
  assert.deepEqual([missing.code, missing.text], [5, "no such page"]);
  assert.equal(guest.http("GET", "/pages/bad").status, 200);
  assert.match(guest.log.at(-1).text, /the HTTP status 99 was refused/);
  assert.throws(() => guest.http("GET", "/pagesx"), /nothing of the module serves/);
});

test("details of a status are encoded as Google does", async () => {
  const guest = await load(path.join(build, "sdk_assemblyscript_details.wasm"));
  const every = await readFile(new URL("../error_details/every.hex", import.meta.url), "utf8");
  const answer = guest.call("/test.Details/Every");
  assert.deepEqual([answer.code, answer.text], [3, "no such date"]);
  assert.equal(Buffer.from(answer.trailers[0][1]).toString("hex"), every.replaceAll("\n", ""));
  const own = Buffer.from(guest.call("/test.Details/Own").trailers[0][1]);
  assert.equal(own.toString(), "\x08\x0a\x1a\x22\x0a\x1ctype.googleapis.com/test.Own\x12\x02\x08\x07");
});

test("kinds are known, and a wrong use of the host in memory is told", async () => {
  const guest = await probe();
  assert.equal(guest.methods.get("/test.Probe/Join"), "client streaming");
  assert.throws(() => guest.call("/test.Probe/None"), /no method/);
  assert.throws(() => guest.call("/test.Probe/Copy", []), /exactly one request/);
});
