#include "http2/session/request_head.h"

#include <algorithm>
#include <utility>

#include "facade/cors.h"
#include "facade/facades.h"
#include "facade/grpc_json/exchange.h"
#include "facade/unknown_method.h"
#include "http2/session/forwarded_certificate.h"
#include "rpc/base64.h"
#include "rpc/timeout.h"

namespace wasm_grpc::http2 {

namespace {

// Of gRPC's own fields those that a handler may want to know: gRFC A6, and the trace that a call is of.
constexpr std::string_view previous_attempts_key = "grpc-previous-rpc-attempts";
constexpr std::string_view trace_key = "grpc-trace-bin";

constexpr std::size_t field_overhead = 32;  // RFC 9113, 6.5.2

// For people who open the address with something else than a gRPC client.
constexpr const char* about =
    "This is wasm-grpc, a gRPC server. Call its methods with a gRPC client: POST /package.Service/Method.\n";

constexpr std::string_view grpc_content_type = "application/grpc";

/// What makes up the names of media types (RFC 6838, 4.2).
bool is_restricted_name(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$&-^_.+").find(c) != std::string_view::npos;
  });
}

/// What follows application/grpc: nothing, or "+format", without ";parameters". No answer when it is another type.
std::optional<std::string_view> subtype_of(std::string_view content_type) {
  if (!content_type.starts_with(grpc_content_type)) return std::nullopt;
  std::string_view rest = content_type.substr(grpc_content_type.size());
  rest = rest.substr(0, rest.find(';'));
  while (rest.ends_with(' ')) rest.remove_suffix(1);
  if (rest.empty()) return rest;
  if (rest.front() != '+' || !is_restricted_name(rest)) return std::nullopt;
  return rest.substr(1);
}

using facade::quoted;

OwnAnswer in_grpc(rpc::StatusCode code, std::string message) { return {0, {code, std::move(message)}}; }

// No gRPC client means "/": those who do expect a web server, which reads a request before it answers.
OwnAnswer in_http(int http_status, std::string_view path, std::string message) {
  return {http_status, {rpc::StatusCode::unknown, std::move(message)}, path == "/"};
}

}  // namespace

void RequestHead::reset() noexcept {
  method_ = nullptr;
  list_size_ = 0;
  path_.clear();
  authority_.clear();
  http_method_.clear();
  content_type_.clear();
  content_subtype_.clear();
  unknown_encoding_.clear();
  metadata_error_.clear();
  encoding_ = rpc::Encoding::identity;
  accepted_encodings_.clear();
  mentions_encodings_ = false;
  is_grpc_ = false;
  has_forwarded_certificate_ = false;
  has_encoded_ = false;
  has_unfit_ = false;
  content_types_ = 0;
  dropped_ = 0;
  timeout_malformed_ = false;
  timeout_.reset();
  exchange_.reset();
}

void RequestHead::add(std::string_view name, std::string_view value, std::size_t max_list_size,
                      rpc::Metadata& metadata) {
  list_size_ += name.size() + value.size() + field_overhead;
  if (list_size_ > max_list_size || name.empty()) return;
  if (name.front() == ':') {
    if (name == ":path") {
      path_.assign(value);
    } else if (name == ":authority") {
      authority_.assign(value);
    } else if (name == ":method" && value != "POST") {
      http_method_.assign(value);
    }
    return;
  }
  switch (name.size()) {
    case 2:
      if (name == "te") return;
      break;
    case 4:
      if (name == "host") {
        if (authority_.empty()) authority_.assign(value);
        return;
      }
      break;
    case 12:
      if (name == "content-type") {
        take_content_type(value);
        return;
      }
      if (name == "grpc-timeout") {
        timeout_ = rpc::parse_timeout(value);
        timeout_malformed_ = !timeout_.has_value();
        return;
      }
      break;
    case 13:
      if (name == "grpc-encoding") {
        take_encoding(value);
        return;
      }
      break;
    case 20:
      if (name == "grpc-accept-encoding") {
        mentions_encodings_ = true;
        accepted_encodings_.add_list(value);
        return;
      }
      break;
    case forwarded_certificate_key.size():
      if (name == forwarded_certificate_key) has_forwarded_certificate_ = true;
      break;
    default:
      break;
  }
  add_metadata(name, value, metadata);
}

void RequestHead::take_content_type(std::string_view value) {
  ++content_types_;
  if (value == grpc_content_type) {
    is_grpc_ = true;
    return;
  }
  const auto subtype = subtype_of(value);
  is_grpc_ = subtype.has_value();
  if (!is_grpc_) {
    content_type_.assign(value);
    return;
  }
  content_subtype_.assign(*subtype);
  for (char& c : content_subtype_) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  if (content_subtype_ == "proto") content_subtype_.clear();
}

void RequestHead::take_encoding(std::string_view value) {
  if (value == "identity") return;
  mentions_encodings_ = true;
  if (const auto encoding = rpc::parse_encoding(value)) {
    encoding_ = *encoding;
    accepted_encodings_.add(*encoding);
  } else {
    unknown_encoding_.assign(quoted(value));
  }
}

