#include "json/text/numbers.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace wasm_grpc::json {

namespace {

bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }

const char* skip_digits(const char* at, const char* end) noexcept {
  while (at != end && is_digit(*at)) ++at;
  return at;
}

/// A number in its parts. The exponent is cut to what makes a difference: no text is that long.
struct Parts {
  bool is_negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;
};

Parts parts_of(std::string_view number) noexcept {
  Parts parts;
  const char* at = number.data();
  const char* const end = at + number.size();
  if (at != end && *at == '-') {
    parts.is_negative = true;
    ++at;
  }
  const char* start = at;
  at = skip_digits(at, end);
  parts.whole = {start, static_cast<std::size_t>(at - start)};
  if (at != end && *at == '.') {
    start = ++at;
    at = skip_digits(at, end);
    parts.fraction = {start, static_cast<std::size_t>(at - start)};
  }
  if (at != end) {  // e or E
    ++at;
    const bool is_negative = *at == '-';
    if (!is_digit(*at)) ++at;
    constexpr std::int64_t enough = std::int64_t{1} << 40;
    for (; at != end; ++at) parts.exponent = std::min(enough, parts.exponent * 10 + (*at - '0'));
    if (is_negative) parts.exponent = -parts.exponent;
  }
  return parts;
}

/// Whether a number that no finite value is near to is so as it is too large, and not too small.
bool is_large(std::string_view number) noexcept {
  const Parts parts = parts_of(number);
  // The place of the first digit that is not zero, before the point or, negative, after it.
  const std::size_t leading = parts.whole.find_first_not_of('0');
  std::int64_t place = 0;
  if (leading != std::string_view::npos) {
    place = static_cast<std::int64_t>(parts.whole.size() - leading);
  } else {
    const std::size_t zeros = parts.fraction.find_first_not_of('0');
    if (zeros == std::string_view::npos) return false;
    place = -static_cast<std::int64_t>(zeros);
  }
  return place + parts.exponent > 0;
}

template <typename Number>
std::optional<Number> float_of(std::string_view number) noexcept {
  Number value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::result_out_of_range) {
    if (is_large(number)) return std::nullopt;
    return number.starts_with('-') ? -Number{0} : Number{0};
  }
  if (error != std::errc() || !std::isfinite(value)) return std::nullopt;
  return value;
}

template <typename Number>
char* write(Number value, char* to) noexcept {
  if (std::isnan(value)) return std::copy_n("\"NaN\"", 5, to);
  if (std::isinf(value)) return value < 0 ? std::copy_n("\"-Infinity\"", 11, to) : std::copy_n("\"Infinity\"", 10, to);
  return std::to_chars(to, to + 32, value).ptr;
}

}  // namespace

const char* number_end(const char* at, const char* end) noexcept {
  if (at != end && *at == '-') ++at;
  const char* const first = at;
  at = skip_digits(at, end);
  if (at == first || (*first == '0' && at - first > 1)) return nullptr;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    at = skip_digits(at, end);
    if (at == fraction) return nullptr;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    const char* const exponent = at;
    at = skip_digits(at, end);
    if (at == exponent) return nullptr;
  }
  return at;
}

std::optional<Whole> whole_of(std::string_view number) noexcept {
  Parts parts = parts_of(number);
  // The digits are those of `whole` and `fraction` one after the other; the value is they times ten to the exponent.
  while (parts.fraction.ends_with('0')) parts.fraction.remove_suffix(1);
  std::int64_t exponent = parts.exponent - static_cast<std::int64_t>(parts.fraction.size());
  if (parts.fraction.empty()) {
    while (parts.whole.ends_with('0')) {
      parts.whole.remove_suffix(1);
      ++exponent;
    }
  }
  Whole result{parts.is_negative, 0};
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  const auto add = [&result](unsigned digit) {
    if (result.magnitude > (most - digit) / 10) return false;
    result.magnitude = result.magnitude * 10 + digit;
    return true;
  };
  for (const std::string_view digits : {parts.whole, parts.fraction}) {
    for (const char digit : digits) {
      if (!add(static_cast<unsigned>(digit - '0'))) return std::nullopt;
    }
  }
  if (result.magnitude == 0) return result;
  if (exponent < 0) return std::nullopt;
  for (; exponent > 0; --exponent) {
    if (!add(0)) return std::nullopt;
  }
  return result;
}

std::optional<double> float64_of(std::string_view number) noexcept { return float_of<double>(number); }
std::optional<float> float32_of(std::string_view number) noexcept { return float_of<float>(number); }

char* write_float(double value, char* to) noexcept { return write(value, to); }
char* write_float(float value, char* to) noexcept { return write(value, to); }

}  // namespace wasm_grpc::json
