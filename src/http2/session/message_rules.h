// What HTTP/2 demands of a request (RFC 9113, 8.1 to 8.3), where nghttp2 is told not to look.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <unordered_map>

namespace wasm_grpc::http2 {

/// Clients that call over a unix socket name it as the authority, "/run/plugin.sock", or name none: there is no host to
/// be named, and gRPC's own servers do not mind. nghttp2 minds, and can be told to look at no message at all or at all
/// of it. So for connections over unix sockets these are the rules: nghttp2's, but that any text is an authority and
/// none is needed. Belongs to the session of such a connection.
class MessageRules {
 public:
  /// A header block begins: that of a request, or its trailers.
  void begin(std::int32_t stream, bool is_request) noexcept;
  /// The next field. False when it makes the request malformed, and for those that follow.
  [[nodiscard]] bool take_field(std::string_view name, std::string_view value);
  /// The block is complete. False when its request is malformed.
  [[nodiscard]] bool end_block(bool end_stream);

  /// Bytes of the request's body, and its end. False when it is malformed: they are not as many as it said.
  [[nodiscard]] bool take_data(std::int32_t stream, std::size_t size) noexcept;
  [[nodiscard]] bool end_body(std::int32_t stream) noexcept;
  void forget(std::int32_t stream) noexcept { left_.erase(stream); }

 private:
  enum Seen : std::uint32_t {
    method = 1U << 0,
    scheme = 1U << 1,
    path = 1U << 2,
    authority = 1U << 3,
    host = 1U << 4,
    content_length = 1U << 5,
    regular_field = 1U << 6,  // no more pseudo-header fields
    connects = 1U << 7,
    asks_options = 1U << 8,
    path_of_server = 1U << 9,  // "*"
    path_of_resource = 1U << 10,
    of_http = 1U << 11,
  };

  [[nodiscard]] bool take_pseudo(std::string_view name, std::string_view value) noexcept;
  [[nodiscard]] bool take_regular(std::string_view name, std::string_view value);
  /// False when it was seen before.
  [[nodiscard]] bool see(std::uint32_t what) noexcept;
  [[nodiscard]] bool is_complete() const noexcept;

  std::int32_t stream_ = 0;
  std::uint32_t seen_ = 0;
  bool is_request_ = true;
  bool malformed_ = false;
  std::unordered_map<std::int32_t, std::uint64_t> left_;  // of bodies whose length was said
};

}  // namespace wasm_grpc::http2
