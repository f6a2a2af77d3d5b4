#include "registry/session.h"

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>

#include "rpc/base64.h"

namespace wasm_grpc::registry {

namespace {

constexpr int most_redirects = 5;
constexpr std::size_t most_answer = std::size_t{64} << 10;  // of what is no content
constexpr std::size_t most_token = std::size_t{16} << 10;
constexpr long ok = 200;
constexpr long created = 201;
constexpr long accepted = 202;
constexpr long unauthorized = 401;
constexpr long forbidden = 403;
constexpr long not_found = 404;
constexpr long too_many = 429;

bool is_redirect(long status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

std::string encoded(std::string_view text) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out.append({'%', digits[static_cast<unsigned char>(c) >> 4], digits[static_cast<unsigned char>(c) & 15]});
    }
  }
  return out;
}

/// True of what may be sent as it is: visible ASCII.
bool is_visible(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

/// What a registry says of an error, {"errors": [{"code", "message"}]}, for people; empty where it says nothing.
std::string reason_of(const std::string& body) {
  constexpr std::size_t most = 200;
  const auto json = nlohmann::json::parse(body, nullptr, false);
  if (!json.is_object() || !json.contains("errors") || !json["errors"].is_array() || json["errors"].empty()) return {};
  const auto& first = json["errors"].front();
  std::string text;
  for (const char* key : {"code", "message"}) {
    if (!first.is_object() || !first.contains(key) || !first[key].is_string()) continue;
    text += (text.empty() ? "" : ": ") + first[key].get<std::string>();
  }
  text.resize(std::min(text.size(), most));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return text.empty() ? text : " (" + text + ")";
}

std::string basic(const Credentials& credentials) {
  return "Basic " + rpc::padded_base64(credentials.username + ":" + credentials.password);
}

}  // namespace

Result<Session> Session::open(const RegistryOptions& options, const Reference& reference, Right right,
                              std::stop_token stop) {
  auto http = HttpClient::create({options.ca, std::chrono::steady_clock::now() + options.timeout, stop});
  if (!http.ok()) return std::move(http).error();
  return Session(std::move(http).value(), options, reference, right, std::move(stop));
}

Session::Session(std::unique_ptr<HttpClient> http, const RegistryOptions& options, const Reference& reference,
                 Right right, std::stop_token stop)
    : http_(std::move(http)), options_(options), reference_(reference), right_(right), stop_(std::move(stop)) {
  const bool hub = reference.registry == "docker.io";
  if (hub && reference.repository.find('/') == std::string::npos) reference_.repository.insert(0, "library/");
  const auto& plain = options.plain_http;
  const bool clear = std::find(plain.begin(), plain.end(), reference.registry) != plain.end();
  base_ = {clear ? "http" : "https", hub ? "registry-1.docker.io" : reference.registry,
           "/v2/" + reference_.repository + "/"};
}

std::string Session::api(std::string_view rest) const { return base_.text().append(rest); }

Error Session::wrong(std::string what) {
  may_pass_ = false;
  return Error{std::move(what)};
}

Error Session::refused(const HttpResponse& response, const std::string& what) {
  may_pass_ = response.status >= 500 || response.status == too_many;
  const std::string reason = reason_of(response.body);
  if (response.status == unauthorized || response.status == forbidden) {
    return Error{reference_.registry + " does not let us have " + what + reason + "; " +
                 (is_somebody_ ? "the credentials given for it do not do"
                               : "give credentials for it, by `docker login` or [registry] credentials")};
  }
  return Error{reference_.registry + " answers " + std::to_string(response.status) + " for " + what + reason};
}

// ---- Requests ----

Result<HttpResponse> Session::send_once(const HttpRequest& request) {
  const auto url = Url::parse(request.url);
  HttpRequest sent = request;
  if (!authorization_.empty() && url && url->same_origin(base_)) {
    sent.fields.push_back("Authorization: " + authorization_);
  }
  auto response = http_->send(sent);
  if (!response.ok()) may_pass_ = http_->may_pass();
  return response;
}

