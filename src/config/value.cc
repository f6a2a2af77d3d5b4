#include "config/value.h"

#include <algorithm>
#include <charconv>
#include <limits>
#include <span>

namespace wasm_grpc::config {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

// The largest last.
constexpr Unit byte_units[] = {{"KiB", std::int64_t{1} << 10},
                               {"MiB", std::int64_t{1} << 20},
                               {"GiB", std::int64_t{1} << 30},
                               {"TiB", std::int64_t{1} << 40}};
constexpr Unit time_units[] = {{"ms", 1}, {"s", 1000}, {"min", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}};

std::span<const Unit> units_of(Kind kind) {
  if (kind == Kind::bytes) return byte_units;
  if (kind == Kind::time) return time_units;
  return {};
}

std::string_view number_expected(Kind kind) {
  switch (kind) {
    case Kind::bytes:
      return "expected a number of bytes, or one of KiB, MiB, GiB or TiB, such as \"64 MiB\"";
    case Kind::time:
      return "expected a number of milliseconds, or one of ms, s, min, h or d, such as \"10 s\"";
    default:
      return "expected a number, in digits";
  }
}

}  // namespace

Result<std::int64_t> parse_number(Kind kind, std::string_view text) {
  const Error error{std::string(number_expected(kind))};
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, number);
  if (failure == std::errc::result_out_of_range) return Error{"no number here may be so large"};
  if (failure != std::errc()) return error;
  std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  if (unit.empty()) return number;
  if (unit.front() == ' ') unit.remove_prefix(1);
  for (const Unit& known : units_of(kind)) {
    if (known.name != unit) continue;
    if (number > std::numeric_limits<std::int64_t>::max() / known.factor)
      return Error{"no number here may be so large"};
    if (number < 0) return error;
    return number * known.factor;
  }
  return error;
}

Result<double> parse_fraction(std::string_view text) {
  double fraction = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, failure] = std::from_chars(text.data(), end, fraction);
  if (failure != std::errc() || rest != end || !(fraction >= 0 && fraction <= 1)) {
    return Error{"expected a number from 0 to 1, such as 0.25"};
  }
  return fraction;
}

std::string fraction_text(double fraction) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof(text), fraction).ptr};
}

std::string number_text(Kind kind, std::int64_t number) {
  const std::span<const Unit> units = units_of(kind);
  for (std::size_t i = units.size(); number > 0 && i > 0; --i) {
    const Unit& unit = units[i - 1];
    if (number % unit.factor == 0) return std::to_string(number / unit.factor) + " " + std::string(unit.name);
  }
  return std::to_string(number);
}

std::string_view expected(Kind kind) noexcept {
  switch (kind) {
    case Kind::boolean:
      return "true or false";
    case Kind::count:
      return "a number";
    case Kind::fraction:
      return "a number from 0 to 1";
    case Kind::percent:
      return "a number of percent";
    case Kind::bytes:
      return "a number of bytes or a string such as \"64 MiB\"";
    case Kind::time:
      return "a number of milliseconds or a string such as \"10 s\"";
    case Kind::choice:
    case Kind::text:
    case Kind::address:
      return "a string";
    case Kind::path:
      return "a path, as a string";
    case Kind::texts:
    case Kind::addresses:
      return "a string or an array of strings";
    case Kind::paths:
      return "a path, as a string, or an array of them";
    case Kind::directories:
      return "strings such as \"HOST:GUEST:ro\"";
    case Kind::variables:
      return "a table such as { NAME = \"value\" }";
  }
  return "something else";
}

Result<DirectoryGrant> parse_directory(std::string_view text) {
  DirectoryGrant grant;
  std::string_view rest = text;
  if (rest.ends_with(":rw") || rest.ends_with(":ro")) {
    grant.read_only = rest.ends_with(":ro");
    rest.remove_suffix(3);
  }
  const std::size_t colon = rest.find(':');
  grant.host_path = rest.substr(0, colon);
  grant.guest_path = colon == std::string_view::npos ? grant.host_path : std::string(rest.substr(colon + 1));
  if (grant.host_path.empty() || grant.guest_path.empty()) {
    return Error{in_quotes(text) + " names no directory; expected HOST[:GUEST][:ro|:rw]"};
  }
  return grant;
}

Result<std::pair<std::string, std::string>> parse_variable(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return Error{"expected NAME=VALUE"};
  return std::pair(std::string(text.substr(0, equals)), std::string(text.substr(equals + 1)));
}

std::string in_quotes(std::string_view text) {
  constexpr std::size_t most = 80;
  std::string out = "\"";
  for (const char c : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(c);
    out += byte < ' ' || byte == 0x7f ? '?' : c;
  }
  return out + (text.size() > most ? "...\"" : "\"");
}

}  // namespace wasm_grpc::config
