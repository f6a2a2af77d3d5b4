// The ABIs of wazero-grpc-server: what a guest says of its services, and guests that write anything into what they
// share with the host, at any time: where the buffers are and how long, lengths, error codes.
//
// Input: a byte for what it is, and then a list of services, or the program of a guest and what its client does.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/pantopic/services.h"
#include "guest_life.h"
#include "require.h"
#include "runtime/instances/guest_module.h"
#include "script.h"
#include "wasi/context.h"
#include "wasm/engine.h"
#include "wasm/guest_text.h"
#include "wasm/linker.h"

namespace wasm_grpc::fuzz {
namespace {

void check_services(std::string_view list) {
  const auto parsed = abi::pantopic::parse_services(list);
  if (!parsed.ok()) {
    require(wasm::is_printable(parsed.error().message), "why a list is refused is printable");
    return;
  }
  std::set<std::string_view> paths;
  for (const abi::DeclaredMethod& method : parsed.value()) {
    require(rpc::parse_method_path(method.path).has_value(), "a method has a path");
    require(paths.insert(method.path).second, "no method is there twice");
    require(method.kind != rpc::MethodKind::http, "no list names what serves HTTP");
    require(static_cast<std::size_t>(method.tag) == paths.size() - 1, "the tag of a method is its place");
  }
  require(!paths.empty(), "a list that is taken names a method");
}

// ---- The guests ----

// What the guest does next.
enum Step : std::int32_t { step_return, step_send, step_receive, step_trap, step_grow, step_again };

// Its memory at first: the table of seven addresses, in the order of the ABI, and behind it what they are of.
constexpr std::uint32_t table = 0;
constexpr std::uint32_t table_words = 7;
constexpr std::uint32_t answer = 32;  // what the export that describes the guest returns: the address of the table
constexpr std::uint32_t sent =
    40;  // where a guest that sends from anywhere has what it gives the host: a length, an address
constexpr std::string_view memory = R"((memory (export "memory") 1 4)
  (data (i32.const 0) "\40\00\00\00\44\00\00\00\80\00\00\00\48\00\00\00\4c\00\00\00\00\10\00\00\50\00\00\00")
  (data (i32.const 64) "\20\00\00\00\00\00\00\00\40\00\00\00\1c\00\00\00\00\00\00\00")
  (data (i32.const 4096) "/f.F/u.U,c.C,s.S,b.B/g.G/u.M"))";

/// What differs between the guests' imports of the function that sends.
struct Send {
  std::string_view parameters;
  std::string_view arguments;
};
constexpr Send of_buffer = {"", ""};
constexpr Send of_anything = {"(param i64)", "(i64.load (i32.const 40))"};

/// `receive` is a function that the guest imports, or empty.
std::string guest_text(std::string_view import_module, std::string_view send, std::string_view receive,
                       std::string_view describe, std::span<const std::string_view> exports,
                       const Send& how = of_buffer) {
  const auto import = [&](std::string_view name, std::string_view as, std::string_view parameters = "") {
    return "(import \"" + std::string(import_module) + "\" \"" + std::string(name) + "\" (func $" + std::string(as) +
           " " + std::string(parameters) + "))";
  };
  std::string text =
      "(module (import \"fuzz\" \"next\" (func $next_step (result i32)))" + import(send, "send", how.parameters);
  if (!receive.empty()) text += import(receive, "receive");
  text += std::string(memory) + R"((func $program (local $step i32)
    (loop $next
      (local.set $step (call $next_step))
      (if (i32.eq (local.get $step) (i32.const 1)) (then (call $send )" +
          std::string(how.arguments) + R"() (br $next)))
      (if (i32.eq (local.get $step) (i32.const 2)) (then )" +
          (receive.empty() ? "" : "(call $receive) ") + R"((br $next)))
      (if (i32.eq (local.get $step) (i32.const 3)) (then (unreachable)))
      (if (i32.eq (local.get $step) (i32.const 4)) (then (drop (memory.grow (i32.const 1))) (br $next)))
      (br_if $next (i32.eq (local.get $step) (i32.const 5))))))";
  text += "(func (export \"" + std::string(describe) + "\") (result i32) (call $program) (i32.load (i32.const 32)))";
  for (const std::string_view name : exports) {
    text += "(func (export \"" + std::string(name) + "\") (call $program))";
  }
  return text + ")";
}

constexpr std::array<std::string_view, 10> push_exports = {
    "__grpc_server_unary",
    "__grpc_server_client_stream_open",
    "__grpc_server_client_stream_recv",
    "__grpc_server_client_stream_close",
    "__grpc_server_server_stream_open",
    "__grpc_server_server_stream_close",
    "__grpc_server_bidirectional_open",
    "__grpc_server_bidirectional_recv",
    "__grpc_server_bidirectional_close",
    "__grpc_server_http",
};
constexpr std::array<std::string_view, 1> pull_exports = {"__grpcServerCall"};

struct Range {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Takes one guest through its life by the input.
class Run {
 public:
  Run(const runtime::GuestModule& module, const wasm::Engine& engine, Input& input)
      : module_(module), engine_(engine), input_(input), life_(module, &module.declaration(), input) {
    current_ = this;
  }
  ~Run() {
    life_.guest().instance.drop();  // while this can still be asked
    current_ = nullptr;
  }

  void live() {
    if (!life_.start()) return;
    described_ = true;
    for (int calls = 0; calls < 8 && !input_.empty(); ++calls) {
      if (!serve()) return;
    }
  }

  /// What the guest asks the host for.
  static std::int32_t next(Caller& caller) { return current_ == nullptr ? step_return : current_->next_step(caller); }

 private:
  bool serve() {
    const std::uint8_t how = input_.byte();
    const auto& methods = module_.declaration().methods;
    const abi::DeclaredMethod& method = methods[how % methods.size()];
    abi::TestCall call(method.kind, method.path);
    if (method.kind == rpc::MethodKind::http) call.client_asks_for("POST", input_.take(how >> 3));
    std::optional<std::string_view> first;
    if ((how & 128) != 0) first = input_.take(how & 63);
    return life_.serve(call, method.kind, method.tag, first);
  }

  std::int32_t next_step(Caller& caller) {
    const std::span<std::byte> bytes = caller.memory();
    check(bytes);
    const std::int32_t step = choose(bytes);
    before_.assign(bytes.begin(), bytes.end());
    if (!described_ && step == step_return) note_places();
    return step;
  }

  std::int32_t choose(std::span<std::byte> bytes) {
    if (input_.empty()) return step_return;
    const std::uint8_t step = input_.byte();
    if (step < 64) return step_send;
    if (step < 96) return step_receive;
    if (step < 144) {
      const std::uint8_t word = input_.byte();
      put_word(bytes, word % 17, number(bytes.size()));
      return step_again;
    }
    if (step < 176) {
      const std::uint32_t place = 4096U + input_.byte();
      const std::string_view some = input_.take(input_.byte() % 64);
      std::memcpy(bytes.data() + place, some.data(), some.size());
      return step_again;
    }
    if (step < 184) {
      for (int tick = 0; tick < 4; ++tick) engine_.tick();  // the guest's loop is where it is cut
      return step_again;
    }
    if (step < 188) return step_grow;
    return step < 190 ? step_trap : step_return;
  }

  /// One of the table, the address of the table, one of those the table points to at first, or of what is sent.
  void put_word(std::span<std::byte> bytes, std::uint32_t word, std::uint32_t value) {
    const std::uint32_t at = word < table_words ? table + 4 * word
                             : word < 8         ? answer
                             : word < 15        ? 64 + 4 * ((word - 8) % 5)
                                                : sent + 4 * (word - 15);
    std::memcpy(bytes.data() + at, &value, sizeof(value));
  }

  std::uint32_t number(std::size_t memory_bytes) {
    const std::uint8_t how = input_.byte();
    if (how < 160) return how;
    if (how < 224) {
      const auto end = static_cast<std::uint32_t>(memory_bytes);
      const std::array<std::uint32_t, 10> edges = {end - 4, end - 3,     end - 1,     end,         end + 1,
                                                   end / 2, 0x7fff'ffff, 0x8000'0000, 0xffff'fffc, 0xffff'ffff};
      return edges[how % edges.size()];
    }
    const std::uint32_t low = input_.byte();
    return how % 2 == 0 ? low : low << 8 | input_.byte();
  }

  [[nodiscard]] std::uint32_t load(std::uint32_t at) const {
    std::uint32_t value = 0;
    std::memcpy(&value, before_.data() + at, sizeof(value));
    return value;
  }

  /// The description is done: where the host takes the buffers to be from now on.
  void note_places() {
    const std::uint32_t at = load(answer);
    places_.reset();
    if (std::uint64_t{at} + 4 * table_words > before_.size()) return;
    places_.emplace();
    for (std::uint32_t i = 0; i < table_words; ++i) (*places_)[i] = load(at + 4 * i);
  }

  /// The host has written nothing but lengths, an error code, and into buffers, since the guest last ran.
  void check(std::span<const std::byte> bytes) const {
    if (!described_ || !places_ || before_.empty()) return;
    const auto& [method_cap, method_len, method, message_cap, message_len, message, error_code] = *places_;
    const std::array<Range, 7> ranges = {{
        {method_cap, std::uint64_t{method_cap} + 4},
        {message_cap, std::uint64_t{message_cap} + 4},
        {method_len, std::uint64_t{method_len} + 4},
        {message_len, std::uint64_t{message_len} + 4},
        {error_code, std::uint64_t{error_code} + 4},
        {method, std::uint64_t{method} + load(method_cap)},
        {message, std::uint64_t{message} + load(message_cap)},
    }};
    if (overlap(ranges)) return;  // then one that is written says where another ends
    for (std::size_t at = 0; at < before_.size(); ++at) {
      if (before_[at] == bytes[at]) continue;
      const bool may = std::any_of(ranges.begin() + 2, ranges.end(),
                                   [&](const Range& range) { return at >= range.begin && at < range.end; });
      require(may, "the host writes only lengths, the error code and into the buffers");
    }
  }

  static bool overlap(std::array<Range, 7> ranges) {
    std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
    for (std::size_t i = 1; i < ranges.size(); ++i) {
      if (ranges[i].begin < ranges[i - 1].end) return true;
    }
    return false;
  }

  static inline Run* current_ = nullptr;

  const runtime::GuestModule& module_;
  const wasm::Engine& engine_;
  Input& input_;
  GuestLife life_;
  bool described_ = false;
  std::optional<std::array<std::uint32_t, table_words>> places_;
  std::vector<std::byte> before_;  // its memory when it last went on
};

/// What all runs share.
class Host {
 public:
  Host() : engine_(make_engine()), linker_(engine_), log_(LogLevel::trace, check_line) {
    require(abi::define_imports(linker_).ok(), "the imports are defined");
    require(linker_.define("fuzz", "next", host_function(Run::next)).ok(), "the guest's program is offered");
    push_ = load(guest_text("pantopic/wazero-grpc-server", "__grpc_server_send", "", "__grpc_server", push_exports));
    ext_ = load(
        guest_text("pantopic/ext-grpc-server", "__grpc_server_send", "", "__grpc_server", push_exports, of_anything));
    pull_ = load(guest_text("grpc", "Send", "Recv", "__grpcServerInit", pull_exports));
  }
  void run(std::span<const std::uint8_t> bytes) {
    Input input(bytes);
    const std::uint8_t what = input.byte();
    if (what % 4 == 0) {
      check_services(input.rest());
    } else {
      Run(what % 4 == 1 ? *pull_ : what % 4 == 2 ? *push_ : *ext_, engine_, input).live();
    }
    log_.flush(std::chrono::seconds(60));  // a bad line is found in the run that wrote it
  }

 private:
  std::shared_ptr<const runtime::GuestModule> load(const std::string& text) {
    auto sandbox = wasi::Sandbox::create({});
    require(sandbox.ok(), "the sandbox is made");
    auto module = runtime::GuestModule::load(engine_, linker_, "guest", std::as_bytes(std::span(text)), sandbox.value(),
                                             log_, std::chrono::seconds(60));
    if (!module.ok()) std::fprintf(stderr, "%s\n", module.error().message.c_str());
    require(module.ok(), "the guest is loaded");
    return module.value();
  }

  wasm::Engine engine_;
  wasm::Linker linker_;
  observe::Log log_;
  std::shared_ptr<const runtime::GuestModule> push_;
  std::shared_ptr<const runtime::GuestModule> ext_;
  std::shared_ptr<const runtime::GuestModule> pull_;
};

}  // namespace
}  // namespace wasm_grpc::fuzz

// Guests run on stacks of their own, of which the sanitizer does not know.
extern "C" const char* __asan_default_options() { return "detect_stack_use_after_return=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static wasm_grpc::fuzz::Host host;
  host.run({data, size});
  return 0;
}
