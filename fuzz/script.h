// Turns the input of a fuzz run into what a client says: bytes as they are, or frames, so that most inputs get past the
// framing and a change of one byte changes one thing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wasm_grpc::fuzz {

/// Takes bytes from the front of the input; zeros after its end.
class Input {
 public:
  explicit Input(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  [[nodiscard]] bool empty() const { return bytes_.empty(); }
  [[nodiscard]] std::uint8_t byte() {
    if (bytes_.empty()) return 0;
    const std::uint8_t value = bytes_.front();
    bytes_ = bytes_.subspan(1);
    return value;
  }
  [[nodiscard]] std::string_view take(std::size_t size) {
    const auto some = bytes_.first(std::min(size, bytes_.size()));
    bytes_ = bytes_.subspan(some.size());
    return {reinterpret_cast<const char*>(some.data()), some.size()};
  }
  [[nodiscard]] std::string_view rest() { return take(bytes_.size()); }

 private:
  std::span<const std::uint8_t> bytes_;
};

inline constexpr std::string_view preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Appends one frame (RFC 9113, 4.1).
inline void append_frame(std::string& out, std::uint8_t type, std::uint8_t flags, std::uint8_t stream,
                         std::string_view payload) {
  const std::size_t size = payload.size();
  for (const std::size_t octet : {size >> 16, size >> 8, size, std::size_t{type}, std::size_t{flags}}) {
    out.push_back(static_cast<char>(octet));
  }
  out.append(3, '\0').push_back(static_cast<char>(stream));
  out.append(payload);
}

/// Appends a field as HPACK writes it literally, without an index (RFC 7541, 6.2.2). At most 126 bytes each.
inline void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.push_back('\0');
  for (const std::string_view text : {name, value}) {
    out.push_back(static_cast<char>(text.size()));
    out.append(text);
  }
}

/// Appends the next thing the input says, in frames. Four things by the first byte's upper half: any frame, a request's
/// head, a message, a window update; the lower half says more of it.
inline void append_next(std::string& out, Input& input) {
  constexpr std::uint8_t end_stream = 1;
  constexpr std::uint8_t end_headers = 4;
  const std::uint8_t what = input.byte();
  const std::uint8_t stream = input.byte();
  switch ((what >> 4) % 4) {
    case 0: {
      const std::uint8_t flags = input.byte();
      append_frame(out, what & 0x0F, flags, stream, input.take(input.byte()));
      break;
    }
    case 1: {
      std::string path = "/f.F/";
      path.push_back("UCSBNXUU"[what & 7]);
      std::string head;
      append_field(head, ":method", "POST");
      append_field(head, ":scheme", "http");
      append_field(head, ":path", path);
      append_field(head, "content-type", "application/grpc");
      append_field(head, "te", "trailers");
      for (std::uint8_t fields = input.byte() % 8; fields > 0; --fields) {
        const std::string_view name = input.take(input.byte() % 32);
        append_field(head, name, input.take(input.byte() % 127));
      }
      append_frame(out, 1, end_headers | ((what & 8) != 0 ? end_stream : 0), stream, head);
      break;
    }
    case 2: {
      const std::size_t size = std::size_t{input.byte()} * ((what & 2) != 0 ? 64 : 1);
      std::string message = {static_cast<char>(what >> 2 & 1), 0, 0, static_cast<char>(size >> 8),
                             static_cast<char>(size)};
      message.append(size, static_cast<char>(input.byte()));
      append_frame(out, 0, what & end_stream, stream, message);
      break;
    }
    default:
      append_frame(out, 8, 0, stream, std::string({0, 0, static_cast<char>(input.byte()), 1}));
      break;
  }
}

}  // namespace wasm_grpc::fuzz