Result<HttpResponse> Session::send(HttpRequest request) {
  const bool reads = request.method == "GET" || request.method == "HEAD";
  bool asked = false;
  for (int redirects = 0;;) {
    auto response = send_once(request);
    if (!response.ok()) return response;
    const long status = response.value().status;
    const auto url = Url::parse(request.url);
    if (status == unauthorized && !asked && url && url->same_origin(base_)) {
      asked = true;  // a second time means that what we have does not do
      if (auto done = authenticate(response.value()); !done.ok()) return std::move(done).error();
      continue;
    }
    if (!reads || !is_redirect(status)) return response;
    const auto next = url ? url->resolve(response.value().field("location")) : std::nullopt;
    if (!next) return wrong(reference_.registry + " redirects to where nothing can be");
    if (url->scheme == "https" && next->scheme != "https") {
      return wrong(reference_.registry + " redirects from TLS to cleartext, at " + next->authority);
    }
    if (++redirects > most_redirects) {
      return wrong(reference_.registry + " redirects more than " + std::to_string(most_redirects) + " times");
    }
    request.url = next->text();
  }
}

Result<> Session::authenticate(const HttpResponse& refusal) {
  const auto challenge = choose_challenge(refusal.all("www-authenticate"));
  if (!challenge) return wrong(reference_.registry + " wants a login of a kind that is not known: no Bearer, no Basic");
  auto found = find_credentials(options_.credentials, reference_, stop_);
  if (!found.ok()) return wrong(found.error().message);
  const Credentials& credentials = found.value();
  is_somebody_ = !credentials.empty();
  if (!credentials.registry_token.empty()) {
    if (!is_visible(credentials.registry_token))
      return wrong("the registrytoken of " + reference_.registry + " is none");
    authorization_ = "Bearer " + credentials.registry_token;
    return success();
  }
  if (challenge->scheme == Challenge::Scheme::basic) {
    if (credentials.username.empty()) {
      return wrong(reference_.registry +
                   " wants a user and a password; give them by `docker login` or [registry] credentials");
    }
    authorization_ = basic(credentials);
    return success();
  }
  auto token = ask_realm(*challenge, credentials);
  if (!token.ok()) return std::move(token).error();
  authorization_ = "Bearer " + token.value();
  return success();
}

/// A token of the registry's realm: distribution's "token authentication", or OAuth 2 with an identity token.
Result<std::string> Session::ask_realm(const Challenge& challenge, const Credentials& credentials) {
  const auto realm = Url::parse(challenge.realm);
  if (!realm) return wrong(reference_.registry + " names a realm for tokens that is no URL");
  if (base_.scheme == "https" && realm->scheme != "https") {
    return wrong(reference_.registry + " names a realm for tokens in cleartext, at " + realm->authority);
  }
  const std::string scope = "repository:" + reference_.repository + (right_ == Right::push ? ":pull,push" : ":pull");
  const std::string query =
      (challenge.service.empty() ? "" : "service=" + encoded(challenge.service) + "&") + "scope=" + encoded(scope);
  HttpRequest request;
  request.most = most_answer;
  std::string form;
  if (credentials.identity_token.empty()) {
    request.url = realm->text() + (realm->target.find('?') == std::string::npos ? "?" : "&") + query;
    if (!credentials.username.empty()) request.fields.push_back("Authorization: " + basic(credentials));
  } else {
    form = "grant_type=refresh_token&client_id=wasm-grpc&" + query +
           "&refresh_token=" + encoded(credentials.identity_token);
    request.method = "POST";
    request.url = realm->text();
    request.fields.push_back("Content-Type: application/x-www-form-urlencoded");
    request.body = form;
  }
  auto response = http_->send(request);
  if (!response.ok()) {
    may_pass_ = http_->may_pass();
    return std::move(response).error();
  }
  if (response.value().status != ok) {
    may_pass_ = response.value().status >= 500 || response.value().status == too_many;
    return Error{realm->authority + " gives no token for " + reference_.registry + ": it answers " +
                 std::to_string(response.value().status) + reason_of(response.value().body) +
                 (is_somebody_ ? "" : "; give credentials by `docker login` or [registry] credentials")};
  }
  const auto json = nlohmann::json::parse(response.value().body, nullptr, false);
  for (const char* key : {"token", "access_token"}) {
    if (!json.is_object() || !json.contains(key) || !json[key].is_string()) continue;
    const auto& token = json[key].get_ref<const std::string&>();
    if (is_visible(token) && token.size() <= most_token) return token;
  }
  return wrong(realm->authority + " answers without a token");
}

// ---- Content ----

