#include "facade/rest/exchange.h"

#include <nlohmann/json.hpp>

#include "facade/frames.h"
#include "facade/json_text.h"
#include "facade/own_fields.h"
#include "facade/rest/transcode.h"
#include "facade/status_details.h"
#include "json/write.h"
#include "rpc/base64.h"
#include "rpc/http_status.h"

namespace wasm_grpc::facade::rest {

namespace {

using Json = nlohmann::ordered_json;

// An Any in JSON; of a type that the module does not describe, its bytes in base64.
Json any(const StatusDetail& detail, const Schema* schema) {
  Json json = {{"@type", "type.googleapis.com/" + detail.type}};
  const json::MessageType* const type = schema == nullptr ? nullptr : schema->types->find(detail.type);
  std::string text;
  if (type != nullptr && !json::write(*type, std::as_bytes(std::span(detail.value)), text)) {
    Json value = Json::parse(text, nullptr, false);
    if (value.is_object()) {
      json.update(value);
    } else if (!value.is_discarded()) {
      json["value"] = std::move(value);
    }
    return json;
  }
  text.clear();
  rpc::base64_encode(detail.value, text);
  json["value"] = std::move(text);
  return json;
}

}  // namespace

RestExchange::RestExchange(RestTerms terms, const Routes& routes, const Head& head, const Tools& tools)
    : terms_(terms),
      codec_(tools.codec),
      max_message_size_(tools.max_message_size),
      target_(head.target),
      match_(routes.find(head.http_method, target_)),
      body_(head.fields, tools.max_message_size) {}

// ---- The request ----

rpc::Status RestExchange::take(std::span<const std::byte> body, std::vector<std::byte>& frames) {
  if (!lines()) return body_.add(body);
  std::string_view bytes = text_of(body);
  while (!bytes.empty()) {
    const auto end = bytes.find('\n');
    const std::string_view piece = bytes.substr(0, end);
    if (piece.size() > max_message_size_ - line_.size()) {
      return {rpc::StatusCode::resource_exhausted, "a line of the request has more than the " +
                                                       std::to_string(max_message_size_) +
                                                       " bytes this server accepts"};
    }
    line_.append(piece);
    if (end == std::string_view::npos) return {};
    bytes.remove_prefix(end + 1);
    if (rpc::Status status = take_line(frames); !status.ok()) return status;
  }
  return {};
}

rpc::Status RestExchange::take_line(std::vector<std::byte>& frames) {
  const std::string line = std::exchange(line_, {});
  if (line.find_first_not_of(" \t\r") == std::string::npos) return {};
  return take_message(line, frames);
}

rpc::Status RestExchange::end(std::vector<std::byte>& frames) {
  if (lines()) return take_line(frames);
  rpc::Status status = take_message(body_.text(), frames);
  body_.clear();
  return status;
}

rpc::Status RestExchange::take_message(std::string_view json, std::vector<std::byte>& frames) const {
  std::vector<std::byte> plain;
  if (!json.empty()) {
    rpc::Status status = decompress_json(terms_.encoding, codec_, max_message_size_, json, plain);
    if (!status.ok()) return status;
  }
  const std::size_t begun = begin_frame(frames);
  if (auto wrong = make_request(match_, json, frames)) {
    frames.resize(begun - rpc::prefix_size);
    return {rpc::StatusCode::invalid_argument, std::move(*wrong)};
  }
  end_frame(frames, begun, std::byte{0});
  return {};
}

std::size_t RestExchange::missing(std::size_t frame_bytes) const noexcept {
  constexpr std::size_t much = std::size_t{32} << 10;
  if (!lines()) return body_.missing();
  return line_.size() >= much ? much : frame_bytes;  // a line does not say how long it is
}

// ---- The answer ----

int RestExchange::head(const rpc::Response& response, rpc::Metadata& fields) {
  // An answer in lines that fails before the first is one as a whole.
  const bool failed = response.finished && !response.status.ok() && !begun_;
  const bool in_lines = terms_.streams_responses && !failed;
  fields.add("content-type", in_lines ? "application/x-ndjson" : "application/json");
  if (compressed_ && !failed) fields.add("content-encoding", rpc::name(rpc::Encoding::gzip));
  if (!terms_.streams_responses) fields.add("vary", "accept-encoding");
  add_metadata(response.headers, {}, fields);
  if (response.finished) add_metadata(response.trailers, "trailer-", fields);
  begun_ = in_lines;
  return failed ? rpc::http_status_of(response.status.code) : 200;
}

rpc::Status RestExchange::translate(std::span<const std::byte> frames, std::string& body) {
  while (const auto frame = take_frame(frames)) {
    const std::size_t before = body.size();
    rpc::Status status = check_size_for_json(frame->message.size(), max_message_size_);
    if (status.ok()) {
      if (auto wrong = make_reply(*match_.rule, frame->message, body)) {
        status = {rpc::StatusCode::internal, "the response cannot be said in JSON: " + *wrong};
      }
    }
    if (!status.ok()) {
      body.resize(before);
      return status;
    }
    if (terms_.streams_responses) body += '\n';
  }
  compressed_ = terms_.accepts_gzip && !terms_.streams_responses && compress_json(codec_, body);
  return {};
}

void RestExchange::finish(const rpc::Response& response, std::string& body) {
  if (response.status.ok()) return;
  if (begun_) {
    body += R"({"error":)" + error(response) + "}\n";
  } else {
    body = error(response);
  }
}

std::string RestExchange::error(const rpc::Response& response) const {
  Json json = {{"code", static_cast<int>(response.status.code)}, {"message", response.status.message}};
  for (const StatusDetail& detail : status_details(response)) json["details"].push_back(any(detail, terms_.schema));
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace wasm_grpc::facade::rest
