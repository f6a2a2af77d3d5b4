// args_get, environ_get and their sizes.
#include <algorithm>
#include <cstring>

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

namespace {

Errno sizes(const StringTable& table, GuestPointer<std::uint32_t> count, GuestPointer<std::uint32_t> bytes) {
  count.store(static_cast<std::uint32_t>(table.offsets().size()));
  bytes.store(static_cast<std::uint32_t>(table.bytes().size()));
  return Errno::success;
}

/// Writes the strings to `buffer`, and where each of them begins to the array at `pointers`.
Errno get(const StringTable& table, Caller& caller, std::uint32_t pointers, std::uint32_t buffer) {
  const auto count = static_cast<std::uint32_t>(table.offsets().size());
  const auto places = caller.range(pointers, count * 4);
  const auto strings = caller.range(buffer, static_cast<std::uint32_t>(table.bytes().size()));
  if (caller.trapped()) return Errno::success;
  std::copy_n(reinterpret_cast<const std::byte*>(table.bytes().data()), strings.size(), strings.data());
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t place = buffer + table.offsets()[i];
    std::memcpy(places.data() + i * 4, &place, 4);
  }
  return Errno::success;
}

Errno args_sizes_get(Context& context, Caller&, GuestPointer<std::uint32_t> count, GuestPointer<std::uint32_t> bytes) {
  return sizes(context.sandbox().arguments(), count, bytes);
}

Errno args_get(Context& context, Caller& caller, std::uint32_t pointers, std::uint32_t buffer) {
  return get(context.sandbox().arguments(), caller, pointers, buffer);
}

Errno environ_sizes_get(Context& context, Caller&, GuestPointer<std::uint32_t> count,
                        GuestPointer<std::uint32_t> bytes) {
  return sizes(context.sandbox().environment(), count, bytes);
}

Errno environ_get(Context& context, Caller& caller, std::uint32_t pointers, std::uint32_t buffer) {
  return get(context.sandbox().environment(), caller, pointers, buffer);
}

}  // namespace

void define_arguments(Definer& definer) {
  definer.add("args_get", args_get);
  definer.add("args_sizes_get", args_sizes_get);
  definer.add("environ_get", environ_get);
  definer.add("environ_sizes_get", environ_sizes_get);
}

}  // namespace wasm_grpc::wasi
