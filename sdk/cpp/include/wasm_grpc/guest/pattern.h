// Regular expressions for rules of messages (validation.h), without exceptions, and in time in proportion to the text.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasm_grpc::guest {

/// A pattern of RE2's syntax (github.com/google/re2/wiki/Syntax), as far as it goes: literals, '.', classes, \d \w \s
/// and their opposites, groups without references, '|', '*', '+', '?', {n,m}, ^, $, \A, \z, \b and \B. Text is UTF-8;
/// one character is a code point.
///
/// All states are followed at once (Thompson's way): matching takes time in proportion to the text times the pattern,
/// whatever they are.
class Pattern {
 public:
  /// Copies nothing of `text` that it keeps. See error().
  explicit Pattern(std::string_view text) : text_(text) {
    const Part all = alternatives(0);
    if (error_.empty() && at_ != text_.size()) fail("an unmatched )");
    if (!error_.empty()) return;
    program_ = std::move(all.code);
    program_.push_back({Op::match, 0, 0, 0});
    text_ = {};
  }

  /// Why the pattern is none, or has what is not supported; empty when it is good.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

  /// Whether the text has a match anywhere. False where the pattern is not good.
  [[nodiscard]] bool is_in(std::string_view text) const {
    if (program_.empty()) return false;
    std::vector<std::uint32_t> now;
    std::vector<std::uint32_t> next;
    std::vector<std::size_t> seen(program_.size(), 0);
    std::size_t step = 1;
    std::uint32_t before = none;
    for (std::size_t at = 0;; ++step) {
      std::size_t size = 0;
      const std::uint32_t c = at < text.size() ? decode(text.substr(at), size) : none;
      // Those that begin here, after those that are under way.
      for (const std::uint32_t state : std::exchange(now, {})) add(now, seen, step * 2, state, before, c);
      add(now, seen, step * 2, 0, before, c);
      next.clear();
      for (const std::uint32_t state : now) {
        const Instruction& one = program_[state];
        if (one.op == Op::match) return true;
        if (c != none && has(one, c)) next.push_back(state + 1);
      }
      if (c == none) return false;
      std::swap(now, next);
      before = c;
      at += size;
    }
  }

 private:
  enum class Op : std::uint8_t { of_class, split, jump, begin, end, word_edge, no_word_edge, match };
  struct Instruction {
    Op op;
    std::uint32_t first;   // of_class: its number; split, jump: how far to go, from here
    std::uint32_t second;  // split
    std::uint32_t unused;
  };
  struct Class {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges;
    bool is_negative = false;
  };
  struct Part {
    std::vector<Instruction> code;
  };
  static constexpr std::uint32_t none = 0xFFFFFFFF;
  static constexpr std::uint32_t last_code_point = 0x10FFFF;
  static constexpr std::size_t largest = 20'000;  // instructions
  static constexpr std::uint32_t most_times = 1'000;
  static constexpr int deepest = 100;

  // ---- Matching ----

  static bool is_word(std::uint32_t c) {
    return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  }
  [[nodiscard]] bool has(const Instruction& one, std::uint32_t c) const {
    if (one.op != Op::of_class) return false;
    const Class& of = classes_[one.first];
    const bool is_within =
        std::any_of(of.ranges.begin(), of.ranges.end(), [c](const auto& r) { return r.first <= c && c <= r.second; });
    return is_within != of.is_negative;
  }
  /// Adds a state, and those it leads to without a character. `before` and `c` are what is on both sides of here.
  void add(std::vector<std::uint32_t>& to, std::vector<std::size_t>& seen, std::size_t step, std::uint32_t state,
           std::uint32_t before, std::uint32_t c) const {
    std::vector<std::uint32_t> open = {state};
    while (!open.empty()) {
      const std::uint32_t at = open.back();
      open.pop_back();
      if (seen[at] == step) continue;
      seen[at] = step;
      const Instruction& one = program_[at];
      const bool is_edge = (before != none && is_word(before)) != (c != none && is_word(c));
      switch (one.op) {
        case Op::of_class:
        case Op::match:
          to.push_back(at);
          break;
        case Op::split:
          open.push_back(at + one.second);
          open.push_back(at + one.first);
          break;
        case Op::jump:
          open.push_back(at + one.first);
          break;
        case Op::begin:
          if (before == none) open.push_back(at + 1);
          break;
        case Op::end:
          if (c == none) open.push_back(at + 1);
          break;
        case Op::word_edge:
          if (is_edge) open.push_back(at + 1);
          break;
        case Op::no_word_edge:
          if (!is_edge) open.push_back(at + 1);
          break;
      }
    }
  }
  /// The first code point of a text that is not empty, and its length; a byte that is no UTF-8 is one of its own.
  static std::uint32_t decode(std::string_view text, std::size_t& size) {
    const auto byte = [&](std::size_t i) { return static_cast<std::uint32_t>(static_cast<unsigned char>(text[i])); };
    const std::uint32_t lead = byte(0);
    size = lead < 0xC0 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (size == 1 || size > text.size()) {
      size = 1;
      return lead;
    }
    std::uint32_t c = lead & (0xFFU >> (size + 1));
    for (std::size_t i = 1; i < size; ++i) c = c << 6 | (byte(i) & 0x3F);
    return c;
  }

