// Calls a server, one call at a time, and waits for each: what the command line and exporters need, not a library for
// services.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "client/request_feed.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::client {

struct ChannelContext;

/// Where to, and how.
struct ChannelOptions {
  /// "HOST:PORT", "http://HOST:PORT", "https://HOST:PORT" or "unix:PATH".
  std::string address;
  /// TLS where the address does not say; "https://" does.
  bool tls = false;
  /// Who signs the server's certificate, PEM, roots or authorities below one; the system's authorities when empty.
  std::string ca_file;
  /// The client's certificate and key, PEM; none when empty.
  std::string certificate_file;
  std::string key_file;
  /// Takes any certificate.
  bool insecure_skip_verify = false;
  /// Ends what is said of a TLS handshake that failed.
  std::string tls_advice = {};
  /// What the server is asked for, and what its certificate must be for, instead of the address's host.
  std::string authority;
  std::chrono::milliseconds connect_timeout{10'000};
  /// Makes who is called instead of a server by gRPC over HTTP/2. It is not connected ahead.
  std::function<Result<std::unique_ptr<rpc::CallTarget>>(const ChannelContext& context)> other_target = nullptr;
  /// Bytes one response message may have.
  std::size_t max_message_size = std::size_t{64} << 20;
};

/// Names and values as on the wire, but for those of "-bin", which are raw.
using Metadata = std::vector<std::pair<std::string, std::string>>;

struct CallOptions {
  std::string path;  // "/package.Service/Method"
  rpc::MethodKind kind = rpc::MethodKind::unary;
  Metadata metadata = {};
  std::optional<std::chrono::milliseconds> deadline = std::nullopt;
  /// How requests are sent, by gRPC over HTTP/2.
  rpc::Encoding encoding = rpc::Encoding::identity;
  /// Ends the call, from any thread, as if its deadline had passed; where it can be asked for.
  std::stop_token stop = {};
};

/// Told of what comes.
struct CallEvents {
  std::function<void(const Metadata& headers)> headers;
  /// An error gives up the call.
  std::function<Result<>(std::string_view message)> message;
};

/// How a call ended. The status is the server's, or, where there is none, what gRPC says of that case.
struct CallEnd {
  rpc::Status status;
  Metadata trailers;
  std::string details;  // grpc-status-details-bin: a serialized google.rpc.Status
};

/// Used by one thread, whose loop runs while it waits. A connection that was lost is made again for the next call.
class Channel {
 public:
  /// Connects, within the connect timeout, in which the name is looked up, too. The error says to what, and why not.
  [[nodiscard]] static Result<std::unique_ptr<Channel>> connect(const ChannelOptions& options);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Makes a call and returns when it has ended. The error is one of the source or of an event, not of the call.
  [[nodiscard]] Result<CallEnd> call(const CallOptions& options, const RequestSource& requests,
                                     const CallEvents& events);

 private:
  class Loop;
  explicit Channel(std::unique_ptr<Loop> loop);
  std::unique_ptr<Loop> loop_;
};

/// A source of these messages.
[[nodiscard]] RequestSource source_of(std::vector<std::string> messages);

}  // namespace wasm_grpc::client
