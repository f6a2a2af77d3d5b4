#include "wasm_grpc/rate_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "access/rate_limits.h"

namespace wasm_grpc {

namespace {

constexpr const char* form =
    "expected \"KEY RATE [burst N] [PATH...]\", such as \"address 100/s burst 200 /pkg.Service/*\", with identity, "
    "address or header:NAME for KEY";

std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

/// Calls a second.
std::optional<double> rate(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, double>, 3> units = {{{"/s", 1}, {"/m", 60}, {"/h", 3600}}};
  for (const auto& [unit, seconds] : units) {
    if (!text.ends_with(unit)) continue;
    const auto calls = number(text.substr(0, text.size() - unit.size()));
    return calls ? std::optional(*calls / seconds) : std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

Result<RateLimit> parse_rate_limit(std::string_view text) {
  const auto wrong = [&](const std::string& why) { return Error{"\"" + std::string(text) + "\": " + why}; };
  std::string_view rest = text;
  RateLimit limit;
  const std::string_view key = take_word(rest);
  constexpr std::string_view header = "header:";
  if (key == "identity") {
    limit.per = RateKey::identity;
  } else if (key == "address") {
    limit.per = RateKey::address;
  } else if (key.starts_with(header)) {
    limit.per = RateKey::header;
    limit.header = key.substr(header.size());
  } else {
    return wrong(form);
  }
  const auto calls = rate(take_word(rest));
  if (!calls) return wrong("expected a rate such as 100/s, 600/m or 10/h after KEY");
  limit.calls_per_second = *calls;
  limit.burst = std::max(*calls, 1.0);
  std::string_view word = take_word(rest);
  if (word == "burst") {
    const auto burst = number(take_word(rest));
    if (!burst) return wrong("expected a number of calls after \"burst\"");
    limit.burst = *burst;
    word = take_word(rest);
  }
  for (; !word.empty(); word = take_word(rest)) limit.paths.emplace_back(word);
  // Whether it makes sense.
  if (auto made = access::RateLimits::make({limit}); !made.ok()) {
    constexpr std::string_view numbered = "rate limit 1: ";
    return wrong(made.error().message.substr(numbered.size()));
  }
  return limit;
}

}  // namespace wasm_grpc
