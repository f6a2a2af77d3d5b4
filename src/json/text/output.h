// The text that is written, up to a limit.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>

namespace wasm_grpc::json {

/// Appends `text` as a JSON string. It is UTF-8.
void append_quoted(std::string_view text, std::string& out);

/// Appends to a string, whose size is right again after finish() or cancel().
class TextOutput {
 public:
  explicit TextOutput(std::string& out) : out_(out), before_(out.size()), at_(before_) {}

  /// How much was appended.
  [[nodiscard]] std::size_t size() const noexcept { return at_ - before_; }
  /// Takes back what came after there were so many.
  void cut(std::size_t size) noexcept { at_ = before_ + size; }

  /// Room for so many more characters, to be written at what it returns; then advance.
  [[nodiscard]] char* room(std::size_t more) {
    if (out_.size() - at_ < more) grow(more);
    return out_.data() + at_;
  }
  void advance_to(const char* end) noexcept { at_ = static_cast<std::size_t>(end - out_.data()); }

  void put(char c) {
    *room(1) = c;
    ++at_;
  }
  void put(std::string_view text) {
    std::memcpy(room(text.size()), text.data(), text.size());
    at_ += text.size();
  }
  /// As a JSON string. False when it is not UTF-8.
  [[nodiscard]] bool quoted(std::string_view text);

  void finish() { out_.resize(at_); }
  void cancel() { out_.resize(before_); }

 private:
  void grow(std::size_t more);

  std::string& out_;
  std::size_t before_;
  std::size_t at_;
};

}  // namespace wasm_grpc::json
