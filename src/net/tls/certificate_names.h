// The names in an X.509 certificate.
#pragma once

#include <openssl/x509.h>

#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::net {

/// Whom `certificate` is for: its alternative names of the kinds that TlsNameKind knows, and the first common name of
/// its subject. Names that are not printable, or of which there are more than max_tls_names_bytes, are left out.
/// Whether the certificate is good is not looked at.
[[nodiscard]] TlsNames names_of(const X509* certificate);

}  // namespace wasm_grpc::net
