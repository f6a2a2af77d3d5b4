#include "client/outgoing/http/http1_exchange.h"

#include <utility>

#include "text/lower_case.h"

namespace wasm_grpc::client {

namespace {

constexpr std::string_view end_of_lines = "\r\n";
constexpr std::string_view last_chunk = "0\r\n\r\n";

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append(end_of_lines);
}

std::string hexadecimal(std::size_t number) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  do {
    text.insert(text.begin(), digits[number % 16]);
    number /= 16;
  } while (number > 0);
  return text;
}

}  // namespace

// ---- The request ----

void Http1Exchange::take_output(std::string& out) {
  const auto length = call_.body_length();
  const bool is_chunked = call_.has_body() && !length;
  if (!std::exchange(sent_head_, true)) {
    out.append(call_.method()).append(" ").append(call_.path()).append(" HTTP/1.1").append(end_of_lines);
    append_field(out, "host", call_.authority().text);
    for (const auto [key, value] : call_.fields()) append_field(out, key, value);
    if (is_chunked) {
      append_field(out, "transfer-encoding", "chunked");
    } else if (call_.has_body()) {
      append_field(out, "content-length", std::to_string(*length));
    }
    out.append(end_of_lines);
  }
  if (const auto body = call_.unsent_body(); !body.empty()) {  // a chunk of no bytes would be the last
    if (is_chunked) out.append(hexadecimal(body.size())).append(end_of_lines);
    out.append(body);
    if (is_chunked) out.append(end_of_lines);
    call_.sent_body(body.size());
  }
  if (is_chunked && call_.is_sent() && !std::exchange(sent_end_, true)) out.append(last_chunk);
}

// ---- The answer ----

std::size_t Http1Exchange::take(std::span<const std::byte> bytes) noexcept {
  std::size_t taken = 0;
  while (!call_.ended() && taken < bytes.size()) {
    const auto rest = bytes.subspan(taken);
    const std::size_t step =
        call_.has_headers() ? take_body(rest) : take_head({reinterpret_cast<const char*>(rest.data()), rest.size()});
    taken += step;
    if (step == 0) break;
  }
  return taken;
}

std::size_t Http1Exchange::take_head(std::string_view bytes) noexcept {
  constexpr std::string_view end_of_head = "\r\n\r\n";
  const std::size_t before = head_.size();
  head_.append(bytes.substr(0, most_http_head - head_bytes_));
  const auto found = head_.find(end_of_head, before < end_of_head.size() ? 0 : before - end_of_head.size());
  const std::size_t size = found == std::string::npos ? head_.size() : found + end_of_head.size();
  const std::size_t taken = size - before;
  head_bytes_ += taken;
  call_.note_answer();
  head_.resize(size);
  if (found != std::string::npos) {
    read_head();
  } else if (head_bytes_ >= most_http_head) {
    end_with_too_much();
  } else if (parser_.parse(head_.substr(0, 16)) == http1::Parse::malformed) {
    call_.end({rpc::StatusCode::internal, "the server does not speak HTTP/1.1"});
  }
  return taken;
}

void Http1Exchange::read_head() noexcept {
  switch (parser_.parse(head_)) {
    case http1::Parse::complete:
      break;
    case http1::Parse::too_many_fields:
      return call_.end({rpc::StatusCode::resource_exhausted,
                        "the server's answer has more than " + std::to_string(http1::max_fields) + " header fields"});
    default:
      return call_.end({rpc::StatusCode::internal, "the server's answer has no head of HTTP/1.1"});
  }
  head_.clear();
  if (parser_.status() == 101)
    return call_.end({rpc::StatusCode::internal, "the server speaks another protocol from here on"});
  if (parser_.status() < 200) return;  // informational: the answer comes later
  const std::string_view wrong = framing_.read(parser_, call_.method() == "HEAD");
  if (!wrong.empty()) {
    return call_.end(
        {rpc::StatusCode::internal, "the server's answer could be read in two ways: " + std::string(wrong)});
  }
  call_.add_field(":status", std::to_string(parser_.status()));
  for (const auto& [name, value] : parser_.fields()) call_.add_field(text::lower_case(name), value);
  call_.head_is_whole();
  if (framing_.until_close) return;
  body_reader_.begin(framing_.body);
  if (body_reader_.state() == http1::BodyReader::State::ended) call_.finish();
}

std::size_t Http1Exchange::take_body(std::span<const std::byte> bytes) noexcept {
  if (framing_.until_close) {
    call_.add_piece(bytes);
    call_.tell_of_pieces();
    return bytes.size();
  }
  // The reader leaves the beginning of a line that is not complete: it is given again with more behind it.
  const bool has_line = !line_.empty();
  const std::size_t before = line_.size();
  if (has_line) line_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  std::span<const std::byte> input = has_line ? std::as_bytes(std::span(line_)) : bytes;
  const std::size_t whole = input.size();
  bool any = false;
  while (body_reader_.state() == http1::BodyReader::State::more) {
    const auto step = body_reader_.take(input);
    if (!step.data.empty()) call_.add_piece(step.data);
    any = any || !step.data.empty();
    input = input.subspan(step.taken);
    if (step.taken == 0) break;
  }
  if (body_reader_.state() == http1::BodyReader::State::malformed) {
    call_.end({rpc::StatusCode::internal, "the server's answer has a body that is not in chunks as it should be"});
    return bytes.size();
  }
  if (body_reader_.state() == http1::BodyReader::State::ended) {
    const std::size_t used = whole - input.size() - before;
    line_.clear();
    call_.finish();
    return used;
  }
  std::string left(reinterpret_cast<const char*>(input.data()), input.size());
  line_ = std::move(left);
  if (any) call_.tell_of_pieces();
  return bytes.size();
}

void Http1Exchange::end_with_too_much() noexcept {
  call_.end({rpc::StatusCode::resource_exhausted,
             "the server's header fields have more than " + std::to_string(most_http_head) + " bytes"});
}

// ---- Its end ----

bool Http1Exchange::leaves_connection() const noexcept {
  return call_.ended() && call_.status().ok() && call_.has_headers() && framing_.keep_alive && call_.is_sent();
}

void Http1Exchange::connection_lost(const std::string& why) noexcept {
  if (call_.ended()) return;
  if (call_.has_headers() && framing_.until_close && why.empty()) return call_.finish();
  call_.end({rpc::StatusCode::unavailable, why.empty()
                                               ? "the server closed the connection before its answer was complete"
                                               : "the connection was lost: " + why});
}

}  // namespace wasm_grpc::client
