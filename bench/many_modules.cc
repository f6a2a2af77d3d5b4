// What many modules in one process cost: to load them, the memory of each, to reload one of them, and a cheap call
// beside them. Each serves one method of a service of its own, which it describes. Prints one line of JSON.
#include <google/protobuf/descriptor.pb.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "client.h"
#include "empty_call.h"
#include "options.h"
#include "program.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr const char* usage =
    "usage: many_modules --modules N [--calls N (200000)] [--reloads N (20)]\n"
    "  a server of one worker with one module, and with N\n";

double milliseconds_since(Clock::time_point begin) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
}

std::string service_name(int number) { return "bench.S" + std::to_string(number); }

/// As a string of WebAssembly's text.
std::string quoted(const std::string& bytes) {
  std::string text;
  for (const char byte : bytes) {
    char escaped[4];
    std::snprintf(escaped, sizeof escaped, "\\%02x", static_cast<unsigned char>(byte));
    text += escaped;
  }
  return text;
}

std::string descriptors(int number) {
  google::protobuf::FileDescriptorSet set;
  auto& file = *set.add_file();
  file.set_name("s" + std::to_string(number) + ".proto");
  file.set_package("bench");
  file.set_syntax("proto3");
  auto& message = *file.add_message_type();
  message.set_name("M" + std::to_string(number));
  for (int i = 1; i <= 10; ++i) {
    auto& field = *message.add_field();
    field.set_name("field_" + std::to_string(i));
    field.set_number(i);
    field.set_type(google::protobuf::FieldDescriptorProto::TYPE_STRING);
    field.set_label(google::protobuf::FieldDescriptorProto::LABEL_OPTIONAL);
  }
  auto& service = *file.add_service();
  service.set_name("S" + std::to_string(number));
  auto& method = *service.add_method();
  method.set_name("M");
  method.set_input_type(".bench." + message.name());
  method.set_output_type(".bench." + message.name());
  return set.SerializeAsString();
}

/// A module that answers with what it is asked, with some code beside it; `version` makes it another.
ModuleSource module_of(int number, int version) {
  const std::string path = "/" + service_name(number) + "/M";
  std::string text = R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (memory (export "memory") 2)
    (data (i32.const 0) ")" +
                     path + R"(")
    (data (i32.const 512) "version )" +
                     std::to_string(version) + R"(")
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const )" +
                     std::to_string(path.size()) +
                     R"() (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
      (drop (call $send (local.get $call) (i32.const 1024)
                        (call $recv (local.get $call) (i32.const 1024) (i32.const 1000))))
      (i32.const 0)))";
  for (int i = 0; i < 100; ++i) {
    text += "(func (param i32) (result i32) (i32.mul (i32.add (local.get 0) (i32.const " + std::to_string(i) +
            ")) (i32.load (i32.and (local.get 0) (i32.const 1020)))))";
  }
  text += "(@custom \"wasm_grpc.descriptors\" \"" + quoted(descriptors(number)) + "\"))";
  ModuleSource source;
  const auto bytes = std::as_bytes(std::span(text));
  source.bytes.emplace(bytes.begin(), bytes.end());
  source.options.name = "s" + std::to_string(number);
  return source;
}

