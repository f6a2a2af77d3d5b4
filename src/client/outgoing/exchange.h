// A request and its answer on a stream of HTTP/2, as the connection has them that they go by.
#pragma once

#include <nghttp2/nghttp2.h>
#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::client {

class Exchange;

/// The stream of an exchange, as that needs it. Of the connection that has it; destroyed or detached after it.
class ExchangeStream {
 public:
  /// There is more to send, or the end of it.
  virtual void output_ready(Exchange& exchange) noexcept = 0;
  /// So many bytes of the answer were taken: the server may send as many more.
  virtual void input_consumed(Exchange& exchange, std::size_t bytes) noexcept = 0;
  /// Nobody wants the stream any more: the server is told.
  virtual void reset(Exchange& exchange) noexcept = 0;

 protected:
  ~ExchangeStream() = default;
};

/// The fields of a request while its stream begins. Reused.
class RequestFields {
 public:
  /// Both live as long as the connection.
  RequestFields(std::string_view scheme, std::string_view authority) : scheme_(scheme), authority_(authority) {}

  /// Those of HTTP/2 itself, before all others; they live until the stream has begun.
  void begin(std::string_view method, std::string_view path) {
    fields_.clear();
    kept_.clear();
    put(":method", method, NGHTTP2_NV_FLAG_NO_COPY_NAME);
    add_constant(":scheme", scheme_);
    put(":path", path, NGHTTP2_NV_FLAG_NO_COPY_NAME);
    add_constant(":authority", authority_);
  }
  /// Of a name and a value that live as long as the program, or the connection.
  void add_constant(std::string_view name, std::string_view value) {
    put(name, value, NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE);
  }
  /// Both live until the stream has begun.
  void add(std::string_view name, std::string_view value) { put(name, value, NGHTTP2_NV_FLAG_NONE); }
  /// A name that lives as long as the program. The value is another each time, and not worth a place in HPACK's table.
  void add_unlike(std::string_view name, std::string value) {
    put(name, keep(std::move(value)), NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_INDEX);
  }
  /// Has the text live until the stream has begun.
  [[nodiscard]] std::string_view keep(std::string text) { return kept_.emplace_back(std::move(text)); }

  [[nodiscard]] std::span<const nghttp2_nv> all() const noexcept { return fields_; }

 private:
  void put(std::string_view name, std::string_view value, int flags) {
    const auto bytes = [](std::string_view text) {
      return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads
    };
    fields_.push_back({bytes(name), bytes(value), name.size(), value.size(), static_cast<std::uint8_t>(flags)});
  }

  std::string_view scheme_;
  std::string_view authority_;
  std::vector<nghttp2_nv> fields_;
  std::deque<std::string> kept_;
};

/// Belongs to the thread of its connection.
class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// The whole head of the request.
  virtual void add_fields(RequestFields& fields) const = 0;
  /// False where the request is over with its head.
  [[nodiscard]] virtual bool has_body() const noexcept = 0;
  /// It has a stream from here on, and sends all from the beginning.
  virtual void begin_stream(ExchangeStream& stream, std::int32_t id) noexcept = 0;
  [[nodiscard]] virtual std::int32_t stream_id() const noexcept = 0;
  /// nghttp2's data source.
  virtual ssize_t give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept = 0;
  /// True when give() had nothing, and has something now.
  [[nodiscard]] virtual bool resumes() noexcept = 0;
  /// A field of the response. False when there are too many.
  [[nodiscard]] virtual bool take_field(std::string_view name, std::string_view value) = 0;
  virtual void fields_end(bool end_of_stream) noexcept = 0;
  virtual void take_data(std::span<const std::byte> bytes) noexcept = 0;
  /// The stream is no more: the server has said all it will; or has not, and `error` is the code of RST_STREAM.
  virtual void stream_closed(std::optional<std::uint32_t> error) noexcept = 0;
  /// True when nothing has come of it, so that it can be made again elsewhere: its stream is forgotten.
  [[nodiscard]] virtual bool begin_again() noexcept = 0;
  /// The connection is gone, and the stream with it.
  virtual void stream_lost(rpc::Status status) noexcept = 0;
  /// Ends it, unless it has; the stream is reset.
  virtual void end(rpc::Status status) noexcept = 0;

 protected:
  Exchange() = default;
  ~Exchange() = default;
};

/// Bytes of names and values that a response may have in its headers and trailers together.
inline constexpr std::size_t most_field_bytes = std::size_t{64} << 10;

}  // namespace wasm_grpc::client
