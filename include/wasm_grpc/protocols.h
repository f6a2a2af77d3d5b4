// What is spoken with clients.
#pragma once

namespace wasm_grpc {

/// Which protocols clients may speak. What is not spoken is refused in words of its own: a gRPC call is answered
/// UNIMPLEMENTED, another 404, 405 or 415, a request of HTTP/1.1 505; over TLS, ALPN offers what is spoken.
struct Protocols {
  bool grpc = true;      // gRPC over HTTP/2; health and reflection are of it
  bool grpc_web = true;  // gRPC-Web
  bool connect = true;   // Connect, and its JSON
  bool rest = true;      // methods by their google.api.http rules
  bool http = true;      // what modules serve by plain HTTP, and /openapi.json
  bool http1 = true;     // all but gRPC by HTTP/1.1 too, rather than by HTTP/2 alone

  [[nodiscard]] bool operator==(const Protocols&) const = default;
};

}  // namespace wasm_grpc
