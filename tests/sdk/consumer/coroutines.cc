// Compiled so that docs/guest-coroutines.md shows code that compiles.
#include <chrono>
#include <string>
#include <vector>

#include "guestbook.guest.h"
#include "wasm_grpc/guest.h"

using namespace std::chrono_literals;
using namespace wasm_grpc::guest;
using guestbook::Entry;
using guestbook::Summary;

namespace {

class Guestbook : public guestbook::Guestbook::Async {
 public:
  Task<Result<Summary>> Sign(Context&, const Entry& entry) override {
    entries_.push_back(entry);
    signed_.notify_all();
    co_return Summary{.entries = static_cast<std::int32_t>(entries_.size())};
  }

  Task<Status> List(Context&, const Summary&, OutStream<Entry>& out) override {
    for (std::size_t next = 0;; ++next) {
      while (next == entries_.size()) co_await signed_.wait();  // until somebody signs
      const Entry entry = entries_[next];
      if (!co_await out.write(entry)) co_return Status::ok();  // waits while the client is slow
    }
  }

  Task<Status> Chat(Context&, Stream<Entry, Entry>& stream) override {
    while (const Entry* entry = co_await stream.read()) {  // waits for each
      co_await stream.write(*entry);
    }
    co_return Status::ok();
  }

 private:
  std::vector<Entry> entries_;  // of all calls
  Condition signed_;
};

Task<Status> remind(Context&, Stream<Bytes, Bytes>& stream) {
  for (;;) {
    switch (co_await select(stream.readable(), sleep(10s))) {
      case 0:
        if (!co_await stream.read()) co_return Status::ok();
        break;
      case 1:
        co_await stream.write("are you still there?");
        break;
    }
  }
}

Task<std::string> first_word(InStream<Bytes>& in) {
  const auto message = co_await in.read();
  co_return message ? message->copy() : "nothing";
}

Task<Reply> greet(Context&, InStream<Bytes>& in) {
  const std::string word = co_await first_word(in);
  co_return "you said " + word;
}

int minutes = 0;

void tick() { ++minutes; }
void save() { log(LogLevel::info, "here for " + std::to_string(minutes) + " minutes"); }

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_in_process();
  registry.on_alarm([] {
    tick();
    set_alarm(1min);
  });
  registry.on_ending([] { save(); });
  registry.serve<Guestbook>();
  registry.service("hello.Coroutines")
      .bidi_stream("Remind", remind)
      .client_stream("Greet", greet)
      .unary("Plain", [](Context&, Bytes) -> Reply { return "a handler beside them"; });
}
