// A host for hostile guests: everything of the runtime that a guest touches, without a network.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/guest_fixture.h"
#include "imports.h"
#include "runtime/instances/guest_module.h"
#include "store/temporary_store.h"
#include "wasm/epoch.h"

namespace wasm_grpc::hostile {

/// Loads modules, with WASI, one granted read-only directory that holds "file", and a log that is kept. Slices end by
/// the clock.
class Host {
 public:
  Host();
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  [[nodiscard]] Result<std::shared_ptr<runtime::GuestModule>> load(
      std::string_view text, std::chrono::milliseconds start_timeout = std::chrono::seconds(20));
  /// Why it is not loaded; "" when it is.
  [[nodiscard]] std::string load_error(std::string_view text,
                                       std::chrono::milliseconds start_timeout = std::chrono::seconds(20));
  /// guest_text(), loaded once.
  [[nodiscard]] const runtime::GuestModule& guest();
  /// The same with its counters and its store in a file of SQLite.
  [[nodiscard]] const runtime::GuestModule& stored_guest();
  [[nodiscard]] const wasm::Linker& linker() const noexcept { return linker_; }
  /// Those that were written before.
  [[nodiscard]] std::vector<std::string>& log_lines();
  [[nodiscard]] const observe::Log& log() const noexcept { return log_; }

 private:
  std::string folder_;
  wasm::Linker linker_{abi::engine()};
  std::shared_ptr<const wasi::Sandbox> sandbox_;
  std::vector<std::string> lines_;
  observe::Log log_;
  wasm::EpochTicker ticker_{abi::engine()};
  wasm::EpochTicker::Activity activity_{ticker_};
  std::shared_ptr<const runtime::GuestModule> guest_;
  store::TemporaryStore file_;
  std::shared_ptr<const runtime::GuestModule> stored_guest_;
};

/// How a piece of guest code ended.
struct Outcome {
  enum class Kind { returned, trapped, exited, endless } kind;
  std::string message;  // of a trap

  [[nodiscard]] bool returned() const noexcept { return kind == Kind::returned; }
};

/// One instance.
class Instance {
 public:
  using Poke = std::function<void(std::span<std::byte> memory)>;

  /// Starts it. `poke` changes its memory between the start section and _initialize.
  explicit Instance(const runtime::GuestModule& module, const Poke& poke = {});

  /// Runs a call from its begin to its end. A client that is waited for without end goes away.
  Outcome run(abi::TestCall& call, std::int32_t tag);
  /// Has a call of its own call an import; see answer().
  Outcome call_import(std::size_t import, std::span<const std::uint64_t> arguments);
  /// True when a call that does nothing gets its status.
  [[nodiscard]] bool serves();

  [[nodiscard]] std::int32_t answer() { return load<std::int32_t>(layout::result); }
  [[nodiscard]] std::span<std::byte> memory() noexcept { return guest_->instance.memory(); }
  template <typename T>
  [[nodiscard]] T load(std::uint32_t place) {
    T value;
    std::memcpy(&value, memory().data() + place, sizeof(T));
    return value;
  }
  template <typename T>
  void store(std::uint32_t place, T value) {
    std::memcpy(memory().data() + place, &value, sizeof(T));
  }
  void store_arguments(std::span<const std::uint64_t> arguments) {
    std::ranges::copy(std::as_bytes(arguments), memory().begin() + layout::arguments);
  }

  /// How the start went.
  Outcome started{Outcome::Kind::returned, {}};

 private:
  Outcome finish(abi::TestCall* call);

  std::unique_ptr<runtime::GuestInstance> guest_;
};

/// One for all tests of a program: an engine takes a while to make.
[[nodiscard]] Host& host();

}  // namespace wasm_grpc::hostile
