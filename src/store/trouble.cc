#include "store/trouble.h"

namespace wasm_grpc::store {

void Trouble::at(const std::string& why, std::string_view answer) {
  const auto now = std::chrono::steady_clock::now();
  if (why == why_ && now - said_ < pause) return;
  why_ = why;
  said_ = now;
  say_(LogLevel::error, what_ + ": " + why + "; guests are answered " + std::string(answer));
}

void Trouble::over() {
  if (why_.empty()) return;
  why_.clear();
  say_(LogLevel::info, what_ + " works again");
}

void Trouble::took(std::chrono::nanoseconds time, std::string_view module, std::string_view operation) {
  if (time < slow) return;
  ++slow_;
  const auto now = std::chrono::steady_clock::now();
  if (slow_said_ != std::chrono::steady_clock::time_point() && now - slow_said_ < pause) return;
  slow_said_ = now;
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
  std::string text = what_ + " is slow: a " + std::string(operation) + " of " + std::string(module) + " took " +
                     std::to_string(milliseconds) + " ms";
  if (const std::uint64_t others = std::exchange(slow_, 0) - 1; others > 0) {
    text += ", and " + std::to_string(others) + " more took longer than a second since this was said last";
  }
  say_(LogLevel::warn, text);
}

}  // namespace wasm_grpc::store
