// Clients of a service in each protocol that browsers speak, all used alike: a unary method is a function that gives a
// promise, a stream of replies one that gives an async iterable. Their options are { signal, timeoutMs }; what they throw
// is a ConnectError.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { createClientOfGrpcWeb } from "./grpc_web.js";

export const protocols = {
  "Connect, JSON": (service, baseUrl) => createClient(service, createConnectTransport({ baseUrl })),
  "Connect, binary": (service, baseUrl) =>
    createClient(service, createConnectTransport({ baseUrl, useBinaryFormat: true })),
  "gRPC-Web, by Connect": (service, baseUrl) => createClient(service, createGrpcWebTransport({ baseUrl })),
  "gRPC-Web, by grpc-web": createClientOfGrpcWeb,
};
