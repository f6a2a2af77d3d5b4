// The store in coroutines, and the state of actors, over the fake host.
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <vector>

#include "fake_host.h"
#include "wasm_grpc/guest.h"
#include "wasm_grpc/guest/actor_state.h"
#include "wasm_grpc/guest/kv_async.h"
#include "wasm_grpc/guest/wire_codec.h"

namespace wasm_grpc::guest::testing {

/// A message as generated code has it: one string of bytes.
struct Text {
  std::string text;
};
inline const char* merge_fields(const char* at, const char* end, int, std::uint32_t, Text& message) {
  message.text.assign(at, end);
  return message.text == "broken" ? nullptr : end;
}
// Inlined, GCC 12 warns of sizes that no string here can have.
[[gnu::noinline]] inline char* write_fields(char* at, wire::Encoder& out, const Text& message) {
  return out.bytes(at, message.text);
}

namespace {

using Strings = std::vector<std::string>;

class KvCoroutines : public ::testing::Test {
 protected:
  /// Opens a call of the method declared last; returns its number.
  std::int32_t open(std::string key = "a") {
    FakeCall call;
    call.requests = {""};
    if (!key.empty()) call.metadata = {{"key", key}};
    host_.calls[++last_] = std::move(call);
    registry_.event(last_, abi::event_open, host_.methods.back().tag);
    return last_;
  }
  /// Has what was begun answered, and tells of it.
  void answer(std::int32_t number) {
    host_.shared.begun.at(number).answered = true;
    registry_.event(number, abi::event_store, host_.shared.begun.at(number).action);
  }
  /// All that is begun, until nothing is.
  void answer_all() {
    while (!host_.shared.begun.empty()) answer(host_.shared.begun.begin()->first);
  }
  [[nodiscard]] Strings sent(std::int32_t id) { return host_.calls[id].sent; }
  [[nodiscard]] std::int32_t code(std::int32_t id) {
    const auto& finished = host_.calls[id].finished;
    return finished ? finished->first : -1;
  }
  template <typename Handler>
  void serve(Handler handler) {
    registry_.service("test.Service").unary("Method" + std::to_string(host_.methods.size()), handler);
  }

  FakeHost host_;
  Registry registry_;
  std::int32_t last_ = 0;
};

TEST_F(KvCoroutines, WaitForTheStoreWhileOthersGoOn) {
  serve([](Context& context, Bytes) -> Task<Reply> {
    const std::string value(1000, 'v');
    const kv::SetResult set = co_await kv::set(context, "k", value);
    const auto found = co_await kv::get(context, "k");
    const kv::FindResult none = co_await kv::find(context, "none");
    co_return std::to_string(found->value.size()) + (found->version == set.version ? " same" : "") +
        (none.outcome == kv::Outcome::absent ? " absent" : "");
  });
  const std::int32_t one = open();
  const std::int32_t other = open();
  EXPECT_EQ(code(one), -1);
  EXPECT_EQ(host_.shared.begun.size(), 2u);
  answer(2);
  answer(3);
  answer(4);
  EXPECT_EQ(sent(other), Strings{"1000 same absent"});
  EXPECT_EQ(code(one), -1);
  answer_all();
  EXPECT_EQ(code(one), 0);
  EXPECT_TRUE(host_.shared.begun.empty());
}

TEST_F(KvCoroutines, HaveAllThatHandlersHave) {
  host_.shared.answers_at_once = true;
  serve([](Context& context, Bytes) -> Task<Reply> {
    const kv::Changes changes = kv::Changes().set("a", "1").set("b", "2").set("c", "3");
    const kv::ChangesResult all = co_await kv::change_all(context, changes);
    const kv::Page page = co_await kv::list(context, "", "a", 10);
    const Strings keys = {"a", "none"};
    const kv::ManyFound many = co_await kv::get_many(context, keys);
    const kv::SwapResult swapped = co_await kv::swap(context, "a", "4");
    const kv::Outcome removed = co_await kv::remove(context, "c");
    const kv::Changes removal = kv::Changes().remove("c");
    const kv::ChangesResult each = co_await kv::change_each(context, removal);
    EXPECT_EQ(all.each.size(), 3u);
    EXPECT_EQ(page.pairs.size(), 2u);
    EXPECT_EQ(page.next, "c");
    EXPECT_EQ(many.found[0].found.value, "1");
    EXPECT_EQ(many.found[1].outcome, kv::Outcome::absent);
    EXPECT_EQ(swapped.old.found.value, "1");
    EXPECT_EQ(removed, kv::Outcome::ok);
    EXPECT_EQ(each.each[0].outcome, kv::Outcome::absent);
    co_return "";
  });
  EXPECT_EQ(code(open()), 0);
}

TEST_F(KvCoroutines, AreToldWhatTheHostRefuses) {
  host_.shared.max_begun = 0;
  serve([](Context& context, Bytes) -> Task<Reply> {
    const kv::SetResult set = co_await kv::set(context, "k", "v");
    EXPECT_EQ(set.outcome, kv::Outcome::full);
    co_return "";
  });
  EXPECT_EQ(code(open()), 0);
}

TEST_F(KvCoroutines, ThatAreCancelledLeaveNothingBehind) {
  serve([](Context& context, Bytes) -> Task<Reply> {
    (void)co_await kv::get(context, "k");
    co_return "";
  });
  const std::int32_t id = open();
  host_.calls[id].cancelled = true;
  registry_.event(id, abi::event_cancelled, 0);
  EXPECT_TRUE(host_.shared.begun.empty());
  registry_.event(1, abi::event_store, 0);  // of nothing any more
}

TEST_F(KvCoroutines, WatchKeys) {
  Strings told;
  serve([&](Context& context, Bytes) -> Task<Reply> {
    const kv::Watch watch = kv::watch_prefix(context, "a/");
    while (true) {
      const kv::Changed changed = co_await watch.next();
      if (changed.all) co_return "";
      for (const std::string& key : changed.keys) told.push_back(key);
    }
  });
  const std::int32_t id = open();
  FakeSharedState::Begun& watch = host_.shared.begun.at(1);
  const auto tell = [&](std::int64_t all, const Strings& keys) {
    watch.answer.clear();
    kv::detail::append(watch.answer, all);
    watch.answer += kv::detail::request_of_keys(keys);
    answer(1);
  };
  tell(0, {"a/1", "a/2"});
  tell(0, {"a/1"});
  EXPECT_EQ(told, (Strings{"a/1", "a/2", "a/1"}));
  tell(1, {});
  EXPECT_EQ(code(id), 0);
  EXPECT_TRUE(host_.shared.begun.empty());
}

// ---- Actors ----

class Actors : public KvCoroutines {
 protected:
  Actors() {
    serve([this](Context& context, Bytes) -> Task<Reply> {
      std::string after;
      const auto add = [&after](Text& state) {
        if (state.text.size() >= 5) return Status::failed_precondition("it is full");
        after = state.text += "x";
        return Status::ok();
      };
      const Status done = co_await actor_.update(context, add);
      if (!done.is_ok()) co_return done;
      co_return after;
    });
  }
  [[nodiscard]] std::string stored() { return host_.shared.pairs.at("actor/a").value; }

