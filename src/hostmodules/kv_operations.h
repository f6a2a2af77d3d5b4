// What a guest has asked of its store without waiting for it, and watches: event style of wasm_grpc_kv_1.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "hostmodules/answers.h"
#include "hostmodules/host_events.h"
#include "store/operation.h"
#include "store/store.h"
#include "store/watches.h"
#include "wasm/host_states.h"
#include "wasm_grpc/host_function.h"

namespace wasm_grpc::hostmodules {

/// What is asked for. The numbers are those of wasm_grpc_kv_1.
enum class KvAction : std::int32_t {
  get = 0,
  set = 1,
  remove = 2,
  list = 3,
  get_many = 4,
  change_each = 5,
  change_all = 6,
  swap = 7,
  watch = 8,
};

/// The store of the guest's module.
struct KvBackend {
  std::function<void(std::unique_ptr<store::Request>)> submit;
  store::Watches& watches;
  std::size_t max_value = 0;
  std::chrono::steady_clock::duration timeout{};
};

/// Those of one instance; used where it runs. Answers come on any thread, also after its end.
class KvOperations {
 public:
  static constexpr std::size_t max_operations = 1024;
  static constexpr std::size_t max_watches = 64;
  /// Of answers that the guest has not taken.
  static constexpr std::size_t max_answer_bytes = std::size_t{16} << 20;

  KvOperations();
  ~KvOperations();
  KvOperations(const KvOperations&) = delete;
  KvOperations& operator=(const KvOperations&) = delete;

  /// For whoever tells the instance of events. Before that nothing can be begun.
  [[nodiscard]] const std::shared_ptr<HostEvents>& open_events();

  /// `request` has the layout that docs/host-modules.md says.
  std::int32_t begin(const KvBackend& backend, std::int32_t action, std::span<const std::byte> request);
  std::int32_t take(std::int32_t number, std::span<std::byte> answer);
  std::int32_t close(std::int32_t number);

 private:
  class Operation;
  class Pending;
  class Watch;
  class SubmittedRequest;
  struct Held;

  std::int32_t begin_watch(const KvBackend& backend, std::span<const std::byte> request);

  std::shared_ptr<HostEvents> events_;  // nullptr: nobody tells of them
  std::shared_ptr<Held> held_;
  std::map<std::int32_t, std::shared_ptr<Operation>> operations_;
  std::size_t watching_ = 0;
};

/// Those of an instance; nullptr where its module does not use the store.
[[nodiscard]] KvOperations* kv_operations_of(const wasm::ModuleStates& module, wasm::InstanceStates& instance);

/// The functions `take` and `close`, wherever the pairs are.
inline std::int32_t take_answer(InstanceState<KvOperations> operations, std::int32_t number,
                                std::span<std::byte> answer) {
  return operations->take(number, answer);
}
inline std::int32_t close_operation(InstanceState<KvOperations> operations, std::int32_t number) {
  return operations->close(number);
}

}  // namespace wasm_grpc::hostmodules
