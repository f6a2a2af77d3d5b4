// What a verified token says of its bearer.
#pragma once

#include <string>

#include "access/value.h"

namespace wasm_grpc::access {

/// The claims of a token whose signature, issuer, audience and time are good (RFC 7519, 4). Never changed once made.
struct Claims {
  std::string issuer;
  std::string subject;  // empty: it names none
  Value all;            // the object
};

}  // namespace wasm_grpc::access
