#include "admin/try_handler.h"

#include <algorithm>
#include <cstdint>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "admin/router.h"
#include "rpc/base64.h"
#include "rpc/percent.h"

namespace wasm_grpc::admin {

namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view json_type = "application/json";

Reply json_reply(int status, const Json& body) {
  // What guests say may be no UTF-8.
  return {status, std::string(json_type), body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n", {}};
}
Reply refusal(int status, const std::string& why) { return json_reply(status, {{"error", why}}); }

Reply methods_reply(const Trials& trials) {
  Json methods = Json::array();
  for (const Trials::Method& method : trials.methods()) {
    methods.push_back({{"path", method.path}, {"kind", rpc::name(method.kind)}});
  }
  return json_reply(200, {{"methods", std::move(methods)}});
}

Reply example_reply(const Trials& trials, std::string_view query) {
  constexpr std::string_view wanted = "method=";
  if (!query.starts_with(wanted)) return refusal(400, "expected /try or /try?method=/package.Service/Method");
  const auto example = trials.example(rpc::percent_decode(query.substr(wanted.size())));
  if (!example) return refusal(404, "there is no such method that can be tried; /try lists them");
  return json_reply(200, {{"request", *example}});
}

bool says_json(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return std::ranges::equal(type, json_type, {}, [](char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; });
}

/// Why what is posted may not be from the page; nothing where it may.
std::optional<Reply> refuse_stranger(const rpc::Call& call) {
  const rpc::Metadata& fields = call.request_metadata();
  if (!says_json(fields.get("content-type").value_or("")))
    return refusal(415, "expected content-type: application/json");
  if (const auto site = fields.get("sec-fetch-site"); site && *site != "same-origin" && *site != "none") {
    return refusal(403, "another web page may not call from here");
  }
  if (const auto origin = fields.get("origin")) {
    const std::size_t scheme = origin->find("://");
    if (scheme == std::string_view::npos || origin->substr(scheme + 3) != call.authority()) {
      return refusal(403, "another web page may not call from here");
    }
  }
  return std::nullopt;
}

/// A pair of texts, as metadata.
Result<> add_metadata(const Json& pair, rpc::Metadata& metadata) {
  if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) {
    return Error{"expected \"metadata\": [[\"name\", \"value\"], ...]"};
  }
  const auto& key = pair[0].get_ref<const std::string&>();
  const auto& value = pair[1].get_ref<const std::string&>();
  if (!rpc::is_valid_key(key)) {
    return Error{
        "metadata cannot have such a name: expected lower-case letters, digits, '_', '-' and '.', and not grpc-"};
  }
  if (rpc::is_binary_key(key)) {
    std::string bytes;
    if (!rpc::base64_decode(value, bytes))
      return Error{"the metadata " + key + " is not base64, as those with -bin are"};
    metadata.add(key, bytes);
    return success();
  }
  if (!rpc::is_valid_ascii_value(value)) return Error{"the metadata " + key + " is not printable ASCII"};
  metadata.add(key, value);
  return success();
}

Result<Attempt> read_attempt(std::string_view body) {
  const Json json = Json::parse(body, nullptr, false);
  if (!json.is_object()) return Error{"expected a JSON object with \"method\" and \"request\""};
  Attempt attempt;
  attempt.timeout = TryHandler::default_timeout;
  for (const auto& [key, value] : json.items()) {
    if (key == "method" && value.is_string()) {
      attempt.path = value.get<std::string>();
    } else if (key == "request" && value.is_string()) {
      attempt.request = value.get<std::string>();
    } else if (key == "timeout_ms" && value.is_number_unsigned()) {
      const auto most = static_cast<std::uint64_t>(TryHandler::longest_timeout.count());
      const auto wanted = value.get<std::uint64_t>();
      if (wanted < 1 || wanted > most) return Error{"expected a timeout_ms of 1 to " + std::to_string(most)};
      attempt.timeout = std::chrono::milliseconds(wanted);
    } else if (key == "metadata" && value.is_array()) {
      for (const Json& pair : value) {
        if (auto added = add_metadata(pair, attempt.metadata); !added.ok()) return std::move(added).error();
      }
    } else {
      return Error{
          "expected no more than \"method\" and \"request\" (the JSON of a message, as a text), \"metadata\" and "
          "\"timeout_ms\""};
    }
  }
  return attempt;
}

Json metadata_json(const rpc::Metadata& metadata) {
  Json list = Json::array();
  for (const auto [key, value] : metadata) {
    list.push_back({key, rpc::is_binary_key(key) ? rpc::padded_base64(value) : std::string(value)});
  }
  return list;
}

Reply outcome_reply(const Outcome& outcome) {
  Json messages = Json::array();
  for (const std::string& message : outcome.messages) {
    auto json = outcome.to_json(message);
    if (json.ok()) {
      messages.push_back(std::move(json).value());
    } else {
      messages.push_back({{"error", json.error().message}, {"bytes", rpc::padded_base64(message)}});
    }
  }
  return json_reply(200, {{"status",
                           {{"code", static_cast<int>(outcome.status.code)},
                            {"name", rpc::name(outcome.status.code)},
                            {"message", outcome.status.message}}},
                          {"headers", metadata_json(outcome.headers)},
                          {"messages", std::move(messages)},
                          {"cut", outcome.is_cut},
                          {"trailers", metadata_json(outcome.trailers)},
                          {"seconds", outcome.time.count()}});
}

}  // namespace

