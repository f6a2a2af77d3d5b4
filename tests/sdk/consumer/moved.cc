// Compiled so that docs/guest-cpp.md shows code that compiles: a service as handlers, and as coroutines.
#include <chrono>
#include <cstdint>
#include <string>

#include "guestbook.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace std::chrono_literals;
using guestbook::Entry;
using guestbook::Summary;

#ifdef BY_COROUTINES
class Book : public guestbook::Guestbook::Async {
 public:
  Task<Result<Summary>> SignAll(Context&, InStream<Entry>& in) override {
    Summary summary;
    while (const Entry* entry = co_await in.read()) summary.last = *entry;
    co_return summary;
  }

  Task<Status> List(Context& context, const Summary& wanted, OutStream<Entry>& out) override {
    for (std::int32_t page = 0; page < wanted.entries; ++page) {
      co_await context.sleep_for(10ms);
      if (!co_await out.write({.name = "page " + std::to_string(page)})) break;
    }
    co_return Status::ok();
  }

  Task<Status> Chat(Context&, Stream<Entry, Entry>& stream) override {
    auto& [in, out] = stream;
    while (const Entry* entry = co_await in.read()) {
      if (!co_await out.write(*entry)) break;
    }
    co_return Status::ok();
  }
};
#else
class Book : public guestbook::Guestbook {
 public:
  Result<Summary> SignAll(Context&, InStream<Entry>& in) override {
    Summary summary;
    while (const Entry* entry = in.read()) summary.last = *entry;
    return summary;
  }

  Status List(Context& context, const Summary& wanted, OutStream<Entry>& out) override {
    for (std::int32_t page = 0; page < wanted.entries; ++page) {
      context.sleep_for(10ms);
      if (!out.write({.name = "page " + std::to_string(page)})) break;
    }
    return Status::ok();
  }

  Status Chat(Context&, InStream<Entry>& in, OutStream<Entry>& out) override {
    while (const Entry* entry = in.read()) {
      if (!out.write(*entry)) break;
    }
    return Status::ok();
  }
};
#endif

WASM_GRPC_SERVICES(registry) { registry.serve<Book>(); }