  ActorState<Text> actor_{"actor/", "key"};
};

TEST_F(Actors, LoadTheirStateAtTheFirstCallAndWriteEachChange) {
  host_.shared.pairs["actor/a"] = {"old ", 7, INT64_MAX};
  host_.shared.last_version = 7;
  const std::int32_t first = open();
  const std::int32_t second = open();
  EXPECT_EQ(host_.shared.begun.size(), 1u) << "one after the other";
  answer_all();
  EXPECT_EQ(sent(first), Strings{"old x"});
  EXPECT_EQ(code(second), 9) << "which was told by the function, and changed nothing";
  EXPECT_EQ(stored(), "old x");
}

TEST_F(Actors, ThatAreBehindAbortTheirCallAndReadAgain) {
  host_.shared.answers_at_once = true;
  EXPECT_EQ(sent(open()), Strings{"x"});
  EXPECT_TRUE(kv::set("actor/a", "yy"));  // by another process
  EXPECT_EQ(code(open()), 10);
  EXPECT_EQ(stored(), "yy");
  EXPECT_EQ(sent(open()), Strings{"yyx"});
}

TEST_F(Actors, DoNotOverwriteWhatIsMadeMeanwhile) {
  const std::int32_t id = open();
  answer(1);  // there is none
  host_.shared.pairs["actor/a"] = {"theirs", 9, INT64_MAX};
  host_.shared.begun.at(2).answer.clear();
  kv::detail::append(host_.shared.begun.at(2).answer, std::int64_t{WASM_GRPC_KV_CONFLICT});
  answer(2);
  EXPECT_EQ(code(id), 10);
  EXPECT_EQ(stored(), "theirs");
}

TEST_F(Actors, ReadAgainWhatIsNotKnown) {
  host_.shared.answers_at_once = true;
  EXPECT_EQ(sent(open()), Strings{"x"});
  host_.shared.away = true;
  EXPECT_EQ(code(open()), 14);
  host_.shared.away = false;
  EXPECT_TRUE(kv::set("actor/a", "xz"));  // as it may have come about
  EXPECT_EQ(sent(open()), Strings{"xzx"});
}

TEST_F(Actors, WhoseCallIsCancelledAmidAChangeReadAgain) {
  const std::int32_t first = open();
  answer(1);
  const std::int32_t second = open();
  host_.calls[first].cancelled = true;
  registry_.event(first, abi::event_cancelled, 0);
  answer_all();
  EXPECT_EQ(sent(second), Strings{"xx"}) << "the change of the first was made";
}

TEST_F(Actors, HaveANameAndAStateThatCanBeRead) {
  host_.shared.answers_at_once = true;
  EXPECT_EQ(code(open("")), 3);
  host_.shared.pairs["actor/a"] = {"broken", 7, INT64_MAX};
  EXPECT_EQ(code(open()), 15);
  EXPECT_EQ(stored(), "broken");
}

TEST_F(Actors, ChangeAndLookWithoutACall) {
  host_.shared.answers_at_once = true;
  const auto add = [](Text& state) {
    state.text += "z";
    return Status::ok();
  };
  EXPECT_EQ(actor_.update_now(add).code(), StatusCode::aborted) << "it does not know whose it is";
  EXPECT_EQ(sent(open()), Strings{"x"});
  EXPECT_TRUE(actor_.update_now(add).is_ok());
  EXPECT_EQ(stored(), "xz");
  serve([this](Context& context, Bytes) -> Task<Reply> {
    std::string seen;
    const auto look = [&seen](const Text& state) {
      seen = state.text;
      return Status::ok();
    };
    const Status read = co_await actor_.read(context, look);
    if (!read.is_ok()) co_return read;
    co_return seen;
  });
  EXPECT_EQ(sent(open()), Strings{"xz"});
  EXPECT_TRUE(kv::set("actor/a", "theirs"));
  EXPECT_EQ(sent(open()), Strings{"theirs"}) << "as it is in the store";
}

}  // namespace
}  // namespace wasm_grpc::guest::testing
