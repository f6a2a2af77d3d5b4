// A server of HTTP/1.1 that answers as a test wants it, and as no good server would.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace wasm_grpc::registry {

struct SeenRequest {
  std::string method;
  std::string target;
  std::map<std::string, std::string> fields;  // names in lower case
  std::string body;
};

struct Reply {
  int status = 200;
  std::vector<std::string> fields = {};  // "Name: value"
  std::string body = {};
  std::optional<std::size_t> said_size = {};  // in place of the body's
  bool is_endless = false;                    // the body goes on, again and again
  bool is_silent = false;                     // nothing comes
};

/// On 127.0.0.1, a connection for each request, one after the other.
class HttpServer {
 public:
  using Handler = std::function<Reply(const SeenRequest&)>;
  /// Calls the handler on a thread of its own.
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  /// 127.0.0.1:PORT
  [[nodiscard]] std::string host() const;
  [[nodiscard]] std::vector<SeenRequest> seen() const;
  /// Closes its socket: who connects is refused from then on.
  void stop();

 private:
  void run();
  void serve(int connection);

  const Handler handler_;
  int socket_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ends_ = false;
  mutable std::mutex mutex_;
  std::vector<SeenRequest> seen_;  // of mutex_
  std::thread thread_;             // the last: it uses the others
};

}  // namespace wasm_grpc::registry
