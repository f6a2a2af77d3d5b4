// A program of your own that serves a guest: what `wasm-grpc serve` does, a native method beside the guest's, and a host
// function that the guest calls.
//
//   embed GUEST.wasm [ADDRESS:PORT]

#include <signal.h>

#include <atomic>
#include <cstdio>
#include <memory>
#include <string>

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

Result<> serve(const std::string& guest, const std::string& address) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread: sigwait() below gets them

  // 1. Load modules with their limits.
  ServerOptions options;
  options.workers = 1;
  options.max_instances = 100;
  options.guests.max_memory_bytes = std::size_t{32} << 20;
  auto created = Server::create(options);
  if (!created.ok()) return std::move(created).error();
  Server& server = *created.value();

  // 2. Give guests a host function: `visits.count(name) -> i64`, shared by all instances.
  static std::atomic<std::int64_t> visits = 0;
  auto defined = server.add_host_function("visits", "count", host_function([](std::string_view name) -> std::int64_t {
                                            return name.empty() ? visits.load() : ++visits;
                                          }));
  if (!defined.ok()) return defined;

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
