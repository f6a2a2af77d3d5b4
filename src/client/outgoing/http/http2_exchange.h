// A call of plain HTTP as a stream of HTTP/2.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "client/outgoing/exchange.h"
#include "client/outgoing/http/http_call.h"

namespace wasm_grpc::client {

/// Belongs to its call, which gives it up when it is made again.
class Http2Exchange final : public Exchange, public HttpStream {
 public:
  /// The call has begun.
  Http2Exchange(HttpCall& call, HttpCallOwner& owner) : call_(call), owner_(owner) {}

  [[nodiscard]] HttpCall& call() const noexcept { return call_; }

  // ---- Exchange ----

  void add_fields(RequestFields& fields) const override;
  [[nodiscard]] bool has_body() const noexcept override { return !call_.is_sent(); }
  void begin_stream(ExchangeStream& stream, std::int32_t id) noexcept override;
  [[nodiscard]] std::int32_t stream_id() const noexcept override { return stream_id_; }
  ssize_t give(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) noexcept override;
  [[nodiscard]] bool resumes() noexcept override { return std::exchange(deferred_, false); }
  [[nodiscard]] bool take_field(std::string_view name, std::string_view value) override;
  void fields_end(bool end_of_stream) noexcept override;
  void take_data(std::span<const std::byte> bytes) noexcept override;
  void stream_closed(std::optional<std::uint32_t> error) noexcept override;
  [[nodiscard]] bool begin_again() noexcept override;
  void stream_lost(rpc::Status status) noexcept override;
  void end(rpc::Status status) noexcept override { call_.end(std::move(status)); }

  // ---- HttpStream ----

  void output_ready() noexcept override;
  void input_wanted() noexcept override { credit(); }
  void abandoned() noexcept override;

 private:
  void credit() noexcept;

  HttpCall& call_;
  HttpCallOwner& owner_;
  ExchangeStream* stream_ = nullptr;
  std::int32_t stream_id_ = 0;
  bool deferred_ = false;
  bool has_head_ = false;
  std::string http_status_;
  rpc::Metadata fields_;  // of the head that is coming
  std::size_t field_bytes_ = 0;
  std::size_t uncredited_ = 0;  // bytes the server was not told may come again
};

}  // namespace wasm_grpc::client
