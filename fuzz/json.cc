// JSON into messages and back: what one direction gives, the other takes, and then nothing changes any more.
//
// The first byte says what the rest is: a text to read (even) or a message to write (odd), and by which options.
#include <google/protobuf/descriptor.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "features3.pb.h"
#include "json/read.h"
#include "json/write.h"
#include "require.h"

namespace {

using namespace wasm_grpc;
using Everything = features::three::Everything;

const json::MessageType& everything() {
  static const std::array files{Everything::descriptor()->file()};
  static const json::Types types(files);
  return *types.find(Everything::descriptor()->full_name());
}

/// As large as it may get, whatever is read or written.
constexpr std::size_t most = std::size_t{1} << 20;

std::optional<std::vector<std::byte>> read(std::string_view text, bool ignores_unknown) {
  std::vector<std::byte> out(3);
  const auto error = json::read(everything(), text, out, {.max_size = most, .ignore_unknown_fields = ignores_unknown});
  if (error) {
    fuzz::require(!error->empty() && error->size() < 4096, "an error is a sentence");
    fuzz::require(out.size() == 3, "what cannot be read leaves nothing behind");
    return std::nullopt;
  }
  fuzz::require(out.size() <= most + 3, "no more is read than may be");
  out.erase(out.begin(), out.begin() + 3);
  return out;
}

std::optional<std::string> write(std::span<const std::byte> message, std::size_t max_size = most) {
  std::string out = "...";
  const auto error = json::write(everything(), message, out, {.max_size = max_size});
  if (error) {
    fuzz::require(!error->empty() && error->size() < 4096, "an error is a sentence");
    fuzz::require(out == "...", "what cannot be written leaves nothing behind");
    return std::nullopt;
  }
  return out.substr(3);
}

/// What was written is read, and comes out the same when it is written again.
void check_text(const std::string& text) {
  const auto message = read(text, false);
  if (!message) {
    // Texts are larger than messages, but not messages of numbers in a Struct.
    fuzz::require(text.size() * 8 > most, "what was written can be read");
    return;
  }
  Everything parsed;
  fuzz::require(parsed.ParsePartialFromArray(message->data(), static_cast<int>(message->size())),
                "what was read is a message");
  fuzz::require(write(*message, 8 * most) == text, "what was written, read and written is the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view rest(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (data[0] % 2 == 0) {
    const auto message = read(rest, (data[0] & 2) != 0);
    if (!message) return 0;
    const auto text = write(*message, 8 * most);
    fuzz::require(text.has_value(), "what was read can be written");
    check_text(*text);
  } else if (const auto text = write(std::as_bytes(std::span(rest)))) {
    check_text(*text);
  }
  return 0;
}
