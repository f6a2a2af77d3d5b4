// wasm_grpc_kv_1 over a store that outlives the process: its guests wait for the answers.
#include <cstring>

#include "hostmodules/kv_arguments.h"
#include "hostmodules/kv_batches.h"
#include "hostmodules/kv_operations.h"
#include "hostmodules/modules.h"
#include "hostmodules/stored.h"

namespace wasm_grpc::hostmodules {

namespace {

struct StoredPairs : Stored {
  StoredPairs(store::Stores& stores, const ModuleOptions& options)
      : Stored(stores, options), max_value(max_value_of(options.shared_state)) {}
  const std::size_t max_value;
};

template <typename R, typename Finish>
void submit(StoredPairs& pairs, store::Operation operation, Completion<R> done, Finish finish) {
  done.give_up_at(pairs.limit(), UNAVAILABLE);
  pairs.store->submit(request_of_guest(std::move(operation), std::move(done), std::move(finish)));
}

void get(ModuleState<StoredPairs> pairs, Completion<std::int32_t> done, std::string_view key,
         std::span<std::byte> value, GuestPointer<std::uint64_t> version) {
  if (!is_key(key)) {
    done.complete(INVALID);
    return;
  }
  submit(*pairs, store::Get{std::string(key)}, std::move(done),
         [value, version](const store::Answer& found) -> Result<std::int32_t> {
           if (found.outcome != store::Outcome::done) return number_of(found.outcome);
           const std::string& bytes = found.value;
           if (bytes.size() <= value.size()) std::memcpy(value.data(), bytes.data(), bytes.size());
           version.store(found.number);
           return static_cast<std::int32_t>(bytes.size());
         });
}

void set(ModuleState<StoredPairs> pairs, Completion<std::int64_t> done, std::string_view key, std::string_view value,
         std::int64_t ttl_ns, std::int64_t if_version) {
  if (!is_key(key) || ttl_ns == 0 || !is_version(if_version)) {
    done.complete(INVALID);
  } else if (value.size() > pairs->max_value) {
    done.complete(TOO_LARGE);
  } else {
    submit(*pairs, store::Set{std::string(key), std::string(value), time_to_live(ttl_ns), condition(if_version)},
           std::move(done), [](const store::Answer& answer) -> Result<std::int64_t> {
             return answer.outcome == store::Outcome::done ? static_cast<std::int64_t>(answer.number)
                                                           : number_of(answer.outcome);
           });
  }
}

void remove(ModuleState<StoredPairs> pairs, Completion<std::int32_t> done, std::string_view key,
            std::int64_t if_version) {
  if (!is_key(key) || !is_version(if_version)) {
    done.complete(INVALID);
    return;
  }
  submit(*pairs, store::Remove{std::string(key), condition(if_version)}, std::move(done),
         [](const store::Answer& answer) -> Result<std::int32_t> { return number_of(answer.outcome); });
}

/// Submits what is asked for, if it is as it should be; `write` puts the answer into the guest's memory.
template <typename R, typename Write>
void submit_asked(StoredPairs& pairs, const Completion<R>& done, Asked asked, Write write) {
  if (asked.refusal != OK) {
    done.complete(asked.refusal);
    return;
  }
  submit(pairs, std::move(asked.operation), done,
         [write](const store::Answer& answer) -> Result<R> { return write(answer); });
}

void list(ModuleState<StoredPairs> pairs, Completion<std::int32_t> done, std::string_view prefix,
          std::string_view after, std::int32_t most, std::span<std::byte> page) {
  submit_asked(*pairs, done, ask_list(prefix, after, most, page.size()),
               [page](const store::Answer& answer) { return write_list(answer, page); });
}

void get_many(ModuleState<StoredPairs> pairs, Completion<std::int32_t> done, std::span<const std::byte> keys,
              std::span<std::byte> found) {
  submit_asked(*pairs, done, ask_many(keys, found.size()),
               [found](const store::Answer& answer) { return write_many(answer, found); });
}

template <bool together>
void change(ModuleState<StoredPairs> pairs, Completion<std::int32_t> done, std::span<const std::byte> changes,
            std::span<std::byte> results) {
  submit_asked(*pairs, done, ask_changes(changes, together, pairs->max_value, results.size()),
               [results](const store::Answer& answer) { return write_changes(answer, results); });
}

void swap(ModuleState<StoredPairs> pairs, Completion<std::int64_t> done, std::string_view key, std::string_view value,
          std::int64_t ttl_ns, std::int64_t if_version, std::span<std::byte> old, GuestPointer<OldPair> about) {
  submit_asked(*pairs, done, ask_swap(key, value, ttl_ns, if_version, pairs->max_value),
               [old, about](const store::Answer& answer) {
                 OldPair pair;
                 const std::int64_t result = write_swap(answer, old, pair);
                 about.store(pair);
                 return result;
               });
}

std::int32_t begin(ModuleState<StoredPairs> pairs, InstanceState<KvOperations> operations, std::int32_t action,
                   std::span<const std::byte> request) {
  const auto submit_one = [&pairs](std::unique_ptr<store::Request> one) { pairs->store->submit(std::move(one)); };
  return operations->begin({submit_one, *pairs->store->watches(), pairs->max_value, pairs->timeout}, action, request);
}

}  // namespace

HostModule stored_kv(std::shared_ptr<store::Stores> stores) {
  HostModule module{std::string(kv_module)};
  module.instead_when(is_stored)
      .instance_state<KvOperations>()
      .module_state<StoredPairs>([stores = std::move(stores)](const ModuleOptions& options) {
        return std::make_shared<StoredPairs>(*stores, options);
      })
      .function("get", get)
      .function("set", set)
      .function("remove", remove)
      .function("list", list)
      .function("get_many", get_many)
      .function("change_each", change<false>)
      .function("change_all", change<true>)
      .function("swap", swap)
      .function("begin", begin)
      .function("take", take_answer)
      .function("close", close_operation);
  return module;
}

}  // namespace wasm_grpc::hostmodules
