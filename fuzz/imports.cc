// A guest that does anything: calls any import with any arguments, at its start and in calls, writes to its memory,
// grows it, traps, is cut by the end of a slice; and a client that does anything meanwhile. The guest's loop asks the
// host for its next step, which is taken from the input, so that the same input does the same again.
#include "hostile/imports.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "guest_life.h"
#include "hostmodules/modules.h"
#include "require.h"
#include "runtime/instances/guest_module.h"
#include "script.h"
#include "wasi/imports.h"
#include "wasm/linker.h"

namespace wasm_grpc::fuzz {
namespace {

using hostile::Import;
using hostile::Role;

// What the guest does next: the number of an import, or one of these.
constexpr std::int32_t step_return = -1;
constexpr std::int32_t step_trap = -2;
constexpr std::int32_t step_grow = -3;
constexpr std::int32_t step_again = -4;

constexpr hostile::Parts program = {
    .imports = R"((import "fuzz" "next" (func $next_step (result i32))))",
    .definitions = R"(
      (func $program (local $step i32)
        (loop $next
          (local.set $step (call $next_step))
          (if (i32.ge_s (local.get $step) (i32.const 0)) (then (call $perform (local.get $step)) (br $next)))
          (if (i32.eq (local.get $step) (i32.const -2)) (then (unreachable)))
          (if (i32.eq (local.get $step) (i32.const -3)) (then (drop (memory.grow (i32.const 1))) (br $next)))
          (br_if $next (i32.eq (local.get $step) (i32.const -4))))))",
    .on_start = "(call $program)",
    .on_call =
        "(call $program) (if (i32.ge_s (local.get $tag) (i32.const 0)) (then (return (i32.load (i32.const 96)))))",
};

/// Copies elements, none perhaps, as they lie in memory.
template <typename Elements>
void copy(const Elements& from, std::span<std::byte> to) {
  const auto bytes = std::as_bytes(std::span(from));
  std::copy(bytes.begin(), bytes.end(), to.begin());
}

/// Takes one guest through its life by the input.
class Run {
 public:
  Run(const runtime::GuestModule& module, const wasm::Engine& engine, Input& input)
      : engine_(engine), input_(input), life_(module, nullptr, input) {
    current_ = this;
  }
  ~Run() {
    life_.guest().instance.drop();  // while this can still be asked
    current_ = nullptr;
  }

  void live() {
    if (!life_.start()) return;
    for (int calls = 0; calls < 8 && !input_.empty(); ++calls) {
      if (!serve()) return;
    }
  }

  /// What the guest asks the host for.
  static std::int32_t next(Caller& caller) { return current_ == nullptr ? step_return : current_->next_step(caller); }

 private:
  bool serve() {
    abi::TestCall call(rpc::MethodKind::bidi_stream);
    const std::uint8_t how = input_.byte();
    if ((how & 1) != 0) call.client_accepts("gzip, deflate");
    if ((how & 2) != 0) call.add_request_metadata("file", "value");
    if ((how & 4) != 0) call.client_sends(input_.take(how));
    if ((how & 8) != 0) call.set_deadline(rpc::Clock::now() + std::chrono::hours(1));
    performed_.reset();
    return life_.serve(call, rpc::MethodKind::bidi_stream, how >> 4);
  }

  std::int32_t next_step(Caller& caller) {
    const std::span<std::byte> memory = caller.memory();
    check_last(memory);
    if (input_.empty()) return step_return;
    const std::uint8_t step = input_.byte();
    if (step < 200) return perform(memory, step % hostile::imports().size());
    if (step < 220) {
      std::uint32_t place = input_.byte() * 256U;
      place += input_.byte();
      const std::string_view bytes = input_.take(input_.byte());
      copy(bytes, memory.subspan(place));
      return step_again;
    }
    if (step < 228) {
      for (int tick = 0; tick < 4; ++tick) engine_.tick();  // the guest's loop is where it is cut
      return step_again;
    }
    if (step < 232) return step_grow;
    return step < 234 ? step_trap : step_return;
  }

  std::int32_t perform(std::span<std::byte> memory, std::size_t index) {
    const Import& import = hostile::imports()[index];
    arguments_.clear();
    for (const hostile::Parameter& parameter : import.parameters) {
      arguments_.push_back(argument(parameter, memory));
    }
    copy(arguments_, memory.subspan(hostile::layout::arguments));
    const bool has_pieces = std::any_of(import.parameters.begin(), import.parameters.end(), [](const auto& parameter) {
      return parameter.role == Role::array;  // and writes where these say
    });
    if (!has_pieces) before_.assign(memory.begin(), memory.end());
    performed_ = index;
    compares_ = !has_pieces;
    return static_cast<std::int32_t>(index);
  }

