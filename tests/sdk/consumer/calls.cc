// Compiled so that docs/guest-cpp.md, "Call other services", shows code that compiles.
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "guestbook.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace std::chrono_literals;
using guestbook::Entry;
using guestbook::Summary;

namespace {

class Visitors : public guestbook::Guestbook {
 public:
  Result<Summary> Sign(Context& context, const Entry& entry) override {
    Result<Summary> summary = book_.Sign(context, entry);  // waits for the answer
    if (!summary.is_ok()) return summary.status();
    summary->entries += 1;
    return summary;
  }

  Result<Summary> SignAll(Context& context, MessageReader<Entry>& in) override {
    auto out = book_.SignAll(context, {.timeout = 2s, .metadata = {{"x-visitor", "group"}}});
    for (const Entry& entry : in) {
      if (!out.write(entry)) break;  // the call has ended; finish() tells why
    }
    return out.finish();
  }

  Status List(Context& context, const Summary& request, MessageWriter<Entry>& out) override {
    auto entries = book_.List(context, request);
    for (const Entry& entry : entries) {
      if (!out.write(entry)) return Status::cancelled();
    }
    return entries.finish();
  }

  Status Chat(Context& context, MessageReader<Entry>& in, MessageWriter<Entry>& out) override {
    auto chat = book_.Chat(context);
    for (const Entry& entry : in) {
      if (!chat.write(entry)) break;
      const Entry* answer = chat.read();
      if (answer == nullptr || !out.write(*answer)) break;
    }
    return chat.finish();
  }

 private:
  guestbook::Guestbook::Stub book_{"book"};
};

// Coroutines, and handlers that make several calls at once.

Task<Result<Summary>> sign_in_both(Context& context, Entry entry) {
  const guestbook::Guestbook::Async::Stub here("book");
  const guestbook::Guestbook::Async::Stub there("other-book");
  auto [first, second] = co_await when_all(200ms, here.Sign(context, entry), there.Sign(context, entry));
  if (!first.is_ok()) co_return second;  // DEADLINE_EXCEEDED where neither came in time
  co_return first;
}

Task<std::string> names_in(Context& context, Summary which) {
  const guestbook::Guestbook::Async::Stub book("book");
  auto entries = book.List(context, which);
  std::string names;
  while (const Entry* entry = co_await entries.read()) names += entry->name + "\n";
  const Status status = co_await entries.finish();
  co_return status.is_ok() ? names : status.message();
}

Reply in_a_handler(Context& context, const Entry& entry) {
  const guestbook::Guestbook::Async::Stub book("book");
  PendingReply first = book.Sign(context, entry);  // they go on together
  PendingReply second = book.Sign(context, entry);
  auto [one, two] = wait_all(200ms, std::move(first), std::move(second));
  if (!one.is_ok()) return one.status();
  return std::to_string(one->entries + two->entries);
}

Reply bytes(Context& context, Bytes request) {
  const Target any("book");
  auto response = any.unary(context, "/guestbook.Guestbook/Sign", request);  // a std::string
  return response.is_ok() ? Reply(std::move(*response)) : Reply(response.status());
}

class Coroutines : public guestbook::Guestbook::Async {
 public:
  Task<Result<Summary>> Sign(Context& context, const Entry& entry) override {
    auto names = co_await names_in(context, Summary{});
    log(LogLevel::debug, names);
    co_return co_await sign_in_both(context, entry);
  }
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  require_target("book");
#if defined(CALLS_BY_COROUTINES)
  registry.serve<Coroutines>();
#else
  registry.serve<Visitors>();
#endif
  registry.service("calls.More").unary("Bytes", bytes).unary("Both", [](Context& context, Bytes request) -> Reply {
    Entry entry;
    if (!decode(request, entry)) return Status::internal("no entry");
    return in_a_handler(context, entry);
  });
}
