#include "admin/page/html.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace wasm_grpc::admin {

namespace {

std::string digits(double number, int significant) {
  std::array<char, 32> text{};
  const int whole = static_cast<int>(std::floor(std::log10(number))) + 1;  // below 0.1 none, and less
  std::snprintf(text.data(), text.size(), "%.*f", std::max(0, significant - whole), number);
  return text.data();
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out.push_back(c);
    }
  }
  return out;
}

std::string count_text(double count) {
  if (count >= 1e9) return digits(count / 1e9, 3) + " G";
  if (count >= 1e6) return digits(count / 1e6, 3) + " M";
  if (count >= 1e4) return digits(count / 1e3, 3) + " k";
  if (count >= 100 || count == std::floor(count)) return std::to_string(std::llround(count));
  return digits(count, 2);
}

std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 5> units{"B", "KiB", "MiB", "GiB", "TiB"};
  std::size_t unit = 0;
  for (; bytes >= 1024 && unit + 1 < units.size(); ++unit) bytes /= 1024;
  return (unit > 0 && bytes < 100 ? digits(bytes, 3) : std::to_string(std::llround(bytes))) + " " + units[unit];
}

std::string duration_text(double seconds) {
  if (seconds <= 0) return "–";
  if (seconds < 1e-3) return digits(seconds * 1e6, 3) + " µs";
  if (seconds < 1) return digits(seconds * 1e3, 3) + " ms";
  return (seconds < 100 ? digits(seconds, 3) : std::to_string(std::llround(seconds))) + " s";
}

std::string age_text(double seconds) {
  const auto whole = static_cast<long long>(seconds);
  constexpr long long minute = 60, hour = 60 * minute, day = 24 * hour;
  if (whole < 2 * minute) return std::to_string(whole) + " s";
  if (whole < 2 * hour) return std::to_string(whole / minute) + " min";
  if (whole < 2 * day) return std::to_string(whole / hour) + " h";
  return std::to_string(whole / day) + " days";
}

}  // namespace wasm_grpc::admin
