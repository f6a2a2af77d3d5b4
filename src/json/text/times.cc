#include "json/text/times.h"

#include <charconv>

namespace wasm_grpc::json {

namespace {

constexpr std::int64_t seconds_of_day = 86'400;
constexpr std::int64_t earliest = -62'135'596'800;          // 0001-01-01T00:00:00Z
constexpr std::int64_t latest = 253'402'300'799;            // 9999-12-31T23:59:59Z
constexpr std::int64_t longest_duration = 315'576'000'000;  // ten thousand years
constexpr std::int32_t second = 1'000'000'000;

struct Date {
  std::int64_t year;
  unsigned month;
  unsigned day;
};

/// Days since 1970-01-01 in the Gregorian calendar, and back (Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
std::int64_t days_of(Date date) noexcept {
  const std::int64_t year = date.year - (date.month <= 2 ? 1 : 0);
  const std::int64_t era = (year >= 0 ? year : year - 399) / 400;
  const auto year_of_era = static_cast<unsigned>(year - era * 400);
  const unsigned day_of_year = (153 * (date.month > 2 ? date.month - 3 : date.month + 9) + 2) / 5 + date.day - 1;
  const unsigned day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * 146'097 + static_cast<std::int64_t>(day_of_era) - 719'468;
}

Date date_of(std::int64_t days) noexcept {
  days += 719'468;
  const std::int64_t era = (days >= 0 ? days : days - 146'096) / 146'097;
  const auto day_of_era = static_cast<unsigned>(days - era * 146'097);
  const unsigned year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const unsigned day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const unsigned month_index = (5 * day_of_year + 2) / 153;
  const unsigned month = month_index < 10 ? month_index + 3 : month_index - 9;
  return {static_cast<std::int64_t>(year_of_era) + era * 400 + (month <= 2 ? 1 : 0), month,
          day_of_year - (153 * month_index + 2) / 5 + 1};
}

unsigned days_in(std::int64_t year, unsigned month) noexcept {
  if (month == 2) return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
  return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
}

/// Takes text from the front; once something was not as expected, nothing is.
class Taker {
 public:
  explicit Taker(std::string_view text) : rest_(text) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool at_end() const noexcept { return rest_.empty(); }
  [[nodiscard]] bool takes(char c) noexcept {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void take(char c) noexcept { ok_ = takes(c) && ok_; }
  /// A number of exactly so many digits, within bounds.
  unsigned digits(std::size_t count, unsigned least, unsigned most) noexcept {
    unsigned value = 0;
    for (std::size_t i = 0; i < count; ++i) value = value * 10 + digit();
    ok_ = ok_ && value >= least && value <= most;
    return value;
  }
  /// Of one to nine digits after a point, where there is one.
  std::int32_t nanos() noexcept {
    if (!takes('.')) return 0;
    std::int32_t value = 0;
    std::int32_t unit = second;
    do {
      value = value * 10 + static_cast<std::int32_t>(digit());
      unit /= 10;
    } while (ok_ && unit > 1 && next_is_digit());
    return value * unit;
  }
  [[nodiscard]] bool next_is_digit() const noexcept {
    return !rest_.empty() && rest_.front() >= '0' && rest_.front() <= '9';
  }
  unsigned digit() noexcept {
    if (!next_is_digit()) {
      ok_ = false;
      return 0;
    }
    const auto value = static_cast<unsigned>(rest_.front() - '0');
    rest_.remove_prefix(1);
    return value;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

char* put_digits(std::uint32_t value, int count, char* to) noexcept {
  for (int i = count - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
  return to + count;
}

/// As few of three, six and nine digits as say it, or nothing.
char* put_nanos(std::uint32_t nanos, char* to) noexcept {
  if (nanos == 0) return to;
  *to++ = '.';
  if (nanos % 1'000'000 == 0) return put_digits(nanos / 1'000'000, 3, to);
  if (nanos % 1'000 == 0) return put_digits(nanos / 1'000, 6, to);
  return put_digits(nanos, 9, to);
}

}  // namespace

std::optional<Time> timestamp_of(std::string_view text) noexcept {
  Taker taker(text);
  const unsigned year = taker.digits(4, 1, 9999);
  taker.take('-');
  const unsigned month = taker.digits(2, 1, 12);
  taker.take('-');
  const unsigned day = taker.digits(2, 1, 31);
  taker.take('T');
  const unsigned hour = taker.digits(2, 0, 23);
  taker.take(':');
  const unsigned minute = taker.digits(2, 0, 59);
  taker.take(':');
  const unsigned seconds = taker.digits(2, 0, 59);
  const std::int32_t nanos = taker.nanos();
  std::int64_t offset = 0;
  if (!taker.takes('Z')) {
    const bool is_east = taker.takes('+');
    if (!is_east) taker.take('-');
    const unsigned hours = taker.digits(2, 0, 23);
    taker.take(':');
    offset = std::int64_t{hours} * 3600 + std::int64_t{taker.digits(2, 0, 59)} * 60;
    if (!is_east) offset = -offset;
  }
  if (!taker.ok() || !taker.at_end() || day > days_in(year, month)) return std::nullopt;
  const std::int64_t time = days_of({year, month, day}) * seconds_of_day + std::int64_t{hour} * 3600 +
                            std::int64_t{minute} * 60 + seconds - offset;
  if (time < earliest || time > latest) return std::nullopt;
  return Time{time, nanos};
}

std::optional<Time> duration_of(std::string_view text) noexcept {
  Taker taker(text);
  const bool is_negative = taker.takes('-');
  std::int64_t seconds = 0;
  do {
    seconds = seconds * 10 + taker.digit();
  } while (taker.ok() && seconds <= longest_duration && taker.next_is_digit());
  const std::int32_t nanos = taker.nanos();
  taker.take('s');
  if (!taker.ok() || !taker.at_end() || seconds > longest_duration) return std::nullopt;
  if (seconds == longest_duration && nanos != 0) return std::nullopt;
  return is_negative ? Time{-seconds, -nanos} : Time{seconds, nanos};
}

char* write_timestamp(Time time, char* to) noexcept {
  if (time.seconds < earliest || time.seconds > latest || time.nanos < 0 || time.nanos >= second) return nullptr;
  std::int64_t days = time.seconds / seconds_of_day;
  if (time.seconds % seconds_of_day < 0) --days;
  const auto of_day = static_cast<std::uint32_t>(time.seconds - days * seconds_of_day);
  const Date date = date_of(days);
  *to++ = '"';
  to = put_digits(static_cast<std::uint32_t>(date.year), 4, to);
  *to++ = '-';
  to = put_digits(date.month, 2, to);
  *to++ = '-';
  to = put_digits(date.day, 2, to);
  *to++ = 'T';
  to = put_digits(of_day / 3600, 2, to);
  *to++ = ':';
  to = put_digits(of_day / 60 % 60, 2, to);
  *to++ = ':';
  to = put_digits(of_day % 60, 2, to);
  to = put_nanos(static_cast<std::uint32_t>(time.nanos), to);
  *to++ = 'Z';
  *to++ = '"';
  return to;
}

char* write_duration(Time time, char* to) noexcept {
  if (time.seconds < -longest_duration || time.seconds > longest_duration) return nullptr;
  if (time.nanos <= -second || time.nanos >= second) return nullptr;
  if ((time.seconds < 0 && time.nanos > 0) || (time.seconds > 0 && time.nanos < 0)) return nullptr;
  const bool is_negative = time.seconds < 0 || time.nanos < 0;
  *to++ = '"';
  if (is_negative) *to++ = '-';
  to = std::to_chars(to, to + 20, is_negative ? -time.seconds : time.seconds).ptr;
  to = put_nanos(static_cast<std::uint32_t>(is_negative ? -time.nanos : time.nanos), to);
  *to++ = 's';
  *to++ = '"';
  return to;
}

bool camel_path(std::string_view path, std::string& out) {
  bool after_underscore = false;
  for (const char c : path) {
    const bool is_lower = c >= 'a' && c <= 'z';
    if ((c >= 'A' && c <= 'Z') || (after_underscore && !is_lower)) return false;
    if (c == '_') {
      after_underscore = true;
      continue;
    }
    out += after_underscore ? static_cast<char>(c - 'a' + 'A') : c;
    after_underscore = false;
  }
  return !after_underscore;
}

bool snake_path(std::string_view path, std::string& out) {
  for (const char c : path) {
    if (c == '_') return false;
    if (c >= 'A' && c <= 'Z') {
      out += '_';
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += c;
    }
  }
  return true;
}

}  // namespace wasm_grpc::json
