// The messages that protoc-gen-wasm-grpc generates, beside Google's: they take the same bytes for messages, understand
// the same by them, and what ours write is read again as what it was. The first byte says which message it is to be.
#include <google/protobuf/stubs/logging.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "features2.guest.h"
#include "features2.pb.h"
#include "features3.guest.h"
#include "features3.pb.h"
#include "random_message.h"
#include "require.h"
#include "wasm_grpc/guest/message.h"

namespace {

using wasm_grpc::fuzz::require;
using wasm_grpc::guest::Bytes;
using wasm_grpc::guest::decode;
using wasm_grpc::guest::encode;
using wasm_grpc::test::serialized;

template <typename Google, typename Ours>
void compare(Bytes bytes) {
  Google google;
  // Without the message about what is missing.
  const bool is_message =
      google.ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())) && google.IsInitialized();
  Ours ours;
  require(decode(bytes, ours) == is_message, "both take the same bytes for a message");
  if (!is_message) return;

  const std::string written = encode(ours);
  Google back;
  require(back.ParseFromString(written), "Google reads what we write");
  require(serialized(back) == serialized(google), "as what it was");
  Ours again;
  require(decode(written, again), "we read what we write");
  require(encode(again) == written, "as what it was to us");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] static const bool quiet = [] {
    google::protobuf::SetLogHandler(nullptr);
    return true;
  }();
  if (size == 0) return 0;
  const Bytes bytes(static_cast<const void*>(data + 1), size - 1);
  namespace three = ours::features::three;
  namespace two = ours::features::two;
  switch (data[0] % 4) {
    case 0:
      compare<features::three::Everything, three::Everything>(bytes);
      break;
    case 1:
      compare<features::two::Everything, two::Everything>(bytes);
      break;
    case 2:
      compare<features::three::Maps, three::Maps>(bytes);
      break;
    default:
      compare<features::two::Groups, two::Groups>(bytes);
  }
  return 0;
}
