// A client by the package grpc-web, in its text format, which is the one that has streams of replies.
//
// Its generator, protoc-gen-grpc-web, is not in the npm registry but fetched from elsewhere. What it generates is a
// MethodDescriptor for each method, which is made here from what protoc-gen-es knows of it.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { base64Decode } from "@bufbuild/protobuf/wire";
import { ConnectError } from "@connectrpc/connect";
import { GrpcWebClientBase, MethodDescriptor } from "grpc-web";
import { StatusSchema } from "./gen/rpc_status_pb.js";

export function createClientOfGrpcWeb(service, baseUrl) {
  const base = new GrpcWebClientBase({ format: "text" });
  const client = {};
  for (const method of service.methods) {
    const path = `/${service.typeName}/${method.name}`;
    const descriptor = new MethodDescriptor(
      path,
      method.methodKind,
      Object,
      Object,
      (request) => toBinary(method.input, request),
      (bytes) => fromBinary(method.output, bytes),
    );
    const start = (call) => (request, { signal, timeoutMs } = {}) => {
      const metadata = timeoutMs === undefined ? {} : { deadline: String(Date.now() + timeoutMs) };
      return call(baseUrl + path, create(method.input, request), metadata, descriptor, signal);
    };
    if (method.methodKind === "unary") {
      client[method.localName] = start((...call) => unary(base, ...call));
    } else if (method.methodKind === "server_streaming") {
      client[method.localName] = start((...call) => replies(base, ...call));
    }
  }
  return client;
}

function unary(base, url, request, metadata, descriptor, signal) {
  return new Promise((resolve, reject) => {
    const call = base.rpcCall(url, request, metadata, descriptor, (error, reply) => {
      if (error) reject(toConnectError(error));
      else resolve(reply);
    });
    signal?.addEventListener("abort", () => {
      call.cancel();
      reject(ConnectError.from(signal.reason));
    });
  });
}

async function* replies(base, url, request, metadata, descriptor, signal) {
  const come = [];
  let wake = () => {};
  const add = (step) => {
    come.push(step);
    wake();
  };
  const call = base.serverStreaming(url, request, metadata, descriptor);
  call.on("data", (reply) => add({ reply }));
  call.on("error", (error) => add({ error: toConnectError(error) }));
  call.on("end", () => add({ end: true }));
  signal?.addEventListener("abort", () => add({ error: ConnectError.from(signal.reason) }));
  try {
    for (;;) {
      while (come.length === 0) await new Promise((resolve) => (wake = resolve));
      const { reply, error, end } = come.shift();
      if (error) throw error;
      if (end) return;
      yield reply;
    }
  } finally {
    call.cancel();
  }
}

function toConnectError(error) {
  const converted = new ConnectError(error.message, error.code, error.metadata);
  const status = error.metadata?.["grpc-status-details-bin"];
  if (status) {
    converted.details = fromBinary(StatusSchema, base64Decode(status)).details.map(({ typeUrl, value }) => ({
      type: typeUrl.slice(typeUrl.lastIndexOf("/") + 1),
      value,
    }));
  }
  return converted;
}
