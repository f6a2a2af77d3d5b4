// Who the caller is by a token.
#pragma once

#include <string>

namespace wasm_grpc::rpc {

/// What a bearer token says whose signature, issuer, audience and time were found good (ServerOptions::access). Never
/// changed once made; any thread may read it.
struct Token {
  /// Its subject, the claim `sub`; empty where it names none.
  std::string subject;
  /// All its claims: a JSON object in UTF-8, as it was signed.
  std::string claims;
};

}  // namespace wasm_grpc::rpc
