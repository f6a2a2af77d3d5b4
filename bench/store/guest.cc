// bench.Store: a guest that asks its store, once in each call, or often one after the other. There are 1,000 keys.
#include <wasm_grpc/guest.h>
#include <wasm_grpc/guest/kv.h>
#include <wasm_grpc/guest/kv_many.h>

#include <chrono>
#include <cstdint>
#include <string>

using namespace wasm_grpc::guest;

namespace {

constexpr std::uint32_t keys = 1000;
const std::string payload(100, 'x');

std::string key_of(std::uint32_t number) { return "bench-" + std::to_string(number); }

std::string next_key() {
  // Each instance begins elsewhere.
  static auto number = static_cast<std::uint32_t>(std::chrono::steady_clock::now().time_since_epoch().count());
  number = number * 1664525U + 1013904223U;
  return key_of((number >> 8U) % keys + keys);
}

Reply nothing(Context&, Bytes) { return Bytes(payload); }

constexpr int often = 25;

Status failed(kv::Outcome outcome) {
  return Status::internal("the store answers " + std::to_string(static_cast<int>(outcome)));
}

template <int times>
Reply get(Context& context, Bytes) {
  std::string& reply = context.scratch();
  for (int i = 0; i < times; ++i) {
    kv::FindResult found = kv::find(next_key());
    if (!found) return failed(found.outcome);
    reply = std::move(found.found.value);
  }
  return Bytes(reply);
}

template <int times>
Reply set(Context&, Bytes) {
  for (int i = 0; i < times; ++i) {
    const kv::SetResult done = kv::set(next_key(), payload);
    if (!done) return failed(done.outcome);
  }
  return Bytes(payload);
}

/// Makes all keys, where another instance has not.
void fill() {
  if (kv::find(key_of(2 * keys - 1))) return;
  kv::Changes changes;
  for (std::uint32_t number = keys; number < 2 * keys; ++number) {
    changes.set(key_of(number), payload);
    if ((number + 1) % 100 != 0) continue;
    (void)kv::change_each(changes);
    changes = kv::Changes();
  }
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  fill();
  registry.service("bench.Store")
      .unary("Nothing", nothing)
      .unary("Get", get<1>)
      .unary("Set", set<1>)
      .unary("Gets", get<often>)
      .unary("Sets", set<often>);
}