/// Seconds of CPU that the process has used.
double cpu() {
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

double resident_kib() {
  std::ifstream statm("/proc/self/statm");
  long all = 0;
  long resident = 0;
  statm >> all >> resident;
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1024;
}

/// Calls over and over, each of the next method.
class Calls {
 public:
  Calls(const std::string& address, int modules) : client_(address, 1) {
    for (int number = 0; number < modules; ++number) paths_.push_back("/" + service_name(number) + "/M");
  }
  /// CPU seconds of the process for each call, in microseconds; the client's are among them.
  double cost(int count) {
    std::vector<Again> calls(16);
    int left = count;
    for (Again& call : calls) call.next = [&] { return left-- > 0 ? &paths_[next_++ % paths_.size()] : nullptr; };
    const double before = cpu();
    for (Again& call : calls) call.begin(client_.connection(0));
    const auto open = [](const Again& call) { return call.open(); };
    if (!client_.run(Clock::now() + 60s, [&] { return std::none_of(calls.begin(), calls.end(), open); })) {
      throw std::runtime_error("calls go on for too long");
    }
    return (cpu() - before) / count * 1e6;
  }

 private:
  struct Again final : EmptyCall {
    std::function<const std::string*()> next;
    ClientConnection* connection = nullptr;
    void begin(ClientConnection& to) {
      connection = &to;
      if (const std::string* path = next(); path != nullptr && !to.open(*this, *path)) {
        throw std::runtime_error("the server takes no more calls");
      }
    }
    void closed() override {
      if (!failure().empty()) throw std::runtime_error("a call failed: " + failure());
      begin(*connection);
    }
  };
  Client client_;
  std::vector<std::string> paths_;
  std::size_t next_ = 0;
};

template <typename Value>
Value checked(Result<Value> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

struct Served {
  std::unique_ptr<Server> server;
  std::string address;
  double load_ms = 0;
  double kib_each = 0;
};

Served serve(int modules) {
  ServerOptions options;
  options.workers = 1;
  options.log_level = LogLevel::warn;
  Served served;
  served.server = checked(Server::create(options));
  const double before = resident_kib();
  const auto begin = Clock::now();
  for (int number = 0; number < modules; ++number) {
    const ModuleSource source = module_of(number, 0);
    (void)checked(served.server->add_module(*source.bytes, source.options));
  }
  served.address = checked(served.server->listen("127.0.0.1:0"));
  if (auto started = served.server->start(); !started.ok()) throw std::runtime_error(started.error().message);
  served.load_ms = milliseconds_since(begin);
  while (served.server->counters().modules.back().instances_idle == 0) std::this_thread::sleep_for(1ms);
  served.kib_each = (resident_kib() - before) / modules;
  return served;
}

/// What reloads of one take, of a module that is new each time: in milliseconds, by the clock and of CPU.
struct Reloads {
  std::vector<double> wall;
  std::vector<double> used;
  void reload(Server& server, int number, int version) {
    const ModuleSource source = module_of(number, version);
    const auto begin = Clock::now();
    const double cpu_before = cpu();
    (void)checked(server.replace_module(source));
    wall.push_back(milliseconds_since(begin));
    used.push_back((cpu() - cpu_before) * 1000);
  }
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

int run(std::span<char*> arguments) {
  const Options options(arguments.subspan(1), {{"modules", ""}, {"calls", "200000"}, {"reloads", "20"}});
  const auto modules = static_cast<int>(options.number("modules", 1));
  const auto count = static_cast<int>(options.number("calls", 1));
  const auto reloads = static_cast<int>(options.number("reloads", 1));
  Served one = serve(1);
  Served many = serve(modules);
  Calls of_one(one.address, 1);
  Calls of_first(many.address, 1);
  Calls of_many(many.address, modules);
  std::vector<double> costs_of_one, costs_of_first, costs_of_many;
  Reloads reloads_of_one, reloads_of_many;
  for (int round = 0; round < 5; ++round) {
    costs_of_one.push_back(of_one.cost(count));
    costs_of_first.push_back(of_first.cost(count));
    costs_of_many.push_back(of_many.cost(count));
  }
  // A server of one module does all but what grows with their number: it compiles, starts and exchanges.
  for (int round = 1; round <= reloads; ++round) {
    reloads_of_one.reload(*one.server, 0, round);
    reloads_of_many.reload(*many.server, round % modules, round);
  }
  std::printf(
      "{\"modules\": %d, \"load_ms\": %.0f, \"resident_kib_each\": %.1f, \"cpu_us_of_call_beside_none\": %.2f, "
      "\"cpu_us_of_call_beside_all\": %.2f, \"cpu_us_of_calls_of_all\": %.2f, \"reload_ms_beside_none\": %.2f, "
      "\"reload_ms_beside_all\": %.2f, \"reload_cpu_ms_beside_none\": %.2f, \"reload_cpu_ms_beside_all\": %.2f}\n",
      modules, many.load_ms, many.kib_each, median(costs_of_one), median(costs_of_first), median(costs_of_many),
      median(reloads_of_one.wall), median(reloads_of_many.wall), median(reloads_of_one.used),
      median(reloads_of_many.used));
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) {
  using namespace wasm_grpc::bench;
  return run_program("many_modules", usage, run, argc, argv);
}
