// Where the body of a request ends, and whether the connection lives on: what requests are smuggled by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "http1/parser.h"
#include "http1/response_head.h"

namespace wasm_grpc::http1 {

/// An answer after which the connection is closed, since nobody knows where the next request begins.
struct Rejection {
  int status = 400;
  std::string_view reason;  // one sentence, for the body
};

/// What the fields of a request say about its message (RFC 9112, 3.2, 6 and 9; RFC 9110, 10.1.1).
struct Framing {
  bool chunked = false;
  std::uint64_t length = 0;  // of a body that is not chunked
  bool keep_alive = false;   // the client takes a further answer on the connection
  bool expects_continue = false;

  /// Reads it from a complete head, or says why the request cannot be let in.
  [[nodiscard]] std::optional<Rejection> read(const HeadParser& head) noexcept;
};

/// What the fields of a response say about its body (RFC 9112, 6.3). As strict as with requests: what two readers
/// could take in two ways is refused.
struct ResponseFraming {
  Framing body;
  bool until_close = false;  // the body ends with the connection
  /// The server takes a further request on the connection.
  bool keep_alive = false;

  /// `bodiless`: it answers a HEAD request. What is wrong, in words for an error; empty: nothing.
  [[nodiscard]] std::string_view read(const ResponseHead& head, bool bodiless) noexcept;
};

/// Takes the body of one request out of the bytes of a connection.
class BodyReader {
 public:
  enum class State : std::uint8_t { more, ended, malformed };
  struct Step {
    std::size_t taken = 0;            // bytes of the input that are done with, `data` among them
    std::span<const std::byte> data;  // of the body
  };

  /// A body as `framing` says.
  void begin(const Framing& framing) noexcept;
  /// Takes one step; to be called again as long as it takes bytes and state() is `more`. What it leaves must be given
  /// again with more behind it.
  [[nodiscard]] Step take(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] State state() const noexcept { return state_; }

 private:
  enum class Part : std::uint8_t { sized, chunk_size, chunk, chunk_end, trailers };

  [[nodiscard]] Step take_data(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] Step take_line(const Parsed& line, std::size_t available, std::size_t most) noexcept;

  State state_ = State::ended;
  Part part_ = Part::sized;
  std::uint64_t left_ = 0;  // of the body or the chunk
};

}  // namespace wasm_grpc::http1
