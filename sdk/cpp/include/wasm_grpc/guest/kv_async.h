// The key-value store in coroutines: the other calls of the instance go on meanwhile. As the functions without a
// context, in kv.h and kv_many.h, which hold them up where the store is on disk or elsewhere:
//
//   const auto found = co_await kv::get(context, "session/7");
//   const auto done = co_await kv::set(context, "session/7", state, {.if_version = found ? found->version : 0});
//
// and what has changed, as it changes:
//
//   kv::Watch watch = kv::watch_prefix(context, "session/");
//   const kv::Changed changed = co_await watch.next();
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/async_call.h"
#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/kv.h"
#include "wasm_grpc/guest/kv_many.h"
#include "wasm_grpc_kv.h"

namespace wasm_grpc::guest {

namespace abi {
using ::wasm_grpc_kv_1_begin;
using ::wasm_grpc_kv_1_close;
using ::wasm_grpc_kv_1_take;
}  // namespace abi

namespace kv {

namespace detail {

/// Something that was begun with the store, and who waits for it.
class Operation final : public guest::detail::LoopCall {
 public:
  Operation(guest::detail::AsyncLoop& loop, std::int32_t action, std::string_view request)
      : Operation(loop, abi::wasm_grpc_kv_1_begin(action, request.data(), static_cast<std::uint32_t>(request.size()))) {
  }
  ~Operation() override {
    if (number_ > 0) (void)abi::wasm_grpc_kv_1_close(number_);
  }

  /// Takes what there is. False while there is nothing.
  [[nodiscard]] bool take() {
    if (number_ <= 0) return true;  // it was refused, and has its answer
    answer_.resize(256);
    while (true) {
      const std::int32_t size =
          abi::wasm_grpc_kv_1_take(number_, answer_.data(), static_cast<std::uint32_t>(answer_.size()));
      if (size == WASM_GRPC_KV_AGAIN) return false;
      if (size < 0) {
        refuse(size);
        return true;
      }
      const auto needed = static_cast<std::size_t>(size);
      const bool fits = needed <= answer_.size();
      answer_.resize(needed);
      if (fits) return true;
    }
  }
  /// What the function would have answered, and what it would have written.
  [[nodiscard]] std::int64_t result() const noexcept { return Reading(answer_).number<std::int64_t>(); }
  [[nodiscard]] std::string_view written() const noexcept {
    return std::string_view(answer_).substr(sizeof(std::int64_t));
  }
  /// All was taken: the host knows it no more.
  void over() noexcept { number_ = 0; }

 private:
  // Numbers of operations are not those of calls: so that the loop tells them apart they are below 0 there.
  Operation(guest::detail::AsyncLoop& loop, std::int32_t number)
      : LoopCall(loop, number > 0 ? -number : 0), number_(number) {
    if (number <= 0) refuse(number);
  }
  void refuse(std::int32_t outcome) {
    number_ = 0;
    answer_.clear();
    append(answer_, std::int64_t{outcome});
  }
  void take(std::int32_t, std::int32_t) noexcept override { readable().wake_all(); }
  void destroy() noexcept override { leave_loop(); }  // its owner's frame has it

  std::int32_t number_;
  std::string answer_;
};

[[nodiscard]] inline guest::detail::AsyncLoop& loop_of(const Context& context) {
  return *guest::detail::instance_of(context).loop;
}

}  // namespace detail

/// An answer of the store that is to come: `co_await` it, once. Let go of before, a change may be made or not. In a
/// plain handler the outcome is `invalid`: there are the functions without a context.
template <typename Result>
class [[nodiscard]] PendingAnswer {
 public:
  using Read = Result (*)(std::int64_t result, std::string_view written);

  PendingAnswer(const Context& context, std::int32_t action, std::string_view request, Read read)
      : operation_(std::make_unique<detail::Operation>(detail::loop_of(context), action, request)), read_(read) {}

  [[nodiscard]] auto operator co_await() const {
    return guest::detail::Retrying<Await>(*operation_, operation_->readable(), Await{operation_.get(), read_});
  }

 private:
  struct Await {
    [[nodiscard]] bool step() const { return operation->take(); }
    [[nodiscard]] Result result() const {
      operation->over();
      return read(operation->result(), operation->written());
    }
    detail::Operation* operation;
    Read read;
  };

