// test.Guest (conformance.proto): a guest that does, well or badly, what the end-to-end tests ask of it.
#include <charconv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

/// All request messages of conformance.proto at once: no field number has two meanings of one type.
struct Request {
  std::uint32_t number = 0;    // 1: code, milliseconds, number
  std::string_view text;       // 1: text; 2: message
  std::uint32_t flag = 0;      // 2: by_wait
  std::uint32_t messages = 0;  // 3
  Bytes details;               // 4

  [[nodiscard]] bool parse(Bytes bytes) {
    wire::Reader in(bytes);
    while (in.next()) {
      switch (in.tag()) {
        case wire::varint_tag(1):
          number = in.uint32();
          break;
        case wire::varint_tag(2):
          flag = in.uint32();
          break;
        case wire::varint_tag(3):
          messages = in.uint32();
          break;
        case wire::bytes_tag(4):
          details = in.bytes();
          break;
        case wire::bytes_tag(1):
        case wire::bytes_tag(2):
          text = in.bytes().text();  // whatever it is: what the host makes of it is tested
          break;
      }
    }
    return in.ok();
  }
};

Status malformed() { return Status::invalid_argument("the request is not the message of this method"); }

Reply number_reply(Context& context, std::uint64_t number) {
  std::string& out = context.scratch();
  wire::Writer(out).uint64(1, number);
  return Bytes(out);
}

Reply echo_metadata(Context& context, Bytes) {
  std::string& out = context.scratch();
  wire::Writer writer(out);
  std::uint32_t refused = 0;
  for (const auto& [key, value] : context.metadata()) {
    writer.message(1, [&, &k = key, &v = value](wire::Writer& entry) { entry.text(1, k).bytes(2, v); });
    if (!context.add_header(key, value)) ++refused;
    if (!context.add_trailer(key, value)) ++refused;
  }
  writer.uint32(2, refused);
  return Bytes(out);
}

Status failure(const Request& request) {
  return Status(static_cast<StatusCode>(request.number), std::string(request.text))
      .with_details(request.details.copy());
}

Reply fail(Context&, Bytes bytes) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  return failure(request);
}

Status fail_stream(Context&, Bytes bytes, Writer& out) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  for (std::uint32_t i = 0; i < request.messages; ++i) {
    if (!out.write("")) return Status::cancelled();
  }
  return failure(request);
}

bool sleep(Context& context, const Request& request) {
  if (request.flag != 0) return context.sleep_for(std::chrono::milliseconds(request.number));
  const timespec time{.tv_sec = static_cast<time_t>(request.number / 1000),
                      .tv_nsec = static_cast<long>(request.number % 1000) * 1'000'000};
  return nanosleep(&time, nullptr) == 0;
}

Reply sleep_and_reply(Context& context, Bytes bytes) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  if (!sleep(context, request)) return Status::cancelled("the sleep was cut short");
  return "";
}

Status early_headers(Context& context, Bytes bytes, Writer& out) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  if (!context.add_header("x-early", "yes") || !context.send_headers()) return Status::internal("no headers");
  if (!sleep(context, request) || !out.write("")) return Status::cancelled();
  return Status::ok();
}

Reply print(Context&, Bytes bytes) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  const int size = static_cast<int>(request.text.size());
  std::printf("out: %.*s\n", size, request.text.data());
  std::fflush(stdout);
  std::fprintf(stderr, "err: %.*s\n", size, request.text.data());
  log(LogLevel::warn, std::string("log: ").append(request.text));
  return "";
}

Reply spin(Context&, Bytes) {
  volatile std::uint32_t turns = 0;
  for (;;) turns = turns + 1;
}

/// A linear congruential generator, as many thousand steps on.
std::uint32_t compute(std::uint32_t thousands) {
  std::uint32_t state = 1;
  for (std::uint32_t i = 0; i < thousands; ++i) {
    for (int round = 0; round < 1000; ++round) {
      state = state * 1664525 + 1013904223;
      asm volatile("" : "+r"(state));  // step by step
    }
  }
  return state;
}

Reply burn(Context& context, Bytes bytes) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  return number_reply(context, compute(request.number));
}

Status burn_each(Context& context, Reader& in, Writer& out) {
  for (Bytes bytes : in) {
    Request request;
    if (!request.parse(bytes)) return malformed();
    std::string& reply = context.scratch();
    reply.clear();
    wire::Writer(reply).uint64(1, compute(request.number));
    if (!out.write(reply)) break;
  }
  return Status::ok();
}

Reply trap(Context&, Bytes) { __builtin_trap(); }

[[gnu::noinline]] std::uint32_t deeper(volatile std::uint32_t* above) {
  volatile std::uint32_t here[64] = {*above};
  return deeper(here) + here[1];
}

Reply overflow(Context& context, Bytes) {
  volatile std::uint32_t top = 1;
  return number_reply(context, deeper(&top));
}

Reply exit_guest(Context&, Bytes) { std::exit(3); }

Reply grow(Context& context, Bytes bytes) {
  static std::uint64_t kept = 0;
  Request request;
  if (!request.parse(bytes)) return malformed();
  for (std::uint32_t i = 0; i < request.number; ++i) {
    constexpr std::size_t mebibyte = 1 << 20;
    void* const memory = std::malloc(mebibyte);
    if (memory == nullptr) return Status::resource_exhausted("malloc gave nothing");
    std::memset(memory, 0x5A, mebibyte);
    asm volatile("" : : "r"(memory) : "memory");  // or the compiler leaves out memory that nobody reads
    ++kept;
  }
  return number_reply(context, kept);
}

