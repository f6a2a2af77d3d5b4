// The JSON that is read (RFC 8259), strictly.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::json {

/// A place in the text, moving forward. What returns false has found an error, which problem() tells; the place is then
/// where it is.
class TextInput {
 public:
  explicit TextInput(std::string_view text) : begin_(text.data()), end_(text.data() + text.size()), at_(text.data()) {}

  /// What is within the quotes of a string. It is UTF-8, without control characters, and each escape stands for one or
  /// two characters.
  struct String {
    std::string_view raw;
    bool has_escapes = false;
  };

  [[nodiscard]] const char* at() const noexcept { return at_; }
  void go_to(const char* place) noexcept { at_ = place; }
  [[nodiscard]] bool at_end() const noexcept { return at_ == end_; }
  /// The next character; 0 at the end, which no JSON has.
  [[nodiscard]] char next() const noexcept { return at_ == end_ ? '\0' : *at_; }
  void skip_space() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  /// Takes exactly this, if it is next.
  [[nodiscard]] bool takes(char c) noexcept {
    if (next() != c || at_ == end_) return false;
    ++at_;
    return true;
  }
  [[nodiscard]] bool takes(std::string_view text) noexcept;
  /// Takes `null`, `true` or `false`, if it is next and no longer word.
  [[nodiscard]] bool takes_word(std::string_view word) noexcept;

  /// A string, with its quotes.
  [[nodiscard]] bool string(String& out);
  [[nodiscard]] bool number(std::string_view& out);
  /// Space, and a colon between them.
  [[nodiscard]] bool colon();
  /// After a value: true and `more` when a comma follows, and what is behind it; true when `close` does.
  [[nodiscard]] bool comma_or(char close, bool& more);
  /// Any value, nested at most so deep.
  [[nodiscard]] bool skip(int depth);

  /// In an object that is at the place, which stays: where the value of the key "@type" begins, or nullptr. For objects
  /// within one that was asked for before, the answer is remembered: the text is not gone through again.
  [[nodiscard]] bool find_type(int depth, const char*& value);

  /// Says what was expected at a place; returns false.
  bool expected(std::string_view what, const char* place);
  bool expected(std::string_view what) { return expected(what, at_); }
  /// Says what is wrong at a place; returns false.
  bool wrong(std::string what, const char* place);
  bool wrong(std::string what) { return wrong(std::move(what), at_); }
  /// What is wrong, and its line and column.
  [[nodiscard]] const std::string& problem() const noexcept { return problem_; }
  [[nodiscard]] std::string place() const;

  /// What a string stands for; appends to `out`.
  static void unescape(std::string_view raw, std::string& out);

 private:
  struct Typed {
    const char* object;
    const char* type;
  };
  [[nodiscard]] bool escape();
  [[nodiscard]] bool skip_object(int depth);
  /// What is at a place, in words.
  [[nodiscard]] std::string found(const char* place) const;

  const char* begin_;
  const char* end_;
  const char* at_;
  const char* problem_at_ = nullptr;
  std::string problem_;

  bool notes_types_ = false;
  const char* typed_until_ = nullptr;  // the end of what was gone through for "@type"
  std::vector<Typed> typed_;           // the objects there that have one, in the order of their places
};

/// As it may be shown to people: cut to some forty bytes, and UTF-8.
[[nodiscard]] std::string shown(std::string_view text);

}  // namespace wasm_grpc::json
