// What an ABI is to the rest of the host: a way to start an instance, learn its methods, and run one call in it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/log.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::wasm {
class Instance;
class Linker;
class Module;
struct ImportInfo;
}  // namespace wasm_grpc::wasm

namespace wasm_grpc::abi {

/// How a module serves a method: by a function that runs as long as the call, or by one for each event of it. The
/// numbers are those of ABI 1.
enum class Style : std::uint8_t { handler = 0, events = 1 };

/// A method as a module declared it. `tag` is the module's own number for it.
struct DeclaredMethod {
  std::string path;
  rpc::MethodKind kind = rpc::MethodKind::unary;
  std::int32_t tag = 0;
  Style style = Style::handler;

  bool operator==(const DeclaredMethod&) const = default;
};

/// Bytes a method's path may have.
inline constexpr std::size_t max_path_bytes = 1024;
/// More declarations than this are refused: a table of them is kept by every worker.
inline constexpr std::size_t max_methods = 10'000;
/// Bytes the descriptors of a module may have in all.
inline constexpr std::size_t max_descriptor_bytes = std::size_t{4} << 20;

/// The custom section in which a module may describe itself to those that do not run it: a serialized
/// google.protobuf.FileDescriptorSet.
inline constexpr std::string_view descriptors_section = "wasm_grpc.descriptors";

/// Which instance of a module a call in event style meets. The numbers are those of ABI 1.
enum class Placement : std::uint8_t {
  worker = 0,   // the one of the worker that has its connection
  process = 1,  // the one there is
  key = 2,      // the one for the value of a request header
};

/// What a module declared when it started.
struct Declaration {
  std::vector<DeclaredMethod> methods;
  /// Serialized google.protobuf.FileDescriptorSet messages.
  std::vector<std::string> descriptors;
  Placement placement = Placement::worker;
  /// The request header, for Placement::key.
  std::string placement_key;
  /// Services whose health it set in its start, and the last it said.
  std::map<std::string, bool, std::less<>> serving;
};

/// Severity of a guest's log line. The numbers are those of ABI 1.
enum class LogLevel : std::uint8_t { trace = 0, debug = 1, info = 2, warn = 3, error = 4 };

/// Something that a guest says besides the text of a line. It lives as long as the line is being logged.
using wasm_grpc::LogField;
/// Most of them of one line.
inline constexpr std::size_t max_log_fields = 32;

/// Where guests' log lines go. Thread-safe.
class LogSink {
 public:
  virtual ~LogSink() = default;
  /// `call`: the one during which the guest says it; nullptr for none.
  virtual void log(std::string_view module, LogLevel level, std::string_view text, const rpc::Call* call) noexcept = 0;
  /// A line about one call, with what the guest says besides, in its order.
  virtual void log_call(std::string_view module, LogLevel level, std::string_view text, const rpc::Call& call,
                        std::span<const LogField> fields) noexcept = 0;
};

/// Gets what a module says of the health of its services. Thread-safe.
class HealthSink {
 public:
  virtual ~HealthSink() = default;
  virtual void set_serving(std::string_view service, bool serving) noexcept = 0;
};

/// What calls of a module may use, as guests are told. 0: it is not limited.
struct Limits {
  std::uint64_t request_bytes = 0;
  std::uint64_t response_bytes = 0;
  std::uint64_t memory_bytes = 0;
  std::chrono::nanoseconds cpu_time{};
  std::chrono::nanoseconds event_time{};
};

/// What the bindings of a module need of their host. All outlive them.
struct HostSide {
  LogSink& log;
  HealthSink* health = nullptr;
  const Limits& limits;
};

/// What a suspended call waits for; bits of wasm::Suspension::interests.
namespace interest {
inline constexpr std::uint32_t readable = 1;
inline constexpr std::uint32_t writable = 2;
/// The guest is told when the call is cancelled, rather than dropped.
inline constexpr std::uint32_t cancelled = 4;
/// Something has come of a call that the guest made (client_1/).
inline constexpr std::uint32_t outgoing = 8;
}  // namespace interest

/// What a guest is told of a call in event style. The numbers are those of ABI 1.
/// `alarm` and `ending` are of the instance, and of no call.
enum class Event : std::uint8_t {
  open = 0,
  message = 1,
  half_close = 2,
  writable = 3,
  timer = 4,
  cancelled = 5,
  alarm = 6,
  ending = 7,
  client = 8,  // of a call that the instance made (client_1/)
};
/// The number of no call, with which the guest is told of those.
inline constexpr std::int32_t no_call = 0;

/// The host's side of a call in event style, told of what the guest does to it. Used while the guest runs.
class EventCallHost {
 public:
  virtual ~EventCallHost() = default;
  /// Event::timer is to follow after this time, instead of when it was to before; never when it is negative.
  virtual void set_timer(std::chrono::nanoseconds timeout) noexcept = 0;
  /// It has its status, and no longer a number: nothing of the guest's reaches it from here on.
  virtual void guest_finished() noexcept = 0;
  /// Its request could not be decompressed: it has its status and is cancelled.
  virtual void refused() noexcept = 0;
};

/// The host's side of an instance in event style. Used while the guest runs.
class EventInstanceHost {
 public:
  virtual ~EventInstanceHost() = default;
  /// Event::alarm is to follow after this time, instead of when it was to before; never when it is negative.
  virtual void set_alarm(std::chrono::nanoseconds timeout) noexcept = 0;
};

/// Who gives calls of an instance numbers too.
class NumberHolder {
 public:
  [[nodiscard]] virtual bool has_number(std::int32_t number) const noexcept = 0;