  std::unique_ptr<detail::Operation> operation_;
  Read read_;
};

namespace detail {

[[nodiscard]] inline FindResult read_found(std::int64_t result, std::string_view value) {
  if (result <= 0) return {static_cast<Outcome>(result), {}};
  return {Outcome::ok, {std::string(value), static_cast<std::uint64_t>(result)}};
}
[[nodiscard]] inline std::string request_of_change(std::string_view key, std::optional<std::string_view> value,
                                                   const SetOptions& options) {
  std::string request;
  append_change(request, key, value, options);
  return request;
}

}  // namespace detail

[[nodiscard]] inline PendingAnswer<FindResult> find(const Context& context, std::string_view key) {
  return {context, WASM_GRPC_KV_GET, key, &detail::read_found};
}
[[nodiscard]] inline PendingAnswer<std::optional<Found>> get(const Context& context, std::string_view key) {
  return {context, WASM_GRPC_KV_GET, key, [](std::int64_t result, std::string_view value) -> std::optional<Found> {
            if (result <= 0) return std::nullopt;
            return Found{std::string(value), static_cast<std::uint64_t>(result)};
          }};
}
[[nodiscard]] inline PendingAnswer<SetResult> set(const Context& context, std::string_view key, std::string_view value,
                                                  const SetOptions& options = {}) {
  return {context, WASM_GRPC_KV_SET, detail::request_of_change(key, value, options),
          [](std::int64_t result, std::string_view) { return detail::set_result(result); }};
}
[[nodiscard]] inline PendingAnswer<Outcome> remove(const Context& context, std::string_view key,
                                                   std::optional<std::uint64_t> if_version = {}) {
  return {context, WASM_GRPC_KV_REMOVE, detail::request_of_change(key, std::nullopt, {{}, if_version}),
          [](std::int64_t result, std::string_view) { return detail::outcome_of(result); }};
}
[[nodiscard]] inline PendingAnswer<Page> list(const Context& context, std::string_view prefix,
                                              std::string_view after = {}, std::int32_t most = 100) {
  std::string request;
  detail::append(request, most);
  detail::append(request, static_cast<std::uint32_t>(prefix.size()));
  request.append(prefix).append(after);
  return {context, WASM_GRPC_KV_LIST, request, [](std::int64_t result, std::string_view page) {
            return result < 0 ? Page{static_cast<Outcome>(result)} : detail::read_page(page);
          }};
}
[[nodiscard]] inline PendingAnswer<ManyFound> get_many(const Context& context, std::span<const std::string> keys) {
  return {context, WASM_GRPC_KV_GET_MANY, detail::request_of_keys(keys),
          [](std::int64_t result, std::string_view pairs) {
            return result < 0 ? ManyFound{static_cast<Outcome>(result)} : detail::read_many(pairs);
          }};
}
[[nodiscard]] inline PendingAnswer<ChangesResult> change_each(const Context& context, const Changes& changes) {
  return {context, WASM_GRPC_KV_CHANGE_EACH, changes.bytes(), &detail::read_changes};
}
[[nodiscard]] inline PendingAnswer<ChangesResult> change_all(const Context& context, const Changes& changes) {
  return {context, WASM_GRPC_KV_CHANGE_ALL, changes.bytes(), &detail::read_changes};
}
[[nodiscard]] inline PendingAnswer<SwapResult> swap(const Context& context, std::string_view key,
                                                    std::string_view value, const SetOptions& options = {}) {
  return {context, WASM_GRPC_KV_SWAP, detail::request_of_change(key, value, options),
          [](std::int64_t result, std::string_view written) {
            wasm_grpc_kv_old about{WASM_GRPC_KV_ABSENT, 0, 0};
            detail::Reading from(written);
            if (!from.at_end()) {
              about = {from.number<std::int32_t>(), from.number<std::uint32_t>(), from.number<std::uint64_t>()};
            }
            return detail::read_swap(result, about, from.rest());
          }};
}

/// What has changed since it was told last.
struct Changed {
  Outcome outcome = Outcome::ok;  // or invalid, or full: the instance has as many watches as it may
  /// Any may have changed, more than are told: look at all.
  bool all = false;
  std::vector<std::string> keys = {};
};

/// Tells which keys are set or removed, by whichever instance of the module in this process, and, where the store
/// tells, by others, and those whose time passes (docs/host-modules.md). What happens before it is told is told once:
/// read the pair to see how it is. It ends with the object.
class [[nodiscard]] Watch {
 public:
  Watch(const Context& context, std::string_view key, bool prefix)
      : operation_(
            std::make_unique<detail::Operation>(detail::loop_of(context), WASM_GRPC_KV_WATCH, request(key, prefix))) {}

  /// `co_await watch.next()` waits for a change.
  [[nodiscard]] auto next() const {
    return guest::detail::Retrying<Await>(*operation_, operation_->readable(), Await{operation_.get()});
  }

 private:
  struct Await {
    [[nodiscard]] bool step() const { return operation->take(); }
    [[nodiscard]] Changed result() const {
      const std::int64_t result = operation->result();
      Changed changed{detail::outcome_of(result), result > 0};
      detail::Reading from(operation->written());
      while (!from.at_end()) {
        const auto size = from.number<std::uint32_t>();
        changed.keys.emplace_back(from.text(size));
      }
      return changed;
    }
    detail::Operation* operation;
  };
  [[nodiscard]] static std::string request(std::string_view key, bool prefix) {
    std::string bytes;
    detail::append(bytes, std::uint32_t{prefix ? 1u : 0u});
    return bytes.append(key);
  }

  std::unique_ptr<detail::Operation> operation_;
};

[[nodiscard]] inline Watch watch(const Context& context, std::string_view key) { return {context, key, false}; }
[[nodiscard]] inline Watch watch_prefix(const Context& context, std::string_view prefix) {
  return {context, prefix, true};
}

}  // namespace kv
}  // namespace wasm_grpc::guest
