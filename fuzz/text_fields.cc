// The text forms of gRPC's header values: base64, percent-encoding, timeouts.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "require.h"
#include "rpc/base64.h"
#include "rpc/percent.h"
#include "rpc/timeout.h"
#include "wasm_grpc/rpc/metadata.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using fuzz::require;
  const std::string_view input(reinterpret_cast<const char*>(data), size);

  std::string encoded;
  rpc::base64_encode(input, encoded);
  require(rpc::is_valid_ascii_value(encoded), "base64 is text for a header");
  std::string decoded = "before";
  require(rpc::base64_decode(encoded, decoded), "what was encoded can be decoded");
  require(decoded == std::string("before").append(input), "base64 there and back changes nothing");
  decoded = "before";
  if (rpc::base64_decode(input, decoded)) {
    require(decoded.size() <= 6 + input.size() * 3 / 4, "base64 stands for three quarters of its length");
  } else {
    require(decoded == "before", "what is no base64 leaves nothing behind");
  }

  encoded.clear();
  rpc::percent_encode(input, encoded);
  require(rpc::is_valid_ascii_value(encoded), "percent-encoded text is text for a header");
  require(rpc::percent_decode(encoded) == input, "percent-encoding there and back changes nothing");
  require(rpc::percent_decode(input).size() <= input.size(), "decoding makes nothing longer");

  const auto timeout = rpc::parse_timeout(input);
  if (timeout) {
    require(timeout->count() >= 0, "no timeout is negative");
    require(size >= 2 && size <= 9, "a timeout is one to eight digits and a unit");
  }
  return 0;
}
