// The host's side of ABI 1 in memory, for testing guest code natively: it defines the functions abi.h declares.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fake_made_calls.h"

namespace wasm_grpc::guest::testing {

struct FakeCall {
  std::deque<std::string> requests;
  int waits_per_request = 0;  // how often recv answers AGAIN, and wait() helps, before each request
  int waits_per_send = 0;     // the same for send
  bool ended = true;          // when there are no requests left, that is the end, rather than AGAIN
  int room = -1;              // how many messages may be sent before send answers AGAIN; any number when negative
  bool cancelled = false;     // from the moment there are no requests left
  bool cancelled_when_waiting = false;
  std::int64_t deadline = INT64_MAX;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::map<std::int32_t, std::string> info;
  bool accepts_compression = false;
  std::vector<std::int32_t> compress_calls;

  std::vector<std::string> sent;
  std::vector<std::pair<std::string, std::string>> headers;
  std::vector<std::pair<std::string, std::string>> trailers;
  bool headers_sent = false;
  std::optional<std::int32_t> http_status;
  std::optional<std::pair<std::int32_t, std::string>> finished;
  std::optional<std::int64_t> timer;  // the last one set

  int recv_calls = 0;
  int waits = 0;
  std::int64_t last_timeout = 0;
  int request_waits_left = -1;
  int send_waits_left = -1;
};

struct Declared {
  std::string path;
  std::int32_t kind;
  std::int32_t style;
  std::int32_t tag;
};

/// What the instances of a module share: wasm_grpc_atomics_1 and wasm_grpc_kv_1.
struct FakeSharedState {
  struct Counter {
    std::string name;
    std::int64_t value = 0;
  };
  struct Pair {
    std::string value;
    std::uint64_t version = 0;
    std::int64_t expires_ns = INT64_MAX;
  };
  std::vector<Counter> counters;  // by number
  std::size_t max_counters = 100;
  std::map<std::string, Pair> pairs;
  std::size_t max_pairs = 100;
  std::size_t max_value = 1000;
  std::uint64_t last_version = 0;
  std::int64_t now_ns = 0;
  bool away = false;                // no pair is answered for
  std::function<void()> after_get;  // once: what another instance does after the next get

  /// What was begun without waiting.
  struct Begun {
    std::int32_t action = 0;
    std::string answer = {};  // as take() gives it
    bool answered = false;
  };
  std::map<std::int32_t, Begun> begun;
  std::size_t max_begun = 100;
  std::int32_t last_begun = 0;
  bool answers_at_once = false;  // else when the test says so

  [[nodiscard]] Counter* counter(std::int32_t number);
  /// The pair of the key, if there is one whose time has not passed.
  [[nodiscard]] Pair* pair(const std::string& key);
};

/// Spans of a guest's own: wasm_grpc_trace_1.
struct FakeTrace {
  bool sampled = true;
  std::int32_t begun = 0;
  std::vector<std::string> done;
};

/// The host of the test that runs; one at a time.
class FakeHost {
 public:
  FakeHost();
  ~FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  std::vector<Declared> methods;
  std::vector<std::string> descriptors;
  std::optional<std::pair<std::int32_t, std::string>> placement;
  std::map<std::string, bool> serving;
  std::vector<std::pair<std::int32_t, std::string>> log;
  std::vector<std::string> call_log;  // "call level text key=value"
  std::size_t max_fields = 32;
  std::optional<std::int64_t> alarm;         // the last one set
  std::optional<std::int32_t> wants_ending;  // what was said last
  bool is_old = false;                       // it has no optional functions
  std::map<std::int32_t, FakeCall> calls;
  FakeSharedState shared;
  FakeTrace trace;
  FakeMadeCalls made;

  /// The fake that is alive.
  static FakeHost& current();
};

}  // namespace wasm_grpc::guest::testing
