// What a proxy says of its client's certificate: the header x-forwarded-client-cert of Envoy, and of others after it.
#pragma once

#include <optional>
#include <string_view>

#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::http2 {

inline constexpr std::string_view forwarded_certificate_key = "x-forwarded-client-cert";

/// The names in its last element, which is what the proxy next to us has seen itself; those before it are what others
/// have told it. Elements are separated by commas, and have "key=value" separated by semicolons, in quotation marks
/// where that is needed: of the keys URI, DNS and Subject, of which the common name counts, are read. Nothing where it
/// is malformed. Names that are not printable, or of which there are more than max_tls_names_bytes, are left out.
[[nodiscard]] std::optional<TlsNames> read_forwarded_certificate(std::string_view header);

}  // namespace wasm_grpc::http2