/// One POST, from its first byte to its answer.
class TryHandler::Exchange final : public std::enable_shared_from_this<Exchange>, private rpc::CallListener {
 public:
  Exchange(TryHandler& handler, rpc::Call& call) : handler_(handler), call_(&call) {
    call.retain();
    call.set_listener(this);
  }
  /// The call is let go of without an answer, where it has none.
  ~Exchange() { let_go(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  /// Takes what has come. It may be answered, and forgotten, when this returns.
  void read() {
    while (const auto piece = call_->message()) {
      const bool fits = body_.size() + piece->size() <= most_body;
      if (fits) body_.append(reinterpret_cast<const char*>(piece->data()), piece->size());
      call_->pop_message();
      if (!fits) return finish(refusal(413, "expected no more than " + std::to_string(most_body) + " bytes"));
    }
    if (!call_->requests_ended()) return;
    auto attempt = read_attempt(body_);
    if (!attempt.ok()) return finish(refusal(400, attempt.error().message));
    // The call may end on its worker before this has returned.
    auto begun =
        handler_.trials_->begin(attempt.value(), [post = handler_.post_, self = weak_from_this()](Outcome outcome) {
          post([self, outcome = std::make_shared<const Outcome>(std::move(outcome))] {
            if (const auto exchange = self.lock()) exchange->finish(outcome_reply(*outcome));
          });
        });
    if (!begun.ok()) return finish(refusal(400, begun.error().message));
    cancel_ = std::move(begun).value();
  }

 private:
  void on_readable(rpc::Call&) noexcept override {
    if (cancel_ != nullptr) return;
    const auto keep = shared_from_this();
    try {
      read();
    } catch (const std::exception& error) {
      finish(refusal(500, error.what()));
    }
  }
  void on_writable(rpc::Call&) noexcept override {}
  void on_cancelled(rpc::Call&) noexcept override {
    const auto keep = shared_from_this();
    if (cancel_ != nullptr) cancel_();
    let_go();
    handler_.forget(keep);
  }

  void finish(const Reply& reply) noexcept {
    const auto keep = shared_from_this();
    if (call_ != nullptr) {
      call_->set_listener(nullptr);
      send(*call_, reply);
      let_go();
    }
    handler_.forget(keep);
  }
  void let_go() noexcept {
    rpc::Call* const call = std::exchange(call_, nullptr);
    if (call == nullptr) return;
    call->set_listener(nullptr);
    call->release();
  }

  TryHandler& handler_;
  rpc::Call* call_;  // nullptr: it is answered, or its client has gone
  std::string body_;
  Trials::Cancel cancel_;  // of the call that it makes
};

TryHandler::~TryHandler() = default;

void TryHandler::start(rpc::Call& call) noexcept {
  try {
    answer(call);
  } catch (const std::exception& error) {
    call.finish({rpc::StatusCode::internal, error.what()});
  }
}

void TryHandler::answer(rpc::Call& call) {
  if (const auto refused = refuse(gate_, call)) return send(call, *refused);
  const bool posts = call.http_method() == "POST";
  if (!posts && call.http_method() != "GET" && call.http_method() != "HEAD") {
    Reply reply = refusal(405, "only GET, HEAD and POST are served here");
    reply.headers.emplace_back("allow", "GET, HEAD, POST");
    return send(call, reply);
  }
  const std::string_view target = call.http_target();
  const std::size_t end = target.find('?');
  if (target.substr(0, end) != "/try") return send(call, refusal(404, "there is no such page; /try is one"));
  if (!posts) {
    const bool lists = end == std::string_view::npos;
    return send(call, lists ? methods_reply(*trials_) : example_reply(*trials_, target.substr(end + 1)));
  }
  if (const auto refused = refuse_stranger(call)) return send(call, *refused);
  if (exchanges_.size() >= most_at_once) {
    return send(call,
                refusal(429, std::to_string(most_at_once) + " calls are being tried; try again when one has ended"));
  }
  const auto exchange = std::make_shared<Exchange>(*this, call);
  exchanges_.insert(exchange);
  exchange->read();
}

}  // namespace wasm_grpc::admin