  std::uint64_t argument(const hostile::Parameter& parameter, std::span<const std::byte> memory) {
    const std::uint8_t how = input_.byte();
    if (how < 128) {
      if (parameter.role != Role::call) return parameter.usual;
      std::uint32_t id = 0;
      std::memcpy(&id, memory.data() + hostile::layout::call, 4);
      return id;
    }
    if (how < 176) return how - 128U;
    if (how < 224) {
      const std::uint64_t end = memory.size();
      const std::array<std::uint64_t, 12> edges = {0,           end - 1,     end,         end + 1,
                                                   end / 2,     0x7fff'ffff, 0x8000'0000, 0xffff'ffff,
                                                   0xffff'fff0, 1ULL << 63,  ~0ULL >> 1,  ~0ULL};
      return edges[how % edges.size()];
    }
    std::uint64_t value = 0;
    const std::string_view bytes = input_.take(how % 9);
    copy(bytes, std::as_writable_bytes(std::span(&value, 1)));
    return value;
  }

  /// Holds what the last import did against what it may do.
  void check_last(std::span<const std::byte> memory) {
    if (!performed_) return;
    const Import& import = hostile::imports()[*performed_];
    performed_.reset();
    std::int32_t answer = 0;
    std::memcpy(&answer, memory.data() + hostile::layout::result, 4);
    if (import.result == "i32") {
      const bool is_wasi = import.module == hostile::wasi_module;
      const std::int32_t least = import.module == hostile::abi_module ? -7 : -10;
      require(is_wasi ? answer >= 0 && answer <= 76 : answer >= least, "an import answers what the documents say");
    }
    if (!compares_) return;
    const auto ranges = hostile::ranges(import, arguments_);
    std::size_t at = hostile::layout::host_end;
    while (at < before_.size()) {
      const auto [old, now] = std::mismatch(before_.begin() + static_cast<std::ptrdiff_t>(at), before_.end(),
                                            memory.begin() + static_cast<std::ptrdiff_t>(at));
      at = static_cast<std::size_t>(old - before_.begin());
      if (at == before_.size()) break;
      const auto range = std::find_if(ranges.begin(), ranges.end(), [&](const hostile::Range& candidate) {
        return at >= candidate.pointer && at - candidate.pointer < candidate.size;
      });
      require(range != ranges.end(), "an import writes only where it was told to");
      at = range->pointer + static_cast<std::size_t>(range->size);
    }
  }

  static inline Run* current_ = nullptr;

  const wasm::Engine& engine_;
  Input& input_;
  GuestLife life_;
  std::vector<std::uint64_t> arguments_;
  std::optional<std::size_t> performed_;
  bool compares_ = false;
  std::vector<std::byte> before_;
};

/// What all runs share.
class Host {
 public:
  Host() : engine_(make_engine()), linker_(engine_), log_(LogLevel::trace, check_line) {
    require(abi::define_imports(linker_).ok() && wasi::define_imports(linker_).ok(), "the imports are defined");
    require(linker_.define(hostmodules::atomics()).ok() && linker_.define(hostmodules::kv()).ok(), "so are these");
    const auto untraced = [](Caller&, std::int32_t) -> rpc::CallSpan* { return nullptr; };
    require(linker_.define(hostmodules::trace(untraced)).ok(), "and this");
    require(linker_.define("fuzz", "next", host_function(Run::next)).ok(), "the guest's program is offered");
    wasi::Config config;
    config.arguments = {"guest"};
    config.environment = {{"K", "v"}};
    config.directories = {{FUZZ_GRANTED_DIRECTORY, "/", true}};
    auto sandbox = wasi::Sandbox::create(config);
    require(sandbox.ok(), "the sandbox is made");
    const std::string text = hostile::guest_text(program);
    auto module = runtime::GuestModule::load(engine_, linker_, "guest", std::as_bytes(std::span(text)), sandbox.value(),
                                             log_, std::chrono::seconds(60));
    if (!module.ok()) std::fprintf(stderr, "%s\n", module.error().message.c_str());
    require(module.ok(), "the guest is loaded");
    module_ = module.value();
  }
  void run(std::span<const std::uint8_t> bytes) {
    Input input(bytes);
    Run(*module_, engine_, input).live();
    log_.flush(std::chrono::seconds(60));  // a bad line is found in the run that wrote it
  }

 private:
  wasm::Engine engine_;
  wasm::Linker linker_;
  observe::Log log_;
  std::shared_ptr<const runtime::GuestModule> module_;
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