Reply count(Context& context, Bytes) {
  static std::uint64_t asked = 0;
  return number_reply(context, ++asked);
}

Reply deadline(Context& context, Bytes) {
  const auto left = context.time_left();
  std::string& out = context.scratch();
  wire::Writer(out).boolean(1, left.has_value()).int64(2, left ? left->count() : 0);
  return Bytes(out);
}

Reply info(Context& context, Bytes) {
  std::string& out = context.scratch();
  wire::Writer writer(out);
  writer.text(1, context.path()).text(2, context.authority()).text(3, context.peer());
  if (const auto peer = context.tls_peer()) writer.text(4, peer->value);
  static constexpr std::string_view kinds[] = {"dns", "uri", "cn", "email", "ip", "unknown"};
  for (const TlsName& name : context.tls_names()) {
    writer.text(5, std::string(kinds[static_cast<std::size_t>(name.kind)]) + ":" + name.value);
  }
  if (const auto subject = context.token_subject()) writer.text(6, *subject);
  if (const auto claims = context.token_claims()) writer.text(7, *claims);
  return Bytes(out);
}

/// Keeps nothing on the stack in the guest's memory, which ends before the one that the host limits.
[[gnu::noinline]] std::uint32_t recurse(std::uint32_t depth) {
  if (depth == 0) return 0;
  const std::uint32_t below = recurse(depth - 1);
  asm volatile("" ::: "memory");  // so that it does not become a loop
  return below + 1;
}

Reply recurse_as_asked(Context& context, Bytes bytes) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  return number_reply(context, recurse(request.number));
}

Reply content_subtype(Context& context, Bytes) {
  std::string& out = context.scratch();
  return Bytes(out = context.content_subtype().value_or(""));
}

Status wait_cancel(Context& context, Reader&, Writer& out) {
  if (out.write("")) context.wait_cancelled();
  log(LogLevel::info, "WaitCancel: cancelled");
  return Status::cancelled();
}

Status poll_cancel(Context& context, Reader&, Writer& out) {
  volatile std::uint32_t turns = 0;
  if (out.write("")) {
    while (turns % 10'000 != 0 || !context.cancelled()) turns = turns + 1;
  }
  log(LogLevel::info, "PollCancel: cancelled");
  return Status::cancelled();
}

Status flood(Context& context, Bytes bytes, Writer& out) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  std::string& message = context.scratch();
  wire::Writer(message).text(1, std::string(request.number, 'x'));
  std::uint64_t sent = 0;
  while (out.write(message)) ++sent;
  log(LogLevel::info, "Flood: sent " + std::to_string(sent));
  return Status::cancelled();
}

Reply sink(Context& context, Reader& in) {
  if (const auto pause = context.metadata("x-pause-ms")) {
    std::uint32_t milliseconds = 0;
    const auto read = std::from_chars(pause->data(), pause->data() + pause->size(), milliseconds);
    if (read.ec != std::errc()) return Status::invalid_argument("x-pause-ms is not a number");
    if (!context.sleep_for(std::chrono::milliseconds(milliseconds))) return Status::cancelled();
  }
  std::uint64_t messages = 0;
  std::uint64_t bytes = 0;
  for (Bytes message : in) {
    ++messages;
    bytes += message.size();
  }
  if (in.cancelled()) return Status::cancelled();
  std::string& out = context.scratch();
  wire::Writer(out).uint64(1, messages).uint64(2, bytes);
  return Bytes(out);
}

Bytes recompressed(Context& context, const Request& request) {
  const bool done = context.compress(request.flag != 0);
  std::string& out = context.scratch();
  wire::Writer(out).text(1, request.text).text(2, context.message_encoding().value_or("none")).boolean(3, done);
  return out;
}

Reply compress(Context& context, Bytes bytes) {
  Request request;
  if (!request.parse(bytes)) return malformed();
  return recompressed(context, request);
}

Status compress_each(Context& context, Reader& in, Writer& out) {
  if (context.metadata("x-announce")) {
    context.compress(true);
    context.compress(false);
  }
  for (Bytes message : in) {
    Request request;
    if (!request.parse(message)) return malformed();
    if (!out.write(recompressed(context, request))) return Status::cancelled();
  }
  return Status::ok();
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.service("test.Guest")
      .unary("EchoMetadata", echo_metadata)
      .unary("Fail", fail)
      .server_stream("FailStream", fail_stream)
      .unary("Sleep", sleep_and_reply)
      .server_stream("EarlyHeaders", early_headers)
      .unary("Print", print)
      .unary("Spin", spin)
      .unary("Burn", burn)
      .bidi_stream("BurnEach", burn_each)
      .unary("Trap", trap)
      .unary("Overflow", overflow)
      .unary("Exit", exit_guest)
      .unary("Grow", grow)
      .unary("Count", count)
      .unary("Deadline", deadline)
      .unary("Info", info)
      .unary("ContentSubtype", content_subtype)
      .unary("Recurse", recurse_as_asked)
      .bidi_stream("WaitCancel", wait_cancel)
      .bidi_stream("PollCancel", poll_cancel)
      .server_stream("Flood", flood)
      .client_stream("Sink", sink)
      .unary("Compress", compress)
      .bidi_stream("CompressEach", compress_each);
}