// Whether these are gRPC's is not known before the last field: until then they stay as they came.
void RequestHead::add_metadata(std::string_view key, std::string_view value, rpc::Metadata& metadata) {
  // HTTP allows more characters in names than gRPC does; such a field was not meant as metadata.
  if (!rpc::is_valid_key(key) && key != previous_attempts_key && key != trace_key) return;
  if (rpc::is_binary_key(key)) {
    has_encoded_ = true;
  } else if (!rpc::is_valid_ascii_value(value)) {
    has_unfit_ = true;
  }
  metadata.add(key, value);
}

void RequestHead::decode(rpc::Metadata& metadata) {
  rpc::Metadata decoded;
  for (const auto [key, value] : metadata) {
    if (rpc::is_binary_key(key)) {
      decode_value(key, value, decoded);
    } else if (rpc::is_valid_ascii_value(value)) {
      decoded.add(key, value);
    } else {
      ++dropped_;  // as proxies add them: the call is none the worse without
    }
  }
  std::swap(metadata, decoded);
}

void RequestHead::decode_value(std::string_view key, std::string_view value, rpc::Metadata& metadata) {
  // A proxy may have joined several values by commas, which base64 does not contain.
  std::string bytes;
  for (;;) {
    const auto comma = value.find(',');
    std::string_view part = value.substr(0, comma);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    bytes.clear();
    if (rpc::base64_decode(part, bytes)) {
      metadata.add(key, bytes);
    } else if (metadata_error_.empty()) {
      metadata_error_ = "the value of metadata " + quoted(key) + " is not base64";
    }
    if (comma == std::string_view::npos) return;
    value.remove_prefix(comma + 1);
  }
}

std::optional<OwnAnswer> RequestHead::judge(const rpc::MethodTable& methods, std::size_t max_list_size,
                                            rpc::Metadata& metadata, const facade::Tools* tools,
                                            const Protocols& spoken) {
  if (list_size_ > max_list_size) {
    std::string message = "the request headers have " + std::to_string(list_size_) +
                          " bytes (names, values and 32 for each); this server accepts at most " +
                          std::to_string(max_list_size);
    // The content-type may be among what was not looked at: a POST is taken for gRPC.
    if (!http_method_.empty()) return in_http(431, path_, message + "\n");
    return in_grpc(rpc::StatusCode::resource_exhausted, std::move(message));
  }
  // What the bytes mean must not depend on which of them one looks at (RFC 9110, 8.3).
  if (content_types_ > 1) return in_http(400, path_, "The request has more than one content-type.\n");
  if (!http_method_.empty() || !is_grpc_) return judge_http(methods, metadata, tools, spoken);
  if (!spoken.grpc) return in_grpc(rpc::StatusCode::unimplemented, "gRPC is not spoken at this address");
  method_ = methods.find(path_);
  if (method_ == nullptr) return OwnAnswer{0, facade::unknown_method(path_, methods)};
  if (!unknown_encoding_.empty() || timeout_malformed_) return OwnAnswer{0, judge_grpc_fields()};
  if (content_subtype_ == "json" && tools != nullptr) {
    exchange_ = facade::grpc_json::open(path_, encoding_, accepted_encodings_, *tools);
    if (exchange_ != nullptr) {  // it decompresses by itself, and what it answers is not protobuf
      encoding_ = rpc::Encoding::identity;
      accepted_encodings_.clear();
      content_subtype_.clear();  // nor is anything else for the handler
    }
  }
  if (!content_subtype_.empty() && method_->formats == rpc::MessageFormats::protobuf) {
    return in_grpc(rpc::StatusCode::unimplemented,
                   "this method takes messages of protobuf, not of " + quoted("application/grpc+" + content_subtype_));
  }
  return judge_metadata(metadata);
}

rpc::Status RequestHead::judge_grpc_fields() const {
  if (!unknown_encoding_.empty()) {
    return {rpc::StatusCode::unimplemented, "grpc-encoding " + unknown_encoding_ +
                                                " is not supported; this server knows " +
                                                std::string(rpc::known_encodings)};
  }
  if (timeout_malformed_) {
    return {rpc::StatusCode::internal,
            "malformed grpc-timeout: expected one to eight digits and one of H, M, S, m, u, n"};
  }
  return {};
}

std::optional<OwnAnswer> RequestHead::judge_metadata(rpc::Metadata& metadata) {
  if (has_encoded_ || has_unfit_) decode(metadata);
  if (!metadata_error_.empty()) return in_grpc(rpc::StatusCode::internal, metadata_error_);
  return std::nullopt;
}

// Clients may split the field `cookie` for the sake of compression, and those who are not HTTP/2 see one (RFC 9113,
// 8.2.3). What is of gRPC means nothing here.
void RequestHead::rewrite_for_http(rpc::Metadata& metadata) {
  if (!metadata.get("cookie", 1) && !metadata.get(previous_attempts_key)) return;
  std::string joined;
  rpc::Metadata others;
  for (const auto [key, value] : metadata) {
    if (key == previous_attempts_key) continue;
    if (key != "cookie") {
      others.add(key, value);
      continue;
    }
    if (!joined.empty()) joined += "; ";
    joined += value;
  }
  if (!joined.empty()) others.add("cookie", joined);
  std::swap(metadata, others);
}

