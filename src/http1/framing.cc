#include "http1/framing.h"

#include <algorithm>
#include <limits>

namespace wasm_grpc::http1 {

namespace {

// More than any client has a use for; a chunk of one byte could else bring a large extension with it.
constexpr std::size_t max_chunk_line = 256;
constexpr std::size_t max_trailers = 8 * 1024;

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

bool same(std::string_view text, std::string_view lower_case) {
  return std::equal(text.begin(), text.end(), lower_case.begin(), lower_case.end(),
                    [](char a, char b) { return lower(a) == b; });
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view spaces = " \t";
  const auto first = text.find_first_not_of(spaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(spaces) - first + 1);
}

bool list_has(std::string_view list, std::string_view lower_case) {
  for (;;) {
    const auto comma = list.find(',');
    if (same(trimmed(list.substr(0, comma)), lower_case)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::optional<std::uint64_t> read_length(std::string_view digits) {
  constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
  if (digits.empty()) return std::nullopt;
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (most - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace

std::optional<Rejection> Framing::read(const HeadParser& head) noexcept {
  *this = {};
  bool has_length = false;
  bool has_coding = false;
  int hosts = 0;
  bool close = false;
  bool keep = false;
  for (const auto& [name, value] : head.fields()) {
    if (same(name, "content-length")) {
      // Equal lengths in several fields would be allowed (RFC 9110, 8.6), but no client sends them.
      if (has_length) return Rejection{400, "The request has more than one content-length."};
      const auto read = read_length(value);
      if (!read) return Rejection{400, "The content-length of the request is not a number of bytes."};
      has_length = true;
      length = *read;
    } else if (same(name, "transfer-encoding")) {
      if (has_coding || !same(value, "chunked")) {
        return Rejection{501, "The only transfer-encoding this server knows is chunked."};
      }
      has_coding = true;
    } else if (same(name, "host")) {
      ++hosts;
    } else if (same(name, "connection")) {
      close = close || list_has(value, "close");
      keep = keep || list_has(value, "keep-alive");
    } else if (same(name, "expect")) {
      if (!same(value, "100-continue"))
        return Rejection{417, "The only expectation this server knows is 100-continue."};
      expects_continue = head.is_http_1_1();  // a client of HTTP/1.0 does not know the answer
    }
  }
  if (has_length && has_coding) return Rejection{400, "The request has both content-length and transfer-encoding."};
  if (has_coding && !head.is_http_1_1()) return Rejection{400, "A request of HTTP/1.0 has no transfer-encoding."};
  if (hosts > 1 || (hosts == 0 && head.is_http_1_1())) return Rejection{400, "The request needs exactly one host."};
  chunked = has_coding;
  keep_alive = !close && (head.is_http_1_1() || keep);
  return std::nullopt;
}

std::string_view ResponseFraming::read(const ResponseHead& head, bool bodiless) noexcept {
  *this = {};
  bool has_length = false;
  bool close = false;
  for (const auto& [name, value] : head.fields()) {
    if (same(name, "content-length")) {
      const auto read = read_length(value);
      if (has_length || !read) return "its content-length is not one number of bytes";
      has_length = true;
      body.length = *read;
    } else if (same(name, "transfer-encoding")) {
      if (body.chunked || !same(value, "chunked")) return "its transfer-encoding is another than chunked";
      body.chunked = true;
    } else if (same(name, "connection")) {
      close = close || list_has(value, "close");
    }
  }
  if (body.chunked && has_length) return "it has both content-length and transfer-encoding";
  if (body.chunked && !head.is_http_1_1()) return "it is of HTTP/1.0, and has a transfer-encoding";
  keep_alive = !close && head.is_http_1_1();
  if (bodiless || head.status() == 204 || head.status() == 304) {
    body = {};
  } else if (!has_length && !body.chunked) {
    until_close = true;
    keep_alive = false;
  }
  return {};
}

void BodyReader::begin(const Framing& framing) noexcept {
  part_ = framing.chunked ? Part::chunk_size : Part::sized;
  left_ = framing.length;
  state_ = framing.chunked || left_ > 0 ? State::more : State::ended;
}

BodyReader::Step BodyReader::take(std::span<const std::byte> bytes) noexcept {
  if (state_ != State::more || bytes.empty()) return {};
  switch (part_) {
    case Part::sized:
    case Part::chunk:
      return take_data(bytes);
    case Part::chunk_size: {
      const Parsed line = parse_chunk_size(bytes);
      const Step step = take_line(line, bytes.size(), max_chunk_line);
      if (step.taken > 0) {
        left_ = line.value;
        part_ = left_ > 0 ? Part::chunk : Part::trailers;
      }
      return step;
    }
    case Part::chunk_end:
      if (bytes[0] != std::byte{'\r'} || (bytes.size() > 1 && bytes[1] != std::byte{'\n'})) {
        state_ = State::malformed;
        return {};
      }
      if (bytes.size() == 1) return {};
      part_ = Part::chunk_size;
      return {2, {}};
    case Part::trailers: {
      const Step step = take_line(parse_trailers(bytes), bytes.size(), max_trailers);
      if (step.taken > 0) state_ = State::ended;
      return step;
    }
  }
  return {};
}

BodyReader::Step BodyReader::take_data(std::span<const std::byte> bytes) noexcept {
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size()));
  left_ -= size;
  if (left_ == 0) {
    if (part_ == Part::sized) {
      state_ = State::ended;
    } else {
      part_ = Part::chunk_end;
    }
  }
  return {size, bytes.first(size)};
}

BodyReader::Step BodyReader::take_line(const Parsed& line, std::size_t available, std::size_t most) noexcept {
  const bool too_long = line.outcome == Parse::incomplete ? available >= most : line.size > most;
  if (too_long || (line.outcome != Parse::complete && line.outcome != Parse::incomplete)) {
    state_ = State::malformed;
    return {};
  }
  return {line.size, {}};
}

}  // namespace wasm_grpc::http1
