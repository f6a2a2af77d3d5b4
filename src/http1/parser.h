// What httparse (in engine/) makes of bytes: heads, trailers, chunk sizes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace wasm_grpc::http1 {

enum class Parse : std::uint8_t {
  complete,
  incomplete,  // more bytes are needed
  malformed,
  too_many_fields,  // more than max_fields
  wrong_version,    // neither HTTP/1.1 nor HTTP/1.0
};

struct Field {
  std::string_view name;   // as the client wrote it: in any case
  std::string_view value;  // without spaces around it; may have bytes of 0x80 and more
};

inline constexpr std::size_t max_fields = 128;

/// Reads the head of a request (RFC 9112, 2 to 5), strictly: every line ends in CRLF, no field is folded, no space
/// stands before a colon. Reused: it holds the fields of the last head.
class HeadParser {
 public:
  /// Looks at the bytes from a head's first on. What the functions below give points into `bytes`.
  [[nodiscard]] Parse parse(std::span<const std::byte> bytes) noexcept;

  // After `complete`:
  [[nodiscard]] std::size_t size() const noexcept { return size_; }  // with the empty line
  [[nodiscard]] std::string_view method() const noexcept { return method_; }
  [[nodiscard]] std::string_view target() const noexcept { return target_; }
  [[nodiscard]] bool is_http_1_1() const noexcept { return minor_version_ == 1; }
  [[nodiscard]] std::span<const Field> fields() const noexcept { return std::span(fields_).first(field_count_); }

 private:
  std::size_t size_ = 0;
  std::string_view method_;
  std::string_view target_;
  int minor_version_ = 0;
  std::size_t field_count_ = 0;
  std::array<Field, max_fields> fields_;
};

/// What is at the beginning of some bytes.
struct Parsed {
  Parse outcome = Parse::malformed;
  std::size_t size = 0;     // how many bytes it takes, when it is complete
  std::uint64_t value = 0;  // of a chunk size
};

/// The line with the size of a chunk; its extensions are ignored (RFC 9112, 7.1.1).
[[nodiscard]] Parsed parse_chunk_size(std::span<const std::byte> bytes) noexcept;
/// The trailer fields after the last chunk, with the empty line (RFC 9112, 7.1.2).
[[nodiscard]] Parsed parse_trailers(std::span<const std::byte> bytes) noexcept;

}  // namespace wasm_grpc::http1