  // ---- Reading a pattern ----

  void fail(std::string_view why) {
    if (error_.empty()) error_ = std::string(why) + " at character " + std::to_string(at_ + 1);
  }
  [[nodiscard]] bool take(char c) {
    if (at_ == text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  static Instruction made(Op op, std::size_t first = 0, std::size_t second = 0) {
    return {op, static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(second), 0};
  }
  Part of_class(Class of) {
    classes_.push_back(std::move(of));
    return {{made(Op::of_class, classes_.size() - 1)}};
  }
  void append(Part& to, const Part& what) {
    to.code.insert(to.code.end(), what.code.begin(), what.code.end());
    if (to.code.size() > largest) fail("a pattern that is too large");
  }

  Part alternatives(int depth) {
    Part part = sequence(depth);
    while (error_.empty() && take('|')) {
      const Part other = sequence(depth);
      Part both{{made(Op::split, 1, part.code.size() + 2)}};
      append(both, part);
      both.code.push_back(made(Op::jump, other.code.size() + 1));
      append(both, other);
      part = std::move(both);
    }
    return part;
  }
  Part sequence(int depth) {
    Part all;
    while (error_.empty() && at_ < text_.size() && text_[at_] != '|' && text_[at_] != ')') append(all, repeated(depth));
    return all;
  }
  Part repeated(int depth) {
    Part part = one(depth);
    while (error_.empty() && at_ < text_.size()) {
      std::uint32_t least = 0;
      std::uint32_t most = none;
      if (take('+')) {
        least = 1;
      } else if (take('?')) {
        most = 1;
      } else if (!take('*') && !take_times(least, most)) {
        break;
      }
      (void)take('?');  // as few as possible: whether there is a match is the same
      part = times(part, least, most);
    }
    return part;
  }
  Part times(const Part& part, std::uint32_t least, std::uint32_t most) {
    Part all;
    if (part.code.size() * (most == none ? least + 1 : most) > largest) {
      fail("a pattern that is too large");
      return all;
    }
    for (std::uint32_t i = 0; i < least; ++i) append(all, part);
    if (most == none) {
      all.code.push_back(made(Op::split, 1, part.code.size() + 2));
      append(all, part);
      // Back to the split: distances wrap around.
      all.code.push_back(made(Op::jump, std::size_t{0} - (part.code.size() + 1)));
      return all;
    }
    for (std::uint32_t i = least; i < most; ++i) {
      all.code.push_back(made(Op::split, 1, (part.code.size() + 1) * (most - i)));
      append(all, part);
    }
    return all;
  }
  /// "{2}", "{2,}" or "{2,5}"; what is none of these is a literal.
  bool take_times(std::uint32_t& least, std::uint32_t& most) {
    const std::size_t begin = at_;
    if (!take('{')) return false;
    if (number(least)) {
      most = least;
      if (!take(',') || number(most) || (most = none) == none) {
        if (take('}')) {
          if (least > most_times || (most != none && (most > most_times || most < least))) fail("a bad repetition");
          return true;
        }
      }
    }
    at_ = begin;
    return false;
  }
  bool number(std::uint32_t& value) {
    const std::size_t begin = at_;
    value = 0;
    while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && value < 100'000) {
      value = value * 10 + static_cast<std::uint32_t>(text_[at_++] - '0');
    }
    return at_ != begin;
  }

  Part one(int depth) {
    if (take('(')) return group(depth);
    if (take('[')) return bracket();
    if (take('.')) return of_class({{{'\n', '\n'}}, true});
    if (take('^')) return {{made(Op::begin)}};
    if (take('$')) return {{made(Op::end)}};
    if (take('\\')) return escaped();
    if (text_[at_] == '*' || text_[at_] == '+' || text_[at_] == '?') {
      fail("nothing to repeat");
      return {};
    }
    const std::uint32_t c = literal();
    return of_class({{{c, c}}, false});
  }
  std::uint32_t literal() {
    std::size_t size = 0;
    const std::uint32_t c = decode(text_.substr(at_), size);
    at_ += size;
    return c;
  }
  Part group(int depth) {
    if (take('?')) {
      if (take('P') && !(at_ < text_.size() && text_[at_] == '<')) fail("an unsupported group");
      if (take('<')) {
        while (at_ < text_.size() && text_[at_] != '>') ++at_;
        if (!take('>')) fail("an unsupported group");
      } else if (!take(':')) {
        fail("an unsupported group or flag");
      }
    }
    if (depth == deepest) fail("groups that are nested too deeply");
    if (!error_.empty()) return {};
    Part inner = alternatives(depth + 1);
    if (!take(')')) fail("a missing )");
    return inner;
  }
  Part escaped() {
    if (at_ == text_.size()) {
      fail("a backslash at the end");
      return {};
    }
    switch (text_[at_]) {
      case 'A':
        ++at_;
        return {{made(Op::begin)}};
      case 'z':
        ++at_;
        return {{made(Op::end)}};
      case 'b':
        ++at_;
        return {{made(Op::word_edge)}};
      case 'B':
        ++at_;
        return {{made(Op::no_word_edge)}};
      default:
        break;
    }
    Class of;
    add_escape(of);
    return of_class(std::move(of));
  }
  /// What is after a backslash, in a class or outside: a character, or a class.
  void add_escape(Class& to) {
    const char c = text_[at_++];
    const auto put = [&](std::uint32_t first, std::uint32_t last) { to.ranges.emplace_back(first, last); };
    const auto put_but = [&](std::vector<std::pair<std::uint32_t, std::uint32_t>> ranges) {  // in order
      std::uint32_t from = 0;
      for (const auto& [first, last] : ranges) {
        if (first > from) put(from, first - 1);
        from = last + 1;
      }
      put(from, last_code_point);
    };
    switch (c) {
      case 'd':
        return put('0', '9');
      case 'D':
        return put_but({{'0', '9'}});
      case 'w':
        return put('0', '9'), put('A', 'Z'), put('_', '_'), put('a', 'z');
      case 'W':
        return put_but({{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}});
      case 's':
        return put('\t', '\n'), put('\f', '\r'), put(' ', ' ');
      case 'S':
        return put_but({{'\t', '\n'}, {'\f', '\r'}, {' ', ' '}});
      case 't':
        return put('\t', '\t');
      case 'n':
        return put('\n', '\n');
      case 'r':
        return put('\r', '\r');
      case 'f':
        return put('\f', '\f');
      case 'v':
        return put('\v', '\v');
      case 'x': {
        const std::uint32_t code = hexadecimal();
        return put(code, code);
      }
      default:
        if (is_word(static_cast<unsigned char>(c))) {
          --at_;
          return fail("an unsupported escape");
        }
        return put(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
    }
  }
  std::uint32_t hexadecimal() {
    const bool has_braces = take('{');
    std::uint32_t code = 0;
    std::size_t digits = 0;
    for (; at_ < text_.size() && digits < (has_braces ? 6U : 2U); ++digits, ++at_) {
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9'   ? c - '0'
                        : c >= 'a' && c <= 'f' ? c - 'a' + 10
                        : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                               : -1;
      if (digit < 0) break;
      code = code * 16 + static_cast<std::uint32_t>(digit);
    }
    if (digits == 0 || (!has_braces && digits != 2) || (has_braces && !take('}')) || code > last_code_point) {
      fail("a bad \\x");
    }
    return code;
  }
  Part bracket() {
    Class of;
    of.is_negative = take('^');
    for (bool is_first = true; error_.empty() && (is_first || !take(']')); is_first = false) {
      if (at_ == text_.size()) {
        fail("a missing ]");
        break;
      }
      if (text_.substr(at_, 2) == "[:") {
        fail("an unsupported class [:...:]");
        break;
      }
      const std::size_t before = of.ranges.size();
      if (take('\\')) {
        if (at_ == text_.size()) {
          fail("a missing ]");
          break;
        }
        add_escape(of);
      } else {
        const std::uint32_t c = literal();
        of.ranges.emplace_back(c, c);
      }
      // A range, unless the '-' is the last.
      const bool is_one = of.ranges.size() == before + 1 && of.ranges.back().first == of.ranges.back().second;
      if (!is_one || text_.substr(at_, 1) != "-" || text_.substr(at_, 2) == "-]" || at_ + 1 >= text_.size()) continue;
      ++at_;
      Class end;
      if (take('\\')) {
        if (at_ < text_.size()) add_escape(end);
      } else {
        const std::uint32_t c = literal();
        end.ranges.emplace_back(c, c);
      }
      if (end.ranges.size() != 1 || end.ranges[0].first < of.ranges.back().first) {
        fail("a bad range");
        break;
      }
      of.ranges.back().second = end.ranges[0].first;
    }
    return of_class(std::move(of));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
  std::vector<Instruction> program_;
  std::vector<Class> classes_;
};

}  // namespace wasm_grpc::guest