Result<std::optional<RawDocument>> Session::document(const std::string& tag_or_digest) {
  const std::string what = reference_.repository + ":" + tag_or_digest;
  HttpRequest request;
  request.url = api("manifests/" + tag_or_digest);
  request.fields = {"Accept: " + accepted_documents()};
  request.most = max_document_bytes;
  auto sent = send(std::move(request));
  if (!sent.ok()) return std::move(sent).error();
  HttpResponse& response = sent.value();
  if (response.status == not_found) return std::optional<RawDocument>();
  if (response.status != ok) return refused(response, what);
  const Digest digest = Digest::of(response.body);
  auto wanted = Digest::parse(tag_or_digest);
  if (!wanted) wanted = Digest::parse(response.field("docker-content-digest"));
  if (wanted && digest != *wanted) {
    return wrong(reference_.registry + " gives a manifest of the digest " + digest.text() + " for " + wanted->text() +
                 ": it is not what was asked for");
  }
  const std::string type(response.field("content-type"));
  return std::optional(RawDocument{std::move(response.body), type, digest});
}

Result<Digest> Session::digest_of(const std::string& tag) {
  HttpRequest request;
  request.method = "HEAD";
  request.url = api("manifests/" + tag);
  request.fields = {"Accept: " + accepted_documents()};
  request.most = most_answer;
  auto sent = send(std::move(request));
  if (!sent.ok()) return std::move(sent).error();
  if (sent.value().status != ok) return refused(sent.value(), reference_.repository + ":" + tag);
  if (auto digest = Digest::parse(sent.value().field("docker-content-digest"))) return *digest;
  auto whole = document(tag);  // where the registry does not say it
  if (!whole.ok()) return std::move(whole).error();
  if (!whole.value()) return wrong(reference_.registry + " has no " + reference_.repository + ":" + tag);
  return whole.value()->digest;
}

Result<std::string> Session::blob(const Digest& digest, std::uint64_t size) {
  HttpRequest request;
  request.url = api("blobs/" + digest.text());
  request.most = static_cast<std::size_t>(size);
  auto sent = send(std::move(request));
  if (!sent.ok()) return std::move(sent).error();
  if (sent.value().status != ok) return refused(sent.value(), "the layer " + digest.text());
  std::string& content = sent.value().body;
  if (content.size() != size || Digest::of(content) != digest) {
    return wrong(reference_.registry + " gives other content than that of " + digest.text());
  }
  return std::move(content);
}

Result<> Session::put_blob(std::string_view content) {
  const Digest digest = Digest::of(content);
  HttpRequest asking;
  asking.method = "HEAD";
  asking.url = api("blobs/" + digest.text());
  asking.most = most_answer;
  auto there = send(std::move(asking));
  if (!there.ok()) return std::move(there).error();
  if (there.value().status == ok) return success();

  HttpRequest opening;
  opening.method = "POST";
  opening.url = api("blobs/uploads/");
  opening.most = most_answer;
  auto opened = send(std::move(opening));
  if (!opened.ok()) return std::move(opened).error();
  if (opened.value().status != accepted) return refused(opened.value(), "an upload to " + reference_.repository);
  const auto place = base_.resolve(opened.value().field("location"));
  if (!place || (base_.scheme == "https" && place->scheme != "https")) {
    return wrong(reference_.registry + " names no place for an upload that can be used");
  }
  HttpRequest sending;
  sending.method = "PUT";
  sending.url =
      place->text() + (place->target.find('?') == std::string::npos ? "?" : "&") + "digest=" + encoded(digest.text());
  sending.fields = {"Content-Type: application/octet-stream"};
  sending.body = content;
  sending.most = most_answer;
  auto put = send(std::move(sending));
  if (!put.ok()) return std::move(put).error();
  if (put.value().status != created) return refused(put.value(), "an upload to " + reference_.repository);
  return success();
}

Result<> Session::put_document(const std::string& tag_or_digest, std::string_view text, std::string_view media_type) {
  HttpRequest request;
  request.method = "PUT";
  request.url = api("manifests/" + tag_or_digest);
  request.fields = {"Content-Type: " + std::string(media_type)};
  request.body = text;
  request.most = most_answer;
  auto put = send(std::move(request));
  if (!put.ok()) return std::move(put).error();
  if (put.value().status != created) return refused(put.value(), reference_.repository + ":" + tag_or_digest);
  return success();
}

}  // namespace wasm_grpc::registry
