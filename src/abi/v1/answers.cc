#include "abi/v1/answers.h"

#include <cstring>

#include "abi/v1/numbers.h"
#include "rpc/timer_queue.h"

namespace wasm_grpc::abi::v1 {

std::int32_t answer(rpc::SendResult result) noexcept {
  switch (result) {
    case rpc::SendResult::ok:
      return OK;
    case rpc::SendResult::again:
      return AGAIN;
    case rpc::SendResult::cancelled:
      return CANCELLED;
    case rpc::SendResult::closed:
      return CLOSED;
    case rpc::SendResult::invalid:
      return INVALID;
  }
  return INVALID;
}

std::int32_t give(std::string_view value, std::span<std::byte> buffer) noexcept {
  if (value.size() <= buffer.size()) std::memcpy(buffer.data(), value.data(), value.size());
  return static_cast<std::int32_t>(value.size());
}

std::int32_t give_value(const rpc::Metadata& metadata, std::string_view key, std::int32_t index,
                        std::span<std::byte> value) noexcept {
  if (index < 0) return INVALID;
  const auto found = metadata.get(key, static_cast<std::size_t>(index));
  return found ? give(*found, value) : ABSENT;
}

std::int32_t give_list(const rpc::Metadata& metadata, std::span<std::byte> list) noexcept {
  const std::size_t total = metadata.byte_size() + metadata.size() * 2 * sizeof(std::uint32_t);
  if (total > list.size()) return static_cast<std::int32_t>(total);
  std::byte* out = list.data();
  const auto put = [&out](const void* bytes, std::size_t size) {
    std::memcpy(out, bytes, size);
    out += size;
  };
  for (const auto [key, value] : metadata) {
    const std::uint32_t sizes[] = {static_cast<std::uint32_t>(key.size()), static_cast<std::uint32_t>(value.size())};
    put(sizes, sizeof(sizes));
    put(key.data(), key.size());
    put(value.data(), value.size());
  }
  return static_cast<std::int32_t>(total);
}

std::optional<Pair> take_pair(std::string_view& pairs) noexcept {
  std::uint32_t sizes[2];
  if (pairs.size() < sizeof(sizes)) return std::nullopt;
  std::memcpy(sizes, pairs.data(), sizeof(sizes));
  const std::string_view rest = pairs.substr(sizeof(sizes));
  if (sizes[0] > rest.size() || sizes[1] > rest.size() - sizes[0]) return std::nullopt;
  pairs = rest.substr(std::size_t{sizes[0]} + sizes[1]);
  return Pair{rest.substr(0, sizes[0]), rest.substr(sizes[0], sizes[1])};
}

wasm::Clock::time_point wait_until(std::int64_t timeout_ns) noexcept {
  if (timeout_ns < 0) return wasm::Suspension::never;
  return rpc::later(wasm::Clock::now(), std::chrono::nanoseconds(timeout_ns));
}

std::optional<std::int32_t> timed_out(const wasm::Suspension& waiting) noexcept {
  const bool late = waiting.until != wasm::Suspension::never && wasm::Clock::now() >= waiting.until;
  return late ? std::optional(0) : std::nullopt;
}

}  // namespace wasm_grpc::abi::v1
