// What a setting may be set to, and how people write it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "wasm_grpc/options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::config {

/// What kind of value a setting takes.
enum class Kind : std::uint8_t {
  boolean,      // true or false; a flag --name and --no-name
  count,        // a number
  percent,      // a number
  fraction,     // 0 to 1
  bytes,        // a number, or "64 MiB"
  time,         // milliseconds, or "10 s"
  choice,       // one of some words; the value is its place among them
  text,         // a string
  texts,        // some strings; a flag that may be given more than once
  path,         // of a file or a directory; those of a config file are relative to its folder
  paths,        // some of them
  address,      // where to listen: a text, of which "unix:PATH" is relative as paths are
  addresses,    // some of them
  directories,  // HOST[:GUEST][:ro|:rw]
  variables,    // of an environment: NAME=VALUE, or a table of the file
};

/// True for kinds of which a flag may be given more than once.
[[nodiscard]] constexpr bool is_list(Kind kind) noexcept {
  return kind == Kind::texts || kind == Kind::paths || kind == Kind::addresses || kind == Kind::directories ||
         kind == Kind::variables;
}
/// True for kinds whose value is a number.
[[nodiscard]] constexpr bool is_number(Kind kind) noexcept {
  return kind == Kind::count || kind == Kind::percent || kind == Kind::bytes || kind == Kind::time;
}

/// Names and values of an environment. The values may be secrets: nothing here prints them.
using Variables = std::vector<std::pair<std::string, std::string>>;
using Directories = std::vector<DirectoryGrant>;

/// The value of a setting; std::monostate where it is not said.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string, std::vector<std::string>, Variables,
                           Directories>;

/// Reads the number of a count, a percentage, bytes or a time: digits, and for the last two maybe a unit, as in "64
/// MiB" or "10s". The error says what was expected, without the text.
[[nodiscard]] Result<std::int64_t> parse_number(Kind kind, std::string_view text);
/// Reads a fraction from 0 to 1, such as "0.25".
[[nodiscard]] Result<double> parse_fraction(std::string_view text);
/// As short as it can be written.
[[nodiscard]] std::string fraction_text(double fraction);
/// With the largest unit that fits, as parse_number() reads it: "64 MiB", "10 s", "1000".
[[nodiscard]] std::string number_text(Kind kind, std::int64_t number);
/// What is to be written for a value of that kind: "a number", "a string", "true or false".
[[nodiscard]] std::string_view expected(Kind kind) noexcept;

/// Reads HOST[:GUEST][:ro|:rw]; the guest's path is the host's where it is not given, read-only where not said
/// otherwise.
[[nodiscard]] Result<DirectoryGrant> parse_directory(std::string_view text);
/// Reads NAME=VALUE. The error does not have the text: it may be a secret.
[[nodiscard]] Result<std::pair<std::string, std::string>> parse_variable(std::string_view text);

/// A text of someone else's for an error: in quotes, printable, and cut when it is long.
[[nodiscard]] std::string in_quotes(std::string_view text);

}  // namespace wasm_grpc::config
