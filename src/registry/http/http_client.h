// Requests by HTTP, each as far as its answer: no redirect is followed here, and no credentials are added.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

struct HttpOptions {
  /// Who signs certificates, PEM; empty: the system's authorities.
  std::string ca_file;
  /// When all has to be done.
  std::chrono::steady_clock::time_point deadline;
  /// Ends what is under way, within a second.
  std::stop_token stop;
};

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> fields;  // "Name: value"
  std::string_view body = {};       // lives until the answer is there
  /// The most bytes of the answer's body.
  std::size_t most = 0;
};

struct HttpResponse {
  long status = 0;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::string body;

  /// The first field of a name, in lower case; empty where there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
  [[nodiscard]] std::vector<std::string> all(std::string_view name) const;
};

/// A client with its connections. Proxies are those of the environment, as curl has them (https_proxy, http_proxy,
/// no_proxy). Used by one thread at a time; it blocks.
class HttpClient {
 public:
  /// The error says that there is no libcurl.
  [[nodiscard]] static Result<std::unique_ptr<HttpClient>> create(HttpOptions options);
  virtual ~HttpClient() = default;

  /// An answer of whatever status. An error where there is none: with the URL's host, and what was wrong.
  [[nodiscard]] virtual Result<HttpResponse> send(const HttpRequest& request) = 0;
  /// True when the last error may go by itself: the host cannot be reached, or is slow.
  [[nodiscard]] virtual bool may_pass() const noexcept = 0;
};

/// Bounds of an answer's head.
inline constexpr std::size_t max_head_bytes = std::size_t{64} << 10;

}  // namespace wasm_grpc::registry
