// One connection that speaks HTTP/1.1, with one exchange at a time.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "client/outgoing/connection.h"
#include "client/outgoing/http/http_call.h"

namespace wasm_grpc::client {

class HttpConnection;

/// Told of what becomes of a connection.
class HttpConnectionOwner {
 public:
  /// Its exchange has ended well, and it may have another.
  virtual void connection_free(HttpConnection& connection) noexcept = 0;
  /// It is gone. `unanswered`: an exchange of which nothing has come, to be made again; nullptr for none.
  virtual void connection_closed(HttpConnection& connection, HttpCall* unanswered) noexcept = 0;

 protected:
  ~HttpConnectionOwner() = default;
};

/// Belongs to one thread. Made by std::make_shared; what Asio does for it keeps it.
class HttpConnection final : public std::enable_shared_from_this<HttpConnection>, private HttpStream {
 public:
  HttpConnection(Transport transport, std::string authority, HttpConnectionOwner& owner)
      : transport_(std::move(transport)), authority_(std::move(authority)), owner_(owner) {}

  /// Whom it goes to: "HOST:PORT".
  [[nodiscard]] const std::string& authority() const noexcept { return authority_; }
  /// Gives it an exchange. Only while it has none.
  void begin(HttpCall& call);
  /// Ends it now; its owner is not told.
  void close() noexcept;
  /// The same, and ends its exchange with this status.
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
  HttpConnectionOwner& owner_;
  HttpCall* call_ = nullptr;
  std::array<std::byte, 16 * 1024> input_{};
  std::string out_;
  bool reading_ = false;
  bool writing_ = false;
  bool used_ = false;  // it has had an exchange before this one
  bool closed_ = false;
};

}  // namespace wasm_grpc::client
