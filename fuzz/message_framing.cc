// The request stream of a call: 5-byte prefixes and messages, in portions of any size. However the bytes are cut, the
// messages and the verdict are the same.
//
// Input: the kind of method, the size of portions, the limit for messages; the rest is the stream.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "require.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::fuzz {
namespace {

class FuzzCall final : public rpc::Call {
 public:
  explicit FuzzCall(const rpc::Method& method) {
    request_.method = &method;
    retain();
  }
  using Call::missing_input;
  using Call::receive;
  using Call::receive_end;

  std::size_t consumed = 0;

 private:
  void output_ready() noexcept override {}
  void input_consumed(std::size_t bytes) noexcept override { consumed += bytes; }
  void recycle() noexcept override {}
};

struct Outcome {
  rpc::StatusCode code = rpc::StatusCode::ok;
  std::vector<std::string> messages;
};

Outcome receive(std::span<const std::byte> stream, std::size_t portion, std::size_t limit, rpc::MethodKind kind) {
  const rpc::Method method{"/fuzz.Fuzz/Call", kind, nullptr};
  FuzzCall call(method);
  Outcome outcome;
  const auto take_all = [&] {
    while (const auto message = call.message()) {
      require(message->size() <= limit, "no message is larger than the limit");
      outcome.messages.emplace_back(reinterpret_cast<const char*>(message->data()), message->size());
      call.pop_message();
    }
  };
  const std::size_t all = stream.size();
  while (!stream.empty() && outcome.code == rpc::StatusCode::ok) {
    const auto some = stream.first(std::min(portion, stream.size()));
    stream = stream.subspan(some.size());
    outcome.code = call.receive(some, limit).code;
    if (outcome.code != rpc::StatusCode::ok) break;
    require(call.missing_input() <= limit, "a call never waits for more than a message may have");
    if (rpc::streams_requests(kind)) take_all();
  }
  if (outcome.code == rpc::StatusCode::ok) outcome.code = call.receive_end().code;
  if (outcome.code == rpc::StatusCode::ok) take_all();
  require(call.consumed <= all, "the client gets no more window back than it has used");
  if (outcome.code == rpc::StatusCode::ok) require(call.requests_ended(), "all is taken at the end");
  return outcome;
}

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  if (size < 3) return 0;
  const auto kind = static_cast<rpc::MethodKind>(data[0] & 3);
  const std::size_t portion = 1 + data[1];
  const std::size_t limit = std::size_t{16} * data[2];
  const auto stream = std::as_bytes(std::span(data + 3, size - 3));
  const auto whole = fuzz::receive(stream, size, limit, kind);
  const auto cut = fuzz::receive(stream, portion, limit, kind);
  fuzz::require(whole.code == cut.code, "the verdict does not depend on the portions");
  if (whole.code == rpc::StatusCode::ok) {
    fuzz::require(whole.messages == cut.messages, "the messages do not depend on the portions");
  }
  return 0;
}
