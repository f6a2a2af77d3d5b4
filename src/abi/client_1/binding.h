// wasm_grpc_client_1 for one instance: the calls it makes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "abi/abi.h"
#include "abi/client_1/call_maker.h"
#include "abi/client_1/numbers.h"
#include "rpc/number_table.h"
#include "wasi/waitable.h"
#include "wasm/instance.h"

namespace wasm_grpc::abi::client_1 {

/// An event of a call that the instance made: its number, and the interests that hold.
struct CallEvent {
  std::int32_t id = 0;
  std::uint32_t holds = 0;
};

/// Answers the imports of one instance. Lives as long as that; used on the thread that runs it. Calls are begun on the
/// worker that the instance is attached to, and are let go of before it is attached to another.
class InstanceBinding final : private wasi::Waitable, private NumberHolder {
 public:
  /// `server`: the same instance's side of the ABI it speaks. Both outlive it, as `grants` do.
  InstanceBinding(wasm::Instance& instance, Binding& server, const Grants& grants);
  ~InstanceBinding();
  InstanceBinding(const InstanceBinding&) = delete;
  InstanceBinding& operator=(const InstanceBinding&) = delete;

  /// Why the module is not to be loaded, by what it said in its start; empty: it is.
  [[nodiscard]] const std::string& refusal() const noexcept { return refusal_; }
  /// Before the start: the targets that it says it needs are noted, the first max_noted_targets of them.
  void note_targets() { needed_.emplace(); }
  /// Those noted, each once, in the order in which it said them.
  [[nodiscard]] std::vector<std::string> needed_targets() const { return needed_.value_or(std::vector<std::string>()); }

  /// From here on it may make calls, for a guest in this style. Both outlive the calls.
  void attach(CallMaker& maker, CallWatcher& watcher, Style style) noexcept;
  /// Lets go of all calls, and makes no more.
  void detach() noexcept;
  [[nodiscard]] bool has_calls() const noexcept { return calls_.size() > 0; }
  /// A call that is served has ended: those that were made for it do too.
  void end_calls_for(std::int32_t parent) noexcept;
  /// The same for whatever is served.
  void end_all_calls_for_others() noexcept;

  /// In event style: the next event to be told, if there is one.
  [[nodiscard]] std::optional<CallEvent> take_event() noexcept;
  [[nodiscard]] bool has_events() const noexcept { return first_event_ != nullptr; }

  // ---- The imports; docs/client.md says what each does ----
  std::int32_t require(std::string_view target);
  std::int32_t open(std::string_view target, std::string_view path, std::int32_t kind, std::int64_t timeout_ns,
                    std::int32_t parent, std::span<const std::byte> metadata);
  std::int32_t send(std::int32_t call, std::span<const std::byte> message, std::int32_t last);
  std::int32_t half_close(std::int32_t call);
  std::int32_t recv(std::int32_t call, std::span<std::byte> buffer);
  std::int32_t metadata_get(std::int32_t call, std::int32_t where, std::string_view key, std::int32_t index,
                            std::span<std::byte> value);
  std::int32_t metadata_list(std::int32_t call, std::int32_t where, std::span<std::byte> list);
  std::int32_t status(std::int32_t call);
  std::int32_t info(std::int32_t call, std::int32_t what, std::span<std::byte> value);
  std::int32_t cancel(std::int32_t call);
  std::int32_t close(std::int32_t call);
  /// Answers at once or suspends the instance. The `count` entries at `pointer` are inside the guest's memory.
  std::int32_t wait_any(std::uint32_t pointer, std::uint32_t count, std::int64_t timeout_ns);
  std::int32_t wait_fd(std::int32_t call, std::int32_t interests);

 private:
  /// A call that was made and not closed.
  class OpenCall final : public rpc::OutgoingListener {
   public:
    explicit OpenCall(InstanceBinding& owner) noexcept : owner_(owner) {}

    void on_progress(rpc::OutgoingCall& call) noexcept override;

    InstanceBinding& owner_;
    MadeCall made;
    std::int32_t id = 0;
    std::int32_t parent = no_parent;
    rpc::Clock::time_point began{};  // where the call does not note that itself
    bool accounted = false;
    std::uint32_t told = 0;  // in event style: what held when the guest was told last
    bool queued = false;     // among those with events
    OpenCall* previous_event = nullptr;
    OpenCall* next_event = nullptr;
    OpenCall* previous_child = nullptr;  // of the same parent
    OpenCall* next_child = nullptr;
  };
  struct Entry {
    std::int32_t id = 0;
    OpenCall* call = nullptr;  // in children_ the first of those made for one
  };

  // NumberHolder
  [[nodiscard]] bool has_number(std::int32_t number) const noexcept override { return calls_.find(number) != nullptr; }
  // wasi::Waitable
  [[nodiscard]] std::uint32_t awaits(std::int32_t call, std::uint32_t interests) noexcept override;

  [[nodiscard]] OpenCall* find(std::int32_t id) noexcept {
    const auto* const entry = calls_.find(id);
    return entry == nullptr ? nullptr : entry->call;
  }
  /// Reads the pairs that a guest says into metadata_. False when they are not as they should be.
  [[nodiscard]] bool read_metadata(std::span<const std::byte> pairs, bool of_http);
  [[nodiscard]] std::int32_t add(MadeCall made, std::int32_t parent);
  void progressed(OpenCall& call) noexcept;
  void account(OpenCall& call) noexcept;
  void forget(OpenCall& call) noexcept;
  void add_child(OpenCall& call);
  void remove_child(OpenCall& call) noexcept;
  static void end_children(OpenCall* first) noexcept;
  void queue_event(OpenCall& call) noexcept;
  void remove_event(OpenCall& call) noexcept;
  /// A function has answered AGAIN: the guest is to be told once this holds.
  std::int32_t again(OpenCall& call, std::uint32_t interest) noexcept;
  /// The metadata that is asked for; `refusal` says why there is none.
  [[nodiscard]] const rpc::Metadata* metadata_of(OpenCall& call, std::int32_t where, std::int32_t& refusal) noexcept;
  /// What the guest would be told that waits for this; 0 while nothing holds.
  [[nodiscard]] std::int32_t look(std::int32_t id, std::uint32_t interests) noexcept;
  [[nodiscard]] std::int32_t look_at_all(std::span<std::byte> entries) noexcept;
  /// In handler style: true when the call that is served has ended for its client, which the guest is now told.
  [[nodiscard]] bool tell_if_cancelled() const noexcept;

  wasm::Instance& instance_;
  Binding& server_;
  const Grants& grants_;
  CallMaker* maker_ = nullptr;  // nullptr: it makes no calls now
  CallWatcher* watcher_ = nullptr;
  Style style_ = Style::handler;
  std::string refusal_;
  std::optional<std::vector<std::string>> needed_;  // nothing: they are not noted
  rpc::Metadata metadata_;                          // of the call that begins
  rpc::NumberTable<Entry> calls_;
  std::vector<std::unique_ptr<OpenCall>> all_;
  std::vector<OpenCall*> free_;
  rpc::NumberTable<Entry> children_;  // by parent
  OpenCall* first_event_ = nullptr;
  OpenCall* last_event_ = nullptr;
};

/// Offers the import module.
[[nodiscard]] Result<> define_imports(wasm::Linker& linker);
/// True for a module whose instances need a binding.
[[nodiscard]] bool imports_any(const wasm::Module& module);

}  // namespace wasm_grpc::abi::client_1