// Whether a rule means what a preflight request asks for.
bool RequestHead::is_ruled(const facade::rest::Routes& routes, const rpc::Metadata& metadata) const {
  return !routes.empty() && path_.starts_with('/') &&
         routes.find(*metadata.get("access-control-request-method"), path_).rule != nullptr;
}

facade::Opening RequestHead::open_facade(const rpc::MethodTable& methods, rpc::Metadata& metadata,
                                         const facade::Tools& tools, const Protocols& spoken) const {
  const rpc::Status grpc_refusal = judge_grpc_fields();
  const facade::Head head{http_method(), path_,     content_type_,       metadata,
                          grpc_refusal,  encoding_, accepted_encodings_, timeout_};
  return facade::open(head, methods, tools, spoken);
}

std::optional<OwnAnswer> RequestHead::take_opening(facade::Opening&& opening, rpc::Metadata& metadata) {
  if (opening.exchange == nullptr) {
    OwnAnswer answer{opening.http_status, std::move(opening.refusal)};
    (opening.header_name == "allow" ? answer.allow : answer.accept_post) = std::move(opening.header_value);
    answer.after_request = !facade::may_wait_for_answer(content_type_);
    return answer;
  }
  exchange_ = std::move(opening.exchange);
  method_ = opening.method;
  timeout_ = opening.timeout;
  encoding_ = opening.encoding;
  accepted_encodings_ = opening.accepted;
  if (!opening.refusal.ok()) return OwnAnswer{0, std::move(opening.refusal), exchange_->answers_whole()};
  return judge_metadata(metadata);
}

OwnAnswer RequestHead::refuse_type(const Protocols& spoken) const {
  if (spoken == Protocols()) {
    return in_http(415, path_,
                   "This is a gRPC server: it takes application/grpc, and application/json for its methods, but not " +
                       quoted(content_type_) + " here.\n");
  }
  std::string known;
  const auto add = [&](bool is_spoken, std::string_view name) {
    if (is_spoken) known.append(known.empty() ? "" : ", ").append(name);
  };
  add(spoken.grpc, "gRPC");
  add(spoken.grpc_web, "gRPC-Web");
  add(spoken.connect, "Connect");
  add(spoken.rest, "REST");
  add(spoken.http, "HTTP");
  return in_http(415, path_,
                 "What is spoken at this address (" + known + ") does not take " + quoted(content_type_) + " here.\n");
}

std::optional<OwnAnswer> RequestHead::judge_http(const rpc::MethodTable& methods, rpc::Metadata& metadata,
                                                 const facade::Tools* tools, const Protocols& spoken) {
  const bool is_post = http_method_.empty();
  const bool is_method = methods.find(path_) != nullptr;
  if (tools != nullptr && !is_grpc_) {
    auto opening = open_facade(methods, metadata, *tools, spoken);
    if (opening.exchange != nullptr || opening.http_status != 0) return take_opening(std::move(opening), metadata);
    // What a module serves by HTTP it also says to whom.
    const facade::Cors& cors = tools->facades.cors;
    if (cors.is_on() && facade::is_preflight(http_method_, metadata) &&
        (is_method || methods.find_http(path_) == nullptr || is_ruled(tools->facades.routes, metadata))) {
      if (cors.allows(*metadata.get("origin"))) {
        OwnAnswer answer = in_http(204, path_, {});
        answer.preflight = true;
        return answer;
      }
      return in_http(403, path_, "Pages of this origin may not call this server (see --cors-origin).\n");
    }
  }
  if (spoken.http && (!is_post || !is_method)) {
    method_ = methods.find_http(path_);
    if (method_ != nullptr) {
      if (is_grpc_)
        content_type_ = content_subtype_.empty() ? "application/grpc" : "application/grpc+" + content_subtype_;
      if (!content_type_.empty()) metadata.add("content-type", content_type_);
      rewrite_for_http(metadata);
      return std::nullopt;
    }
  }
  if (is_post) {
    OwnAnswer answer = refuse_type(spoken);
    answer.after_request |= tools != nullptr && !facade::may_wait_for_answer(content_type_);
    return answer;
  }
  const bool reads = http_method_ == "GET" || http_method_ == "HEAD";
  if (path_ == "/" && reads) return in_http(200, path_, about);
  if (!is_method && path_ != "/") return in_http(404, path_, "This is a gRPC server: it has nothing at this path.\n");
  OwnAnswer answer =
      in_http(405, path_, "This is a gRPC server: it answers POST requests only, not " + quoted(http_method_) + ".\n");
  answer.allow = is_method ? "POST" : "GET, HEAD, POST";
  return answer;
}

}  // namespace wasm_grpc::http2
