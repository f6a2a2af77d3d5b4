#!/usr/bin/env node
// Puts descriptors into a module, so that reflection, `wasm-grpc call` and JSON know its messages: a custom section that
// the host reads (docs/abi.md). Those that are there already are replaced.
//
// Usage: wasm-grpc-describe MODULE.wasm DESCRIPTORS
//
// where DESCRIPTORS is what `protoc --include_imports --descriptor_set_out=DESCRIPTORS FILE.proto` writes.
import { readFileSync, writeFileSync } from "node:fs";

const SECTION = "wasm_grpc.descriptors";
const CUSTOM = 0;

function fail(text) {
  console.error(`wasm-grpc-describe: ${text}`);
  process.exit(1);
}

/** A number of the binary format, LEB128. */
function leb(number) {
  const bytes = [];
  for (; number >= 0x80; number = Math.floor(number / 128)) bytes.push((number % 128) | 0x80);
  return Buffer.from([...bytes, number]);
}

function readLeb(bytes, at) {
  let number = 0;
  for (let place = 1; place <= 2 ** 28; place *= 128) {
    if (at >= bytes.length) break;
    const byte = bytes[at++];
    number += (byte & 0x7f) * place;
    if (byte < 0x80) return [number, at];
  }
  return fail("the module is cut off, or is none");
}

function withoutDescriptors(module) {
  const kept = [module.subarray(0, 8)];
  for (let at = 8; at < module.length; ) {
    const [size, body] = readLeb(module, at + 1);
    if (body + size > module.length) fail("the module is cut off, or is none");
    let ours = false;
    if (module[at] === CUSTOM) {
      const [length, name] = readLeb(module, body);
      ours = module.toString("utf8", name, name + length) === SECTION;
    }
    if (!ours) kept.push(module.subarray(at, body + size));
    at = body + size;
  }
  return Buffer.concat(kept);
}

const [file, descriptors, ...more] = process.argv.slice(2);
if (!descriptors || more.length > 0) fail("expected MODULE.wasm and the file of its descriptors");
try {
  const module = readFileSync(file);
  if (module.subarray(0, 8).compare(Buffer.from("\0asm\x01\0\0\0", "latin1")) !== 0) fail(`${file} is no core module of WebAssembly`);
  const name = Buffer.from(SECTION);
  const content = Buffer.concat([leb(name.length), name, readFileSync(descriptors)]);
  writeFileSync(file, Buffer.concat([withoutDescriptors(module), Buffer.from([CUSTOM]), leb(content.length), content]));
} catch (error) {
  fail(error.message);
}
