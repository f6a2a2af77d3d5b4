#include "facade/grpc_web/exchange.h"

#include <algorithm>

#include "facade/frames.h"
#include "facade/own_fields.h"
#include "rpc/percent.h"

namespace wasm_grpc::facade::grpc_web {

namespace {

constexpr std::byte trailers_flag{0x80};
constexpr std::size_t max_request_trailers = std::size_t{16} << 10;
constexpr std::string_view content_type = "application/grpc-web";
constexpr std::string_view text_content_type = "application/grpc-web-text";

void append(std::string_view bytes, std::vector<std::byte>& frames) {
  const auto added = std::as_bytes(std::span(bytes));
  frames.insert(frames.end(), added.begin(), added.end());
}

}  // namespace

// ---- The request ----

rpc::Status WebExchange::take(std::span<const std::byte> body, std::vector<std::byte>& frames) {
  std::string_view bytes = text_of(body);
  if (terms_.text_in) {
    plain_.clear();
    if (!reader_.read(bytes, plain_)) {
      return {rpc::StatusCode::internal,
              "the body of the request is not base64, as " + std::string(text_content_type) + " says"};
    }
    bytes = plain_;
  }
  if (!terms_.json) return take_frames(bytes, frames);
  envelopes_.clear();
  rpc::Status status = take_frames(bytes, envelopes_);
  rpc::Status messages = terms_.json->take(envelopes_, frames);  // those before what is wrong count
  return messages.ok() ? status : messages;
}

rpc::Status WebExchange::take_frames(std::string_view bytes, std::vector<std::byte>& frames) {
  while (!bytes.empty()) {
    if (left_ == 0) {
      if (trailers_) return {rpc::StatusCode::internal, "the request goes on after its trailers"};
      const std::size_t more = std::min(rpc::prefix_size - prefix_.size(), bytes.size());
      prefix_.append(bytes.substr(0, more));
      bytes.remove_prefix(more);
      if (prefix_.size() < rpc::prefix_size) break;
      const auto prefix = std::as_bytes(std::span(prefix_));
      left_ = rpc::read_length(prefix.data());
      trailers_ = (prefix[0] & trailers_flag) != std::byte{0};
      if (trailers_ && left_ > max_request_trailers) {
        return {rpc::StatusCode::resource_exhausted, "the trailers of the request have " + std::to_string(left_) +
                                                         " bytes; this server accepts at most " +
                                                         std::to_string(max_request_trailers)};
      }
      if (!trailers_) append(prefix_, frames);
      prefix_.clear();
    }
    const std::size_t size = std::min(left_, bytes.size());
    if (!trailers_) append(bytes.substr(0, size), frames);
    bytes.remove_prefix(size);
    left_ -= size;
  }
  return {};
}

rpc::Status WebExchange::end(std::vector<std::byte>& frames) {
  if (!reader_.at_end()) {
    return {rpc::StatusCode::internal, "the body of the request ends in the middle of four characters of base64"};
  }
  if (trailers_ && left_ > 0) return {rpc::StatusCode::internal, "the request ended in the middle of its trailers"};
  if (!terms_.json) {
    append(prefix_, frames);  // the call says what is wrong with it
    return {};
  }
  if (rpc::Status status = terms_.json->take(std::as_bytes(std::span(prefix_)), frames); !status.ok()) return status;
  return terms_.json->end();
}

std::size_t WebExchange::missing(std::size_t frame_bytes) const noexcept {
  if (terms_.json) frame_bytes = terms_.json->missing();
  return terms_.text_in && frame_bytes > 0 ? frame_bytes / 3 * 4 + 4 : frame_bytes;
}

// ---- The answer ----

int WebExchange::head(const rpc::Response& response, rpc::Metadata& fields) {
  fields.add("content-type", std::string(terms_.text_out ? text_content_type : content_type) + terms_.format);
  const rpc::Encoding encoding = terms_.gzip ? rpc::Encoding::gzip : response.encoding;
  if (encoding != rpc::Encoding::identity) fields.add("grpc-encoding", rpc::name(encoding));
  fields.add("grpc-accept-encoding", rpc::known_encodings);
  add_metadata(response.headers, {}, fields);
  return 200;
}

rpc::Status WebExchange::translate(std::span<const std::byte> frames, std::string& body) {
  if (!terms_.json) {
    append_text(text_of(frames), body);
    return {};
  }
  if (!terms_.text_out) return terms_.json->translate(frames, body);
  std::string envelopes;
  rpc::Status status = terms_.json->translate(frames, envelopes);
  append_text(envelopes, body);
  return status;
}

void WebExchange::finish(const rpc::Response& response, std::string& body) {
  std::string trailers = "grpc-status: " + std::to_string(static_cast<int>(response.status.code)) + "\r\n";
  if (!response.status.message.empty()) {
    trailers += "grpc-message: ";
    rpc::percent_encode(response.status.message, trailers);
    trailers += "\r\n";
  }
  rpc::Metadata fields;
  add_metadata(response.trailers, {}, fields);
  for (const auto [key, value] : fields) trailers.append(key).append(": ").append(value).append("\r\n");
  std::string frame;
  append_frame(frame, trailers_flag, trailers);
  if (terms_.text_out) {
    append_text(frame, body);
  } else {
    body += frame;
  }
}

}  // namespace wasm_grpc::facade::grpc_web
