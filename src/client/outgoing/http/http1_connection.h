// One connection that speaks HTTP/1.1, with one call at a time.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include "client/outgoing/http/http1_exchange.h"
#include "client/outgoing/transport.h"

namespace wasm_grpc::client {

class Http1Connection;

/// Told of what becomes of a connection.
class Http1ConnectionOwner {
 public:
  /// Its call has ended well, and it may have another.
  virtual void connection_free(Http1Connection& connection) noexcept = 0;
  /// It is gone.
  virtual void connection_closed(Http1Connection& connection) noexcept = 0;
  /// Nothing has come of a call of it, which is to be made again.
  virtual void unanswered(HttpCall& call) noexcept = 0;

 protected:
  ~Http1ConnectionOwner() = default;
};

/// Belongs to one thread. Made by std::make_shared; what Asio does for it keeps it.
class Http1Connection final : public std::enable_shared_from_this<Http1Connection>, private HttpStream {
 public:
  Http1Connection(Transport transport, std::string authority, Http1ConnectionOwner& owner)
      : transport_(std::move(transport)), authority_(std::move(authority)), owner_(owner) {}

  /// Whom it goes to: "HOST:PORT".
  [[nodiscard]] const std::string& authority() const noexcept { return authority_; }
  /// Gives it a call, which has begun. Only while it has none.
  void begin(HttpCall& call);
  /// Ends it now; its owner is not told.
  void close() noexcept;
  /// The same, and ends its call with this status.
  void shut(const rpc::Status& why) noexcept;

 private:
  // HttpStream
  void output_ready() noexcept override;
  void input_wanted() noexcept override;
  void abandoned() noexcept override;

  void read();
  void write();
  void received(std::size_t size) noexcept;
  /// `why` is empty where the server has ended its side.
  void lost(const std::string& why) noexcept;

  Transport transport_;
  std::string authority_;
  Http1ConnectionOwner& owner_;
  std::optional<Http1Exchange> exchange_;
  std::array<std::byte, 16 * 1024> input_{};
  std::string out_;
  bool reading_ = false;
  bool writing_ = false;
  bool used_ = false;  // it has had a call before this one
  bool closed_ = false;
};

}  // namespace wasm_grpc::client
