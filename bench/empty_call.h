// A call whose request says nothing, for clients that look at when it ends.
#pragma once

#include <cstring>

#include "client.h"

namespace wasm_grpc::bench {

/// An empty request; any answer.
class EmptyCall : public ClientCall {
 public:
  using Time = Client::Clock::time_point;

  std::size_t produce(std::span<std::uint8_t> room, bool& ended) override {
    static constexpr std::size_t empty_message = 5;
    std::memset(room.data(), 0, empty_message);
    ended = true;
    return empty_message;
  }
  void received(std::span<const std::uint8_t> /*bytes*/) override {}
  void closed() override { closed_at_ = Client::Clock::now(); }
  [[nodiscard]] Time closed_at() const noexcept { return closed_at_; }

 private:
  Time closed_at_;
};

}  // namespace wasm_grpc::bench
