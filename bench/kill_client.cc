// How late calls that compute without end are stopped: past their deadline, past their CPU time, and after they were
// cancelled. The server has one instance of the module, so that the next call, which waits for it, is answered when the
// spinning one is gone and a new one has started. How long the latter takes is seen with a guest that traps at once,
// and taken off. Prints one line of JSON.
#include <algorithm>
#include <cstdio>

#include "client.h"
#include "empty_call.h"
#include "options.h"
#include "program.h"

namespace wasm_grpc::bench {
namespace {

using namespace std::chrono_literals;
using Time = EmptyCall::Time;

constexpr const char* usage =
    "usage: kill_client --target IPV4:PORT --cpu-time MS [--rounds N (40)]\n"
    "  calls of /test.Guest/Spin, each with one of /test.Guest/Count behind it, on a server with one instance that "
    "ends\n"
    "  calls after MS of CPU time\n";

enum class Reason : std::uint8_t { trap, deadline, cpu_time, cancelled };

/// Milliseconds from when a spinning call was to end until the call behind it was answered.
double lateness(Client& client, Reason reason, std::chrono::milliseconds cpu_time) {
  constexpr auto deadline = 30ms;
  EmptyCall spin;
  EmptyCall next;
  ClientConnection& connection = client.connection(0);
  const Time began = Client::Clock::now();
  const char* const path = reason == Reason::trap ? "/test.Guest/Trap" : "/test.Guest/Spin";
  if (!connection.open(spin, path, reason == Reason::deadline ? "30m" : "") ||
      !connection.open(next, "/test.Guest/Count"))
    throw std::runtime_error("the server takes no more calls");
  Time due = began;
  if (reason == Reason::cpu_time) due += cpu_time;
  if (reason == Reason::deadline || reason == Reason::cancelled) due += deadline;
  if (reason == Reason::cancelled) {
    client.run(due, [] { return false; });
    due = Client::Clock::now();
    connection.cancel(spin);
  }
  if (!client.run(began + 10s, [&] { return !spin.open() && !next.open(); }))
    throw std::runtime_error("a call that was to be stopped goes on");
  if (!next.failure().empty()) throw std::runtime_error("the call behind it failed: " + next.failure());
  static constexpr const char* expected[] = {"13", "4", "8", ""};
  if (spin.grpc_status() != expected[static_cast<std::size_t>(reason)])
    throw std::runtime_error("the call ended with '" + spin.grpc_status() + "'");
  return std::chrono::duration<double, std::milli>(next.closed_at() - due).count();
}

int run(std::span<char*> arguments) {
  const Options options(arguments.subspan(1), {{"target", ""}, {"cpu-time", ""}, {"rounds", "40"}});
  const std::chrono::milliseconds cpu_time(options.number("cpu-time", 1));
  const auto rounds = static_cast<std::size_t>(options.number("rounds", 1));
  Client client(options.text("target"), 1);
  const auto measure = [&](Reason reason) {
    std::vector<double> late;
    while (late.size() < rounds) late.push_back(lateness(client, reason, cpu_time));
    std::ranges::sort(late);
    return late;
  };
  const double replaced = measure(Reason::trap)[rounds / 2];
  const auto print = [&](const char* name, Reason reason) {
    const std::vector<double> late = measure(reason);
    std::printf("\"%s\": {\"p50_ms\": %.3f, \"p95_ms\": %.3f, \"max_ms\": %.3f}", name, late[rounds / 2] - replaced,
                late[std::min(rounds - 1, rounds * 95 / 100)] - replaced, late.back() - replaced);
  };
  std::printf("{\"replaced_ms\": %.3f, ", replaced);
  print("deadline", Reason::deadline);
  std::printf(", ");
  print("cpu_time", Reason::cpu_time);
  std::printf(", ");
  print("cancelled", Reason::cancelled);
  std::printf("}\n");
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("kill_client", usage, run, argc, argv);
}
