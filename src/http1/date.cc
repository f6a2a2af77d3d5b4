#include "http1/date.h"

#include <cstdio>

namespace wasm_grpc::http1 {

std::string_view Date::text(std::time_t seconds) noexcept {
  static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (seconds != seconds_) {
    seconds_ = seconds;
    std::tm time{};
    gmtime_r(&seconds, &time);
    const auto at = [](int index) { return static_cast<std::size_t>(index); };
    // Not strftime(): the names are English everywhere.
    size_ = at(std::snprintf(text_.data(), text_.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT", days[at(time.tm_wday)],
                             time.tm_mday, months[at(time.tm_mon)], time.tm_year + 1900, time.tm_hour, time.tm_min,
                             time.tm_sec));
  }
  return {text_.data(), size_};
}

}  // namespace wasm_grpc::http1
