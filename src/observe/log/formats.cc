#include "observe/log/formats.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <string_view>

#include "json/text/output.h"
#include "observe/log/fields.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::observe {

namespace {

constexpr std::string_view host_source = "host";
constexpr std::string_view access_source = "access";

/// As text always had it.
std::string_view level_name(LogLevel level) { return level == LogLevel::warn ? "warning" : name(level); }

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 20> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

/// With at least so many digits.
void append_padded(std::string& out, std::uint64_t number, int width) {
  for (std::uint64_t least = 10; --width > 0; least *= 10) {
    if (number < least) out += '0';
  }
  append_number(out, number);
}

/// In milliseconds, to the microsecond.
void append_milliseconds(std::string& out, std::chrono::nanoseconds duration) {
  const auto microseconds = static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)) / 1000;
  append_number(out, microseconds / 1000);
  out += '.';
  append_padded(out, microseconds % 1000, 3);
}

struct SplitTime {
  std::tm parts{};
  std::uint64_t milliseconds = 0;
};

SplitTime split(std::chrono::system_clock::time_point time, bool utc) {
  SplitTime split;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t at = std::chrono::system_clock::to_time_t(seconds);
  utc ? gmtime_r(&at, &split.parts) : localtime_r(&at, &split.parts);
  split.milliseconds =
      static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time - seconds).count());
  return split;
}

/// "2026-11-29T20:15:00.123".
void append_time(std::string& out, const SplitTime& time) {
  std::array<char, 32> text;
  out.append(text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &time.parts));
  out += '.';
  append_padded(out, time.milliseconds, 3);
}

/// "+01:00".
void append_offset(std::string& out, long seconds) {
  out += seconds < 0 ? '-' : '+';
  const auto minutes = static_cast<std::uint64_t>(seconds < 0 ? -seconds : seconds) / 60;
  append_padded(out, minutes / 60, 2);
  out += ':';
  append_padded(out, minutes % 60, 2);
}

/// What it has always been, for a line about a call.
void append_call_and_fields(std::string& out, const LogLine& line) {
  if (line.names_call) {
    append_field(out, "method", line.method);
    if (!line.peer.empty()) append_field(out, "peer", line.peer);
  }
  for (const LogField& field : line.fields) append_field(out, field.key, field.value);
}

/// The members of one object.
class Members {
 public:
  explicit Members(std::string& out) : out_(out) { out_ += '{'; }

  void text(std::string_view key, std::string_view value) {
    begin(key);
    if (wasm::is_printable(value)) {
      json::append_quoted(value, out_);
    } else {  // line breaks of our own, and names of files that are no UTF-8
      json::append_quoted(clean(value), out_);
    }
  }
  void text_if_any(std::string_view key, std::string_view value) {
    if (!value.empty()) text(key, value);
  }
  std::string& raw(std::string_view key) {
    begin(key);
    return out_;
  }
  void end() { out_ += '}'; }

 private:
  void begin(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    json::append_quoted(key, out_);
    out_ += ':';
  }
  /// Line breaks stay: in JSON they are no harm.
  static std::string clean(std::string_view value) {
    std::string cleaned;
    while (true) {
      const auto end = value.find('\n');
      cleaned += wasm::printable(value.substr(0, end));
      if (end == std::string_view::npos) return cleaned;
      cleaned += '\n';
      value.remove_prefix(end + 1);
    }
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

std::string text_for_function(const LogLine& line) {
  std::string text(line.text);
  append_call_and_fields(text, line);
  return text;
}

void append_text(std::string& out, const LogLine& line) {
  const SplitTime time = split(line.time, false);
  append_time(out, time);
  append_offset(out, time.parts.tm_gmtoff);
  out.append(1, ' ').append(level_name(line.level)).append(1, ' ').append(line.source).append(1, ':');
  const std::size_t first_line = std::min(line.text.find('\n'), line.text.size());
  if (!line.text.empty()) out.append(1, ' ').append(line.text.substr(0, first_line));
  append_call_and_fields(out, line);
  if (line.status) append_field(out, "status", rpc::name(*line.status));
  if (line.duration) append_milliseconds(out.append(" ms="), *line.duration);
  if (!line.names_call && !line.method.empty()) append_field(out, "method", line.method);
  if (line.call != 0) append_number(out.append(" call="), line.call);
  if (!line.trace_id.empty()) append_field(out, "trace", line.trace_id);
  out.append(line.text.substr(first_line)).append(1, '\n');  // such as a backtrace
}

void append_json(std::string& out, const LogLine& line) {
  Members members(out);
  std::string& time = members.raw("time");
  time += '"';
  append_time(time, split(line.time, true));
  time += "Z\"";
  members.text("level", name(line.level));
  if (line.source == access_source) {
    members.text("log", access_source);
  } else if (line.source != host_source) {
    members.text("module", line.source);
  }
  members.text_if_any("message", line.text);
  members.text_if_any("method", line.method);
  if (line.call != 0) append_number(members.raw("call_id"), line.call);
  members.text_if_any("trace_id", line.trace_id);
  members.text_if_any("peer", line.peer);
  if (line.status) members.text("status", rpc::name(*line.status));
  if (line.duration) append_milliseconds(members.raw("ms"), *line.duration);
  if (!line.fields.empty()) {
    Members fields(members.raw("fields"));
    for (const LogField& field : line.fields) fields.text(field.key, field.value);
    fields.end();
  }
  members.end();
  out += '\n';
}

}  // namespace wasm_grpc::observe
