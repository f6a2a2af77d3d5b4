#include "registry/http/http_client.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "registry/http/libcurl.h"
#include "registry/http/url.h"

namespace wasm_grpc::registry {

namespace {

constexpr long connect_timeout_ms = 10'000;
// Slower than this for so long is as good as silent.
constexpr long least_bytes_a_second = 512;
constexpr long slow_seconds = 30;

/// An answer as it comes.
struct Arriving {
  HttpResponse response;
  std::size_t head_bytes = 0;
  std::size_t most = 0;
  bool too_large = false;
  bool head_too_large = false;
  const std::stop_token& stop;
};

std::size_t take_field(char* data, std::size_t size, std::size_t count, void* user) {
  auto& arriving = *static_cast<Arriving*>(user);
  std::string_view line(data, size * count);
  const std::size_t whole = line.size();
  arriving.head_bytes += whole;
  if (arriving.head_bytes > max_head_bytes) {
    arriving.head_too_large = true;
    return 0;
  }
  if (line.starts_with("HTTP/")) {
    arriving.response.fields.clear();  // the one before was an interim one
    return whole;
  }
  while (!line.empty() && (line.back() == '\r' || line.back() == '\n' || line.back() == ' ')) line.remove_suffix(1);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return whole;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  std::string_view value = line.substr(colon + 1);
  value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
  arriving.response.fields.emplace_back(std::move(name), value);
  return whole;
}

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& arriving = *static_cast<Arriving*>(user);
  const std::size_t whole = size * count;
  if (whole > arriving.most - arriving.response.body.size()) {
    arriving.too_large = true;
    return 0;
  }
  arriving.response.body.append(data, whole);
  return whole;
}

/// Called some times a second, and once a second where nothing comes.
int look_up(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Arriving*>(user)->stop.stop_requested() ? 1 : 0;
}

/// Whether another try may fare better.
bool passes(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_PROXY:
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_CONNECT:
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_HTTP2:
    case CURLE_HTTP2_STREAM:
      return true;
    default:
      return false;
  }
}

class CurlClient final : public HttpClient {
 public:
  CurlClient(const Libcurl& curl, CURL* handle, HttpOptions options)
      : curl_(curl), handle_(handle, curl.easy_cleanup), options_(std::move(options)) {}

  Result<HttpResponse> send(const HttpRequest& request) override {
    const auto url = Url::parse(request.url);
    if (!url) return failed(false, "a URL is none: it is not http or https, or has characters that none has");
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(options_.deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return failed(true, url->authority + " was not done in time");

    Arriving arriving{{}, 0, request.most, false, false, options_.stop};
    std::array<char, CURL_ERROR_SIZE> reason{};
    curl_slist* list = nullptr;
    for (const std::string& field : request.fields) list = curl_.slist_append(list, field.c_str());
    // A large body is sent without asking first whether it is welcome.
    list = curl_.slist_append(list, "Expect:");
    const std::unique_ptr<curl_slist, decltype(curl_.slist_free_all)> fields(list, curl_.slist_free_all);
    prepare(request, arriving, reason.data(), list, static_cast<long>(std::max<std::int64_t>(left.count(), 1)));

    const CURLcode code = curl_.easy_perform(handle_.get());
    if (code == CURLE_OK) {
      curl_.easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &arriving.response.status);
      return std::move(arriving.response);
    }
    if (arriving.too_large) {
      return failed(
          false, url->authority + " sends more than the " + std::to_string(request.most) + " bytes that were expected");
    }
    if (arriving.head_too_large) {
      return failed(false, url->authority + " sends more than " + std::to_string(max_head_bytes) + " bytes of fields");
    }
    if (options_.stop.stop_requested()) return failed(true, "it was interrupted");
    const std::string why = reason[0] != '\0' ? reason.data() : curl_.easy_strerror(code);
    return failed(passes(code), url->authority + ": " + why);
  }

  bool may_pass() const noexcept override { return may_pass_; }

 private:
  Error failed(bool may_pass, std::string message) {
    may_pass_ = may_pass;
    return Error{std::move(message)};
  }

  template <typename Value>
  void set(CURLoption option, Value value) {
    curl_.easy_setopt(handle_.get(), option, value);
  }

  void prepare(const HttpRequest& request, Arriving& arriving, char* reason, curl_slist* fields, long timeout_ms) {
    curl_.easy_reset(handle_.get());  // connections stay
    set(CURLOPT_ERRORBUFFER, reason);
    set(CURLOPT_URL, request.url.c_str());
    set(CURLOPT_PROTOCOLS, static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_FOLLOWLOCATION, 0L);
    set(CURLOPT_USERAGENT, "wasm-grpc");
    set(CURLOPT_HTTPHEADER, fields);
    set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    if (!options_.ca_file.empty()) set(CURLOPT_CAINFO, options_.ca_file.c_str());
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(CURLOPT_CONNECTTIMEOUT_MS, std::min(connect_timeout_ms, timeout_ms));
    set(CURLOPT_TIMEOUT_MS, timeout_ms);
    set(CURLOPT_LOW_SPEED_LIMIT, least_bytes_a_second);
    set(CURLOPT_LOW_SPEED_TIME, slow_seconds);
    set(CURLOPT_HEADERFUNCTION, &take_field);
    set(CURLOPT_HEADERDATA, &arriving);
    set(CURLOPT_WRITEFUNCTION, &take_body);
    set(CURLOPT_WRITEDATA, &arriving);
    set(CURLOPT_XFERINFOFUNCTION, &look_up);
    set(CURLOPT_XFERINFODATA, &arriving);
    set(CURLOPT_NOPROGRESS, 0L);
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
    } else if (request.method != "GET") {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
      set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
    }
  }

  const Libcurl& curl_;
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> handle_;
  const HttpOptions options_;
  bool may_pass_ = false;
};

}  // namespace

std::string_view HttpResponse::field(std::string_view name) const {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return {};
}

std::vector<std::string> HttpResponse::all(std::string_view name) const {
  std::vector<std::string> values;
  for (const auto& [key, value] : fields) {
    if (key == name) values.push_back(value);
  }
  return values;
}

Result<std::unique_ptr<HttpClient>> HttpClient::create(HttpOptions options) {
  auto curl = Libcurl::get();
  if (!curl.ok()) return std::move(curl).error();
  CURL* handle = curl.value()->easy_init();
  if (handle == nullptr) return Error{"libcurl has no memory"};
  return std::unique_ptr<HttpClient>(new CurlClient(*curl.value(), handle, std::move(options)));
}

}  // namespace wasm_grpc::registry
