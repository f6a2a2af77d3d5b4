// A program of your own that serves a guest: what `wasm-grpc serve` does, a native method beside the guest's, and host
// functions that the guest calls.
//
//   embed GUEST.wasm [ADDRESS:PORT]

#include <google/protobuf/descriptor.pb.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <sstream>
#include <string>
#include <thread>

#include "native.pb.h"
#include "wasm_grpc/server.h"

namespace {

using namespace wasm_grpc;

/// Echoes a stream of messages natively, as they come: a handler over rpc::Call, the seam guests are served through.
class NativeEcho final : public rpc::Handler {
 public:
  void start(rpc::Call& call) noexcept override {
    call.retain();
    auto* stream = new Stream;
    call.set_listener(stream);
    stream->pump(call);
  }

 private:
  struct Stream final : rpc::CallListener {
    void pump(rpc::Call& call) noexcept {
      while (const auto message = call.message()) {
        if (call.send(*message) != rpc::SendResult::ok) return;  // on_writable() or on_cancelled() goes on
        call.pop_message();
      }
      if (call.requests_ended()) {
        call.finish({});
        end(call);
      }
    }
    void on_readable(rpc::Call& call) noexcept override { pump(call); }
    void on_writable(rpc::Call& call) noexcept override { pump(call); }
    void on_cancelled(rpc::Call& call) noexcept override { end(call); }
    void end(rpc::Call& call) noexcept {
      call.set_listener(nullptr);
      call.release();
      delete this;
    }
  };
};

/// Host functions with a state: `visits.count(name) -> i64`. All instances of a guest module share its count.
HostModule visits() {
  struct Visits {
    std::atomic<std::int64_t> count = 0;
  };
  HostModule module("visits");
  module.module_state<Visits>([](const ModuleOptions&) { return std::make_shared<Visits>(); })
      .function("count", [](ModuleState<Visits> visits, std::string_view name) -> std::int64_t {
        return name.empty() ? visits->count.load() : ++visits->count;
      });
  return module;
}

/// Stands for a database, or whatever takes its time and has threads of its own: it answers one question after the
/// other.
class Database {
 public:
  using Answer = std::function<void(const std::string* found)>;

  void find(std::string name, Answer answer) {
    const std::lock_guard lock(mutex_);
    questions_.push_back({std::move(name), std::move(answer)});
    asked_.notify_one();
  }

 private:
  struct Question {
    std::string name;
    Answer answer;
  };

  void run(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (asked_.wait(lock, stop, [this] { return !questions_.empty(); })) {
      const Question question = std::move(questions_.front());
      questions_.pop_front();
      lock.unlock();
      const auto found = people_.find(question.name);
      question.answer(found == people_.end() ? nullptr : &found->second);
      lock.lock();
    }
  }

  const std::map<std::string, std::string> people_ = {{"Ada", "wrote the first program"},
                                                      {"Grace", "wrote the first compiler"}};
  std::mutex mutex_;
  std::condition_variable_any asked_;
  std::deque<Question> questions_;
  std::jthread thread_{[this](const std::stop_token& stop) { run(stop); }};
};

/// A host function that answers later: `people.find(name, text) -> i32`. Its guest waits, its worker does not.
HostModule people(Database& database) {
  HostModule module("people");
  module.function("find", [&database](Completion<std::int32_t> done, std::string_view name, std::span<std::byte> text) {
    database.find(std::string(name), [done, text](const std::string* found) {
      if (found == nullptr) {
        done.complete(-1);
        return;
      }
      // Back on the guest's worker: only there may its memory be touched.
      done.complete_with([found = *found, text](Caller&) {
        if (found.size() <= text.size()) std::ranges::copy(std::as_bytes(std::span(found)), text.begin());
        return static_cast<std::int32_t>(found.size());
      });
    });
  });
  return module;
}

rpc::Status count_words(rpc::Call&, std::span<const std::byte> request, std::vector<std::byte>& response) {
  embed::Text text;
  if (!text.ParseFromArray(request.data(), static_cast<int>(request.size()))) {
    return {rpc::StatusCode::internal, "the request is no embed.Text"};
  }
  std::istringstream words(text.text());
  embed::WordCount reply;
  for (std::string word; words >> word;) reply.set_words(reply.words() + 1);
  response.resize(reply.ByteSizeLong());
  reply.SerializeToArray(response.data(), static_cast<int>(response.size()));
  return {};
}

Result<> serve(const std::string& guest, const std::string& address) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: sigwait() below gets them

  Database database;  // outlives the server, whose guests use it

  // 1. Load modules with their limits.
  ServerOptions options;
  options.workers = 1;
  options.max_instances = 100;
  options.guests.max_memory_bytes = std::size_t{32} << 20;
  auto created = Server::create(options);
  if (!created.ok()) return std::move(created).error();
  Server& server = *created.value();

  // 2. Give guests functions of your own.
  if (auto added = server.add_host_module(visits()); !added.ok()) return added;
  if (auto added = server.add_host_module(people(database)); !added.ok()) return added;

  ModuleOptions module;
  module.environment = {{"GREETING", "Welcome"}};
  if (auto added = server.add_module(guest, module); !added.ok()) return std::move(added).error();

  // 3. Serve native methods beside the guest's.
  auto unary = server.add_unary_method(
      "/embed.Native/Reverse",
      [](rpc::Call&, std::span<const std::byte> request, std::vector<std::byte>& response) -> rpc::Status {
        if (request.empty()) return {rpc::StatusCode::invalid_argument, "there is nothing to reverse"};
        response.assign(request.rbegin(), request.rend());
        return {};
      });
  if (!unary.ok()) return unary;
  auto stream = server.add_method("/embed.Native/Echo", rpc::MethodKind::bidi_stream,
                                  [] { return std::make_unique<NativeEcho>(); });
  if (!stream.ok()) return stream;

  // 4. Describe those that speak protobuf: reflection, and clients such as `wasm-grpc call`, then know them.
  google::protobuf::FileDescriptorSet files;
  embed::Text::descriptor()->file()->CopyTo(files.add_file());
  const std::string set = files.SerializeAsString();
  if (auto described = server.add_descriptors(std::as_bytes(std::span(set))); !described.ok()) return described;
  if (auto counts = server.add_unary_method("/embed.Words/Count", count_words); !counts.ok()) return counts;

  auto listening = server.listen(address);
  if (!listening.ok()) return std::move(listening).error();
  if (auto started = server.start(); !started.ok()) return started;
  std::printf("listening on %s\n", listening.value().c_str());
  std::fflush(stdout);

  int signal = 0;
  sigwait(&signals, &signal);
  server.stop();
  server.wait();
  return success();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || argc > 3) {
    std::fprintf(stderr, "usage: embed GUEST.wasm [ADDRESS:PORT]\n");
    return 2;
  }
  const auto served = serve(argv[1], argc == 3 ? argv[2] : "127.0.0.1:50051");
  if (served.ok()) return 0;
  std::fprintf(stderr, "embed: %s\n", served.error().message.c_str());
  return 1;
}
