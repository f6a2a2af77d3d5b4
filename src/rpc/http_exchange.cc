// What differs in a call that is an HTTP exchange: bodies come in pieces and leave without prefixes, and a failure is
// an HTTP status.
#include <algorithm>
#include <new>
#include <stdexcept>

#include "rpc/http_status.h"
#include "rpc/message_prefix.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

namespace {

constexpr int least_status = 200;  // those below are not the answer yet
constexpr int largest_status = 599;

/// Fields that say how the message is framed and the connection used (RFC 9110, 7.6.1; RFC 9112, 6) are the host's.
bool is_http_field(std::string_view key) {
  if (key == "content-type") return true;
  return is_valid_key(key) && key != "content-length" && key != "trailer";
}

}  // namespace

Status Call::receive_body(std::span<const std::byte> bytes, std::size_t max_piece) {
  try {
    while (!bytes.empty()) {
      if (input_taken_ >= input_.size() / 2 && input_.capacity() - input_.size() < bytes.size()) compact_input();
      // What the handler has not come to yet grows: a body in small pieces must not take several times its size.
      const bool grows = complete_messages_ > 0 && last_piece_ < max_piece;
      const std::size_t before = grows ? last_piece_ : 0;
      const auto piece = bytes.first(std::min(bytes.size(), max_piece - before));
      const auto prefix = make_prefix(std::byte{0}, before + piece.size());
      if (const std::size_t needed = input_.size() + prefix.size() + piece.size(); needed > input_.capacity()) {
        make_room(input_, std::max(needed, std::min(2 * input_.capacity(), output_high_water)));
      }
      if (grows) {
        std::copy(prefix.begin(), prefix.end(), input_.end() - static_cast<std::ptrdiff_t>(before + prefix.size()));
      } else {
        input_.insert(input_.end(), prefix.begin(), prefix.end());
        ++complete_messages_;
      }
      input_.insert(input_.end(), piece.begin(), piece.end());
      input_scanned_ = input_.size();
      last_piece_ = static_cast<std::uint16_t>(before + piece.size());
      ++received_messages_;
      bytes = bytes.subspan(piece.size());
    }
    return {};
  } catch (const std::bad_alloc&) {
  } catch (const std::length_error&) {
  }
  return {StatusCode::resource_exhausted, "the server has no memory for the body of the request"};
}

bool Call::set_http_status(int status) noexcept {
  if (!is_http() || response_.headers_wanted || response_.finished || cancelled_) return false;
  if (status < least_status || status > largest_status) return false;
  response_.http_status = static_cast<std::uint16_t>(status);
  return true;
}

bool Call::add_http_header(std::string_view key, std::string_view value) {
  if (response_.headers_wanted || response_.finished || cancelled_) return false;
  // Before anything looks at their bytes, of which there may be megabytes.
  if (key.size() + value.size() >
      max_response_metadata - std::min(response_.headers.byte_size(), max_response_metadata)) {
    return false;
  }
  if (!is_http_field(key) || !is_valid_ascii_value(value)) return false;
  if (value.starts_with(' ') || value.ends_with(' ')) return false;
  response_.headers.add(key, value);
  return true;
}

void Call::answer_failure_in_http() {
  if (response_.headers_wanted) {
    response_.broken_off = true;
    return;
  }
  response_.headers.clear();  // they were those of another answer
  response_.http_status = http_status_of(response_.status.code);
  if (response_.status.message.empty()) return;
  response_.headers.add("content-type", "text/plain; charset=utf-8");
  append_framed(std::as_bytes(std::span(response_.status.message)));
  append_framed(std::as_bytes(std::span("\n", 1)));
}

}  // namespace wasm_grpc::rpc
