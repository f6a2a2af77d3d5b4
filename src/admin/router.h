// Which page a request is for.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "admin/gate.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::admin {

/// A GET or HEAD.
struct Request {
  std::string_view path;
  std::string_view query;   // what follows '?'
  std::string_view accept;  // the header
};

struct Reply {
  int status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body = {};
  std::vector<std::pair<std::string, std::string>> headers = {};
};

/// Why the gate does not let in who calls; nothing where it does.
[[nodiscard]] std::optional<Reply> refuse(const Gate& gate, const rpc::Call& call);
/// Answers a call.
void send(rpc::Call& call, const Reply& reply);

/// All of HTTP that is asked at the admin address.
class Router final : public rpc::Handler {
 public:
  using Page = std::function<Reply(const Request& request)>;
  enum class For : std::uint8_t {
    everybody,
    those_let_in,  // by the gate
  };

  explicit Router(Gate gate) : gate_(std::move(gate)) {}
  void add(std::string path, For whom, Page page) { pages_.emplace(std::move(path), Entry{whom, std::move(page)}); }

  void start(rpc::Call& call) noexcept override;

 private:
  struct Entry {
    For whom;
    Page page;
  };
  [[nodiscard]] Reply answer(const rpc::Call& call) const;

  const Gate gate_;
  std::map<std::string, Entry, std::less<>> pages_;
};

}  // namespace wasm_grpc::admin
