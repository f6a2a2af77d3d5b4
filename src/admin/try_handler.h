// /try: which methods can be tried, and to try one.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <unordered_set>

#include "admin/gate.h"
#include "admin/trials.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::admin {

/// GET /try lists the methods, GET /try?method=PATH has a request to be filled in, and POST /try makes a call; all in
/// JSON. Who may see the page may do so, but no other web page: what is posted must say that it is JSON, which those
/// may not without being asked, and comes from nowhere else where it says from where. On the admin's thread.
class TryHandler final : public rpc::Handler {
 public:
  /// Calls at once, of all who ask.
  static constexpr std::size_t most_at_once = 4;
  /// Bytes of what is posted.
  static constexpr std::size_t most_body = std::size_t{64} << 10;
  static constexpr std::chrono::milliseconds default_timeout{10'000}, longest_timeout{30'000};

  /// Runs a function on the admin's thread, from any thread.
  using Post = std::function<void(std::function<void()> function)>;
  TryHandler(Gate gate, std::shared_ptr<Trials> trials, Post post)
      : gate_(std::move(gate)), trials_(std::move(trials)), post_(std::move(post)) {}
  ~TryHandler() override;

  void start(rpc::Call& call) noexcept override;

 private:
  class Exchange;

  void answer(rpc::Call& call);
  void forget(const std::shared_ptr<Exchange>& exchange) noexcept { exchanges_.erase(exchange); }

  const Gate gate_;
  const std::shared_ptr<Trials> trials_;
  const Post post_;
  std::unordered_set<std::shared_ptr<Exchange>> exchanges_;  // that are posted, and not answered
};

}  // namespace wasm_grpc::admin
