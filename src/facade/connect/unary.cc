#include "facade/connect/unary.h"

#include <nlohmann/json.hpp>

#include "facade/connect/error.h"
#include "facade/frames.h"
#include "facade/own_fields.h"

namespace wasm_grpc::facade::connect {

rpc::Status UnaryExchange::take(std::span<const std::byte> body, std::vector<std::byte>& /*frames*/) {
  return body_.add(body);
}

rpc::Status UnaryExchange::end(std::vector<std::byte>& frames) {
  const std::string_view message = message_ ? std::string_view(*message_) : body_.text();
  if (terms_.json) {
    if (rpc::Status status = terms_.json->read(message, terms_.encoding, frames); !status.ok()) return status;
  } else {
    const bool compressed = terms_.encoding != rpc::Encoding::identity && !message.empty();
    append_frame(frames, compressed ? compressed_flag : std::byte{0}, std::as_bytes(std::span(message)));
  }
  body_.clear();
  message_.reset();
  return {};
}

int UnaryExchange::head(const rpc::Response& response, rpc::Metadata& fields) {
  const bool ok = response.status.ok();
  fields.add("content-type", ok && !terms_.json ? "application/proto" : "application/json");
  if (ok && compressed_) {
    fields.add("content-encoding", terms_.json ? rpc::name(rpc::Encoding::gzip) : rpc::name(response.encoding));
  }
  fields.add("accept-encoding", rpc::known_encodings);
  if (terms_.json && terms_.accepts_gzip) fields.add("vary", "accept-encoding");
  add_metadata(response.headers, {}, fields);
  add_metadata(response.trailers, "trailer-", fields);
  return ok ? 200 : http_status(response.status.code);
}

rpc::Status UnaryExchange::translate(std::span<const std::byte> frames, std::string& body) {
  const auto frame = take_frame(frames);
  if (!frame) return {};
  if (!terms_.json) {
    compressed_ = frame->flags == compressed_flag;
    body.append(text_of(frame->message));
    return {};
  }
  if (rpc::Status status = terms_.json->write(frame->message, body); !status.ok()) return status;
  compressed_ = terms_.accepts_gzip && terms_.json->compress(body);
  return {};
}

void UnaryExchange::finish(const rpc::Response& response, std::string& body) {
  if (response.status.ok()) return;
  body = text(error(response));
}

}  // namespace wasm_grpc::facade::connect
