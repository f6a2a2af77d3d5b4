// Calls that a guest makes, wasm_grpc_client_1, as the fake host has them: tests say what comes of them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace wasm_grpc::guest::testing {

using FakePairs = std::vector<std::pair<std::string, std::string>>;

struct FakeMadeCall {
  // What the guest asked for, and did.
  std::string target;
  std::string path;
  std::int32_t kind = 0;
  std::int64_t timeout = 0;
  std::int32_t parent = 0;
  FakePairs metadata;
  std::vector<std::string> sent;
  bool half_closed = false;
  bool closed = false;

  // What comes back.
  std::deque<std::string> responses;
  std::optional<std::int32_t> status;
  std::string message;
  std::string details;
  FakePairs headers;
  FakePairs trailers;
  int room = -1;  // how many messages may be sent before send answers AGAIN; any number when negative

  /// Ends it with these responses.
  void answer(std::vector<std::string> all, std::int32_t code = 0, std::string text = {}) {
    responses.insert(responses.end(), all.begin(), all.end());
    status = code;
    message = std::move(text);
  }
};

struct FakeMadeCalls {
  std::map<std::int32_t, FakeMadeCall> calls;    // by number, closed ones too
  std::function<void(FakeMadeCall&)> when_made;  // told of each, which it may answer at once
  std::function<bool()> while_waiting;  // makes something come about; false: the time passes, or the call served ends
  bool served_is_over = false;          // what while_waiting() false means
  bool in_events = false;               // nothing may wait
  std::int32_t refusal = 0;             // what open answers instead of a number
  std::vector<std::string> required;
  int waits = 0;

  [[nodiscard]] FakeMadeCall* live(std::int32_t number);
  /// The one made last.
  [[nodiscard]] FakeMadeCall& last() { return calls.rbegin()->second; }
  /// What of wasm_grpc_client_interest holds.
  [[nodiscard]] static std::int32_t holding(const FakeMadeCall& call);
};

}  // namespace wasm_grpc::guest::testing