 protected:
  ~NumberHolder() = default;
};

/// How a call in handler style stands.
enum class CallStep : std::uint8_t {
  fiber,  // a fiber is to be polled to its end
  waits,  // it goes on when there is something to read
  over,   // it has its status, or is cancelled
};

/// One instance's side of an ABI. Lives as long as its instance; used on the thread that runs it.
class Binding {
 public:
  virtual ~Binding() = default;

  /// Makes the fiber of the next step of the start, beginning with the instantiation. False, and no fiber, when the
  /// instance is ready. Each fiber must be done before the next step.
  [[nodiscard]] virtual Result<bool> begin_next_start_step() = 0;
  /// True when a failure of the running start step is the good end of it (proc_exit(0) of a WASI command).
  [[nodiscard]] virtual bool start_step_exited_well() const = 0;
  /// What the start declared. Only when the instance is ready.
  [[nodiscard]] virtual const Declaration& declaration() const = 0;

  /// Begins to serve `call` by the method `tag`.
  [[nodiscard]] virtual CallStep begin_call(rpc::Call& call, std::int32_t tag) = 0;
  /// Goes on with it: its fiber is done, or there is something to read for a call that waits. A call that is over has
  /// been given its status, if it had none yet.
  [[nodiscard]] virtual CallStep continue_call() = 0;
  /// Goes on with another object for the same call, in the same state. Only while the fiber does not run.
  virtual void move_call(rpc::Call& call) noexcept = 0;
  /// The call that the guest is in the midst of, or in whose event; nullptr for none.
  [[nodiscard]] virtual const rpc::Call* current_call() const noexcept = 0;
  /// The call that the guest knows by this number; nullptr for none.
  [[nodiscard]] virtual rpc::Call* find_call(std::int32_t) noexcept { return nullptr; }

  /// True once the guest has been answered that the call of its handler has ended for the client.
  [[nodiscard]] bool told_of_end() const noexcept { return told_of_end_; }
  /// Such an answer is given.
  void tell_of_end() noexcept { told_of_end_ = true; }

  // ---- For calls that the guest makes (client_1/) ----

  /// Calls that are served get no number that this has. It outlives the binding.
  virtual void share_numbers(const NumberHolder&) noexcept {}
  /// The next number, which no call that is served has; 0 where guests of the ABI make no calls.
  [[nodiscard]] virtual std::int32_t next_number() noexcept { return 0; }
  /// What the guest would be answered that waits for this call that it serves; 0 while it would wait.
  [[nodiscard]] virtual std::int32_t look_at_call(std::int32_t, std::uint32_t) noexcept { return 0; }

  // ---- Event style: many calls in one instance ----

  /// Before its first event. Outlives the instance.
  virtual void set_event_host(EventInstanceHost& host) noexcept = 0;
  /// True when the guest is to be told, by Event::ending, before its instance is given up.
  [[nodiscard]] virtual bool wants_ending() const noexcept = 0;

  /// Gives a call the number by which the guest knows it, until close_call() or EventCallHost::guest_finished(). Both
  /// live as long.
  [[nodiscard]] virtual std::int32_t open_call(rpc::Call& call, EventCallHost& host) = 0;
  virtual void close_call(std::int32_t id) noexcept = 0;
  /// Makes the fiber that tells the guest of an event of a call, or of no_call.
  virtual void begin_event(std::int32_t id, Event event, std::int32_t value) = 0;

 protected:
  /// Another call begins.
  void forget_end() noexcept { told_of_end_ = false; }

 private:
  bool told_of_end_ = false;
};

/// A contract between host and guests.
class Abi {
 public:
  virtual ~Abi() = default;
  [[nodiscard]] virtual std::string_view name() const noexcept = 0;
  /// True when the module means to speak this ABI.
  [[nodiscard]] virtual bool recognises(const wasm::Module& module) const = 0;
  /// True when the function is one that only modules which speak this ABI may import: it looks for their binding.
  [[nodiscard]] virtual bool has_import(const wasm::ImportInfo& import) const noexcept = 0;
  /// Says what a module that means to speak it lacks.
  [[nodiscard]] virtual Result<> check(const wasm::Module& module) const = 0;
  /// What of the ABI the module may use, by its imports, exports and custom sections; each name once.
  [[nodiscard]] virtual std::vector<std::string> features(const wasm::Module&) const { return {}; }
  /// What the module will not do as its author may expect, by the way it was linked; a line for each.
  [[nodiscard]] virtual std::vector<std::string> warnings(const wasm::Module& module) const = 0;
  /// `expected` is what the module declared when it was loaded, or null then; it outlives the binding. What suspends
  /// a guest of a call needs its wasi::Context, where it is to wait by that.
  [[nodiscard]] virtual std::unique_ptr<Binding> bind(wasm::Instance& instance, const HostSide& host,
                                                      const Declaration* expected) const = 0;
};

/// Offers the imports of every known ABI.
[[nodiscard]] Result<> define_imports(wasm::Linker& linker);
/// The ABI a module speaks. The error says which exports are missing and which ABIs are known.
[[nodiscard]] Result<const Abi*> detect(const wasm::Module& module);

}  // namespace wasm_grpc::abi
