// bench.Caller (caller.proto) as a guest, as users of the SDK write it: calls the target "echo".
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace std::chrono_literals;

namespace {

constexpr const char* unary_path = "/echo.Echo/Unary";
constexpr const char* bidi_path = "/echo.Echo/BidiStream";
constexpr const char* message =
    "\x0a\x05"
    "abcde";
constexpr std::chrono::nanoseconds patience = 10s;

const Target echo("echo");
const AsyncTarget async_echo("echo");

std::uint32_t count_of(Bytes request) {
  wire::Reader repeat(request);
  std::uint32_t count = 0;
  while (repeat.next()) {
    if (repeat.tag() == wire::varint_tag(1)) count = repeat.uint32();
  }
  return count;
}

std::string done(std::uint32_t count) {
  constexpr std::uint32_t kib_of_page = 64;
  std::string reply;
  const auto pages = static_cast<std::uint32_t>(__builtin_wasm_memory_size(0));
  wire::Writer(reply).fixed32(1, count).fixed32(2, pages * kib_of_page);
  return reply;
}

Reply forward(Context& context, Bytes request) {
  Result<std::string> reply = echo.unary(context, unary_path, request);
  if (!reply.is_ok()) return reply.status();
  std::string& answer = context.scratch();
  answer = std::move(*reply);
  return Bytes(answer);
}

Task<Reply> forward_async(Context& context, Bytes request) {
  Result<std::string> reply = co_await async_echo.unary(context, unary_path, request);
  if (!reply.is_ok()) co_return reply.status();
  co_return std::move(*reply);
}

Task<Reply> gather(Context& context, Bytes request) {
  auto [first, second, third] =
      co_await when_all(patience, async_echo.unary(context, unary_path, request),
                        async_echo.unary(context, unary_path, request), async_echo.unary(context, unary_path, request));
  std::string merged;
  for (const auto* reply : {&first, &second, &third}) {
    if (!reply->is_ok()) co_return reply->status();
    merged += **reply;
  }
  co_return merged;
}

Reply drive(Context& context, Bytes request) {
  const std::uint32_t count = count_of(request);
  for (std::uint32_t made = 0; made < count; ++made) {
    const auto reply = echo.unary(context, unary_path, Bytes(message));
    if (!reply.is_ok()) return reply.status();
    if (*reply != message) return Status::internal("the echo is another message");
  }
  std::string& answer = context.scratch();
  answer = done(count);
  return Bytes(answer);
}

Task<Reply> drive_async(Context& context, Bytes request) {
  const std::uint32_t count = count_of(request);
  for (std::uint32_t made = 0; made < count; ++made) {
    const auto reply = co_await async_echo.unary(context, unary_path, Bytes(message));
    if (!reply.is_ok()) co_return reply.status();
    if (*reply != message) co_return Status::internal("the echo is another message");
  }
  co_return done(count);
}

Task<Status> hold(Context& context, Bytes request, OutStream<Bytes>& out) {
  const std::uint32_t count = count_of(request);
  const Bytes sent(message);
  std::vector<std::unique_ptr<CallStream<Bytes, std::string>>> streams;
  streams.reserve(count);
  while (streams.size() < count) {
    streams.push_back(std::make_unique<CallStream<Bytes, std::string>>(context, "echo", bidi_path, CallOptions{}));
    CallStream<Bytes, std::string>& stream = *streams.back();
    if (!co_await stream.write(sent)) co_return co_await stream.finish();
    const std::string* const reply = co_await stream.read();
    if (reply == nullptr) co_return co_await stream.finish();
    if (*reply != message) co_return Status::internal("the echo is another message");
  }
  const std::string answer = done(count);
  if (!co_await out.write(Bytes(answer))) co_return Status::cancelled();
  Condition never;
  co_await never.wait();
  co_return Status::ok();
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  require_target("echo");
  registry.service("bench.Caller")
      .unary("Forward", forward)
      .unary("ForwardAsync", forward_async)
      .unary("Gather", gather)
      .unary("Drive", drive)
      .unary("DriveAsync", drive_async)
      .server_stream("Hold", hold);
}
