// x-forwarded-client-cert: whatever a proxy sends, names are sound, sorted and bounded, and what an element before the
// last says does not matter.
//
// Input: the header.
#include "http2/session/forwarded_certificate.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  const std::string header(reinterpret_cast<const char*>(data), size);
  const auto names = http2::read_forwarded_certificate(header);
  const auto after = http2::read_forwarded_certificate("DNS=admin.test;URI=\"a,b;c\"," + header);
  fuzz::require(names == after, "others before it do not matter");
  if (!names) return 0;
  std::size_t bytes = 0;
  for (const TlsName& known : *names) {
    fuzz::require(is_sound_tls_name(known.value), "names can be shown");
    bytes += known.value.size();
  }
  fuzz::require(bytes <= max_tls_names_bytes, "and are not too many");
  const bool sorted =
      std::is_sorted(names->begin(), names->end(), [](const TlsName& a, const TlsName& b) { return a.kind < b.kind; });
  fuzz::require(sorted, "and sorted by kind");
  return 0;
}
