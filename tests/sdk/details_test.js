// Details of statuses, of the module WASM_GRPC_TEST_MODULE with the service test.Details, in whatever language it is:
// over the host in memory of the folder WASM_GRPC_TEST_SDK.
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";

const { load } = await import(path.join(process.env.WASM_GRPC_TEST_SDK, "testing.js"));
const guest = () => load(process.env.WASM_GRPC_TEST_MODULE);
const field = (number, bytes) => Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
const text = (number, value) => field(number, Buffer.from(value));
const any = (name, message) =>
  field(3, Buffer.concat([text(1, `type.googleapis.com/${name}`), field(2, message)]));

test("a status takes its details along", async () => {
  const answer = (await guest()).call("/test.Details/Book", ["yesterday"]);
  assert.deepEqual([answer.code, answer.text], [3, "no such date"]);
  const violation = Buffer.concat([text(1, "date"), text(2, "is in the past")]);
  const details = Buffer.concat([
    Buffer.from("0803", "hex"), text(2, "no such date"), any("google.rpc.BadRequest", field(1, violation)),
    any("google.rpc.RetryInfo", field(1, Buffer.from("0801", "hex"))),
  ]);
  assert.deepEqual(answer.trailers.map(([key]) => key), ["grpc-status-details-bin"]);
  assert.deepEqual(Buffer.from(answer.trailers[0][1]), details);
});

test("the call after one that failed has no details", async () => {
  const module = await guest();
  module.call("/test.Details/Book", ["yesterday"]);
  const answer = module.call("/test.Details/Book", ["tomorrow"]);
  assert.deepEqual([answer.code, answer.trailers], [0, []]);
});

test("details that are too large are left out, which the log says", async () => {
  const module = await guest();
  assert.equal(module.call("/test.Details/Long", ["16000"]).trailers.length, 1);
  assert.deepEqual(module.log, []);
  const answer = module.call("/test.Details/Long", ["16384"]);
  assert.deepEqual([answer.code, answer.text, answer.trailers], [13, "long", []]);
  assert.match(module.log[0].text, /grpc-status-details-bin|details of the status/);
  assert.match(module.log[0].text, /more than 16 KiB/);
});
