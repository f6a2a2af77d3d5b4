#include "http1/bridge.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <ctime>
#include <new>
#include <stdexcept>

#include "http1/date.h"
#include "text/lower_case.h"

namespace wasm_grpc::http1 {

namespace {

// What a client may send ahead of its turn, or of a handler that reads slowly.
constexpr std::size_t high_water = std::size_t{64} << 10;
// A connection that does nothing keeps buffers of this size.
constexpr std::size_t kept_buffer = std::size_t{4} << 10;
constexpr std::string_view end_of_head = "\r\n\r\n";
constexpr std::string_view only_http2 = "HTTP/1.1 is not spoken at this address, but HTTP/2.";

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Those of one connection rather than of the message (RFC 9110, 7.6.1), and what the frames say in their own way.
bool is_hop_by_hop(std::string_view name) {
  static constexpr std::array<std::string_view, 10> names = {
      "connection",       "expect", "host",    "http2-settings",    "keep-alive",
      "proxy-connection", "te",     "trailer", "transfer-encoding", "upgrade"};
  return std::ranges::find(names, name) != names.end();
}

std::string_view phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "";  // RFC 9112, 4: it means nothing
  }
}

// What does not may be anything, HTTP/2 with a broken preface among them: an answer in HTTP/1.1 would be noise to it.
bool names_http(std::string_view head) {
  return head.substr(0, head.find('\n')).find(" HTTP/") != std::string_view::npos;
}

bool has_no_content(int status) { return status == 204 || status == 304; }

nghttp2_nv field(std::string_view name, std::string_view value) {
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));  // nghttp2 only reads it
  };
  return {bytes(name), bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

// ---- nghttp2 ----

struct Bridge::Callbacks {
  static Bridge& bridge(void* user_data) { return *static_cast<Bridge*>(user_data); }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    Bridge& self = bridge(user_data);
    if (frame->hd.stream_id != self.stream_ || self.answer_.begun) return 0;  // trailers are dropped
    const std::string_view key(reinterpret_cast<const char*>(name), name_size);
    const std::string_view text(reinterpret_cast<const char*>(value), value_size);
    if (key == ":status") {
      self.answer_.status = 0;
      std::from_chars(text.data(), text.data() + text.size(), self.answer_.status);
    } else if (!key.starts_with(':')) {
      if (key == "content-length") self.answer_.has_length = true;
      self.answer_.fields.append(key).append(": ").append(text).append("\r\n");
    }
    return 0;
  }

  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Bridge& self = bridge(user_data);
    if (frame->hd.type == NGHTTP2_GOAWAY) {
      self.leaving_ = true;
      // The server has waited for it long enough.
      if (frame->goaway.error_code != NGHTTP2_NO_ERROR && self.incomplete() != 0) {
        self.reject(408, "The head of the request took too long.");
      }
      if (self.stream_ == 0) self.over_ = true;
    } else if (frame->hd.type == NGHTTP2_HEADERS && frame->hd.stream_id == self.stream_ && self.answer_.status >= 200 &&
               !self.answer_.begun) {
      self.begin_answer((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0);
    }
    return 0;
  }

  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size,
                     void* user_data) {
    Bridge& self = bridge(user_data);
    if (stream != self.stream_ || size == 0) return 0;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    if (self.answer_.chunked) {
      std::array<char, 20> digits{};
      const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), size, 16).ptr;
      self.write({digits.data(), static_cast<std::size_t>(end - digits.data())});
      self.write("\r\n");
      self.write(text);
      self.write("\r\n");
    } else {
      self.write(text);
    }
    return 0;
  }

  static int on_close(nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user_data) {
    Bridge& self = bridge(user_data);
    if (stream == self.stream_) self.end_answer(error);
    return 0;
  }

  static ssize_t read_body(nghttp2_session*, std::int32_t, std::uint8_t* buffer, std::size_t length,
                           std::uint32_t* flags, nghttp2_data_source* source, void*) {
    return static_cast<Bridge*>(source->ptr)->give_body(buffer, length, flags);
  }

  static nghttp2_session* make(Bridge& self) {
    nghttp2_session_callbacks* callbacks = nullptr;
    if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
    nghttp2_session* session = nullptr;
    const int failed = nghttp2_session_client_new(&session, callbacks, &self);
    nghttp2_session_callbacks_del(callbacks);
    if (failed != 0) throw std::bad_alloc();
    return session;
  }
};

Bridge::Bridge(std::string_view scheme, std::size_t max_head, bool spoken)
    : scheme_(scheme), max_head_(max_head), spoken_(spoken), session_(Callbacks::make(*this)) {
  // What holds an answer back is the client's socket, not a window.
  constexpr std::int32_t window = 0x7fffffff;
  const std::array<nghttp2_settings_entry, 2> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0}, {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window}}};
  if (nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, settings.data(), settings.size()) != 0 ||
      nghttp2_session_set_local_window_size(session_.get(), NGHTTP2_FLAG_NONE, 0, window) != 0) {
    throw std::bad_alloc();
  }
}

Bridge::~Bridge() = default;

bool Bridge::has_frames() const noexcept {
  // Until a first request is there the server is not spoken to: it gives a new connection a limited time to open.
  return requests_ > 0 && nghttp2_session_want_write(session_.get()) != 0;
}

std::span<const std::byte> Bridge::next_frames() {
  if (requests_ == 0) return {};
  const std::uint8_t* data = nullptr;
  ssize_t size = nghttp2_session_mem_send(session_.get(), &data);
  // What has left has made room for more of the body.
  while (size == 0 && stream_ != 0 && take_body()) size = nghttp2_session_mem_send(session_.get(), &data);
  if (size < 0) over_ = true;
  return size > 0 ? std::as_bytes(std::span(data, static_cast<std::size_t>(size))) : std::span<const std::byte>();
}

void Bridge::take_frames(std::span<const std::byte> bytes) {
  const ssize_t taken =
      nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (taken < 0) over_ = true;
  go_on();  // with what waited behind an answer that has ended
}

// ---- From the client ----

bool Bridge::wants_input() const noexcept {
  return !over_ && input_.size() < high_water && body_.size() - body_given_ < high_water;
}

void Bridge::take(std::span<const std::byte> bytes) {
  if (over_) return;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  go_on();
}

void Bridge::shrink_when_idle() noexcept {
  if (stream_ != 0) return;
  body_.clear();
  body_given_ = 0;
  for (std::vector<std::byte>* const buffer : {&input_, &body_, &output_}) {
    if (buffer->empty() && buffer->capacity() > kept_buffer) std::vector<std::byte>().swap(*buffer);
  }
}

void Bridge::go_on() {
  while (!over_ && (stream_ == 0 ? take_head() : take_body())) {
  }
}

void Bridge::drop_input(std::size_t size) {
  input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(size));
  searched_ = 0;
  line_seen_ = false;
}

// True when a request has begun.
bool Bridge::take_head() {
  // A client may send empty lines after a body (RFC 9112, 2.2).
  std::size_t empty = 0;
  while (empty + 1 < input_.size() && text_of(input_).substr(empty, 2) == "\r\n") empty += 2;
  if (empty > 0) drop_input(empty);
  if (input_.empty()) return false;
  if (leaving_) {
    over_ = true;
    return false;
  }
  // A client may send it byte by byte: it is looked at when its end is there, or cannot come any more, and once when
  // its first line is, so that what is no HTTP is known soon.
  const std::string_view text = text_of(input_);
  const bool ends = text.find(end_of_head, searched_) != std::string_view::npos;
  const bool too_large = input_.size() > max_head_;
  const bool begins_well = text.front() > ' ' && text.front() <= '~';
  const bool new_line = !line_seen_ && text.find('\n', searched_) != std::string_view::npos;
  searched_ = input_.size() - std::min(input_.size(), end_of_head.size() - 1);
  if (!ends && !too_large && begins_well && !new_line) return false;
  line_seen_ = true;
  const Parse outcome = head_.parse(input_);
  if (requests_ == 0 && (outcome == Parse::malformed || outcome == Parse::wrong_version) && !names_http(text)) {
    hang_up("This is neither HTTP/2 nor HTTP/1.1.");
    return false;
  }
  switch (outcome) {
    case Parse::complete:
      break;
    case Parse::incomplete:
      if (input_.size() > max_head_) {
        reject(431, "The head of the request is larger than this server takes.");
      }
      return false;
    case Parse::malformed:
      reject(400, "The head of the request is not well-formed.");
      return false;
    case Parse::too_many_fields:
      reject(431, "The request has more header fields than this server takes.");
      return false;
    case Parse::wrong_version:
      reject(505, spoken_ ? "This server speaks HTTP/2 and HTTP/1.1." : only_http2);
      return false;
  }
  if (!spoken_) {
    reject(505, only_http2);
    return false;
  }
  if (head_.size() > max_head_) {
    reject(431, "The head of the request is larger than this server takes.");
    return false;
  }
  is_1_1_ = head_.is_http_1_1();
  is_head_ = head_.method() == "HEAD";
  Framing framing;
  if (const auto rejection = framing.read(head_)) {
    reject(rejection->status, rejection->reason);
    return false;
  }
  std::string authority;
  std::string path;
  if (const char* wrong = read_target(authority, path); wrong != nullptr) {
    reject(400, wrong);
    return false;
  }
  for (const auto& [name, value] : head_.fields()) {
    if (text::lower_case(name) != "content-type") continue;
    const std::string type = text::lower_case(value);
    if (type.starts_with("application/grpc") && !type.starts_with("application/grpc-web")) {
      reject(505, "gRPC needs HTTP/2.");
      return false;
    }
  }
  submit(framing, authority, path);
  drop_input(head_.size());
  return !over_;
}

// RFC 9112, 3.2. Returns what is wrong with it, or nullptr.
const char* Bridge::read_target(std::string& authority, std::string& path) const {
  for (const auto& [name, value] : head_.fields()) {
    if (text::lower_case(name) == "host") authority = value;
  }
  const std::string_view target = head_.target();
  if (head_.method() == "CONNECT") return "This server is no proxy.";
  if (target.starts_with('/')) {
    path = target;
  } else if (target == "*" && head_.method() == "OPTIONS") {
    path = target;
  } else {
    const auto scheme_end = target.find("://");
    const std::string scheme = text::lower_case(target.substr(0, scheme_end));
    if (scheme_end == std::string_view::npos || (scheme != "http" && scheme != "https")) {
      return "The target of the request is neither a path nor a URL.";
    }
    const std::string_view rest = target.substr(scheme_end + 3);
    const auto path_begins = rest.find_first_of("/?");
    authority = rest.substr(0, path_begins);  // comes before the host field
    path = path_begins == std::string_view::npos ? "/" : rest.substr(path_begins);
    if (path.starts_with('?')) path.insert(path.begin(), '/');
  }
  path.resize(std::min(path.size(), path.find('#')));
  return nullptr;
}

void Bridge::submit(const Framing& framing, const std::string& authority, const std::string& path) {
  std::vector<std::string> names;
  std::string listed;  // the fields that are of this connection alone
  for (const auto& [name, value] : head_.fields()) {
    names.push_back(text::lower_case(name));
    if (names.back() == "connection") listed.append(",").append(text::lower_case(value)).append(",");
  }
  std::erase_if(listed, [](char c) { return c == ' ' || c == '\t'; });
  std::vector<nghttp2_nv> fields = {field(":method", head_.method()), field(":scheme", scheme_),
                                    // A client of HTTP/1.0 need not say it, HTTP/2 has to.
                                    field(":authority", authority.empty() ? "localhost" : std::string_view(authority)),
                                    field(":path", path)};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (is_hop_by_hop(names[i]) || listed.find("," + names[i] + ",") != std::string::npos) continue;
    fields.push_back(field(names[i], head_.fields()[i].value));
  }
  reader_.begin(framing);
  body_.clear();
  body_given_ = 0;
  answer_ = {};
  keep_alive_ = framing.keep_alive;
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = Callbacks::read_body;
  const bool has_body = reader_.state() != BodyReader::State::ended;
  stream_ = nghttp2_submit_request(session_.get(), nullptr, fields.data(), fields.size(),
                                   has_body ? &provider : nullptr, nullptr);
  if (stream_ < 0) {
    stream_ = 0;
    reject(503, "This connection can serve no more requests.");
    return;
  }
  ++requests_;
  if (framing.expects_continue && has_body) write("HTTP/1.1 100 Continue\r\n\r\n");
}

// True when some of it was taken.
bool Bridge::take_body() {
  if (reader_.state() != BodyReader::State::more) return false;
  if (body_given_ == body_.size() || body_given_ > high_water) {
    body_.erase(body_.begin(), body_.begin() + static_cast<std::ptrdiff_t>(body_given_));
    body_given_ = 0;
  }
  std::size_t taken = 0;
  while (reader_.state() == BodyReader::State::more && body_.size() - body_given_ < high_water) {
    const auto step = reader_.take(std::span(input_).subspan(taken));
    body_.insert(body_.end(), step.data.begin(), step.data.end());
    if (step.taken == 0) break;
    taken += step.taken;
  }
  drop_input(taken);
  if (reader_.state() == BodyReader::State::malformed) {
    keep_alive_ = false;
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream_, NGHTTP2_CANCEL);
    stream_ = 0;
    if (answer_.begun) {
      over_ = true;
    } else {
      reject(400, "The body of the request is not well-formed.");
    }
    return false;
  }
  if (taken > 0 || reader_.state() == BodyReader::State::ended) nghttp2_session_resume_data(session_.get(), stream_);
  return taken > 0;
}

ssize_t Bridge::give_body(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags) {
  const std::size_t size = std::min(length, body_.size() - body_given_);
  if (size > 0) std::memcpy(buffer, body_.data() + body_given_, size);
  body_given_ += size;
  const bool all = body_given_ == body_.size();
  if (all && reader_.state() == BodyReader::State::ended) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (size == 0) {
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(size);
}

// ---- To the client ----

void Bridge::write(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  output_.insert(output_.end(), bytes.begin(), bytes.end());
}

void Bridge::hang_up(std::string_view reason) {
  complaint_ = reason;
  over_ = true;
}

// The bridge's own answer, and its last.
void Bridge::reject(int status, std::string_view reason) {
  hang_up(reason);
  write("HTTP/1.1 " + std::to_string(status) + " " + std::string(phrase(status)) +
        "\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: " + std::to_string(reason.size() + 1) +
        "\r\ndate: " + std::string(Date().text(std::time(nullptr))) + "\r\nconnection: close\r\n\r\n" +
        std::string(reason) + "\n");
}

void Bridge::begin_answer(bool has_body) {
  answer_.begun = true;
  // A client whose body is not wanted cannot be told where its next request would begin.
  if (leaving_ || (!has_body && reader_.state() == BodyReader::State::more)) keep_alive_ = false;
  const bool may_have_body = !is_head_ && !has_no_content(answer_.status);
  std::string head = "HTTP/1.1 " + std::to_string(answer_.status) + " " + std::string(phrase(answer_.status)) + "\r\n";
  head += answer_.fields;
  if (may_have_body && !answer_.has_length) {
    if (!has_body) {
      head += "content-length: 0\r\n";
    } else if (is_1_1_) {
      answer_.chunked = true;
      head += "transfer-encoding: chunked\r\n";
    } else {
      keep_alive_ = false;  // its end is that of the connection
    }
  }
  if (!keep_alive_) {
    head += "connection: close\r\n";
  } else if (!is_1_1_) {
    head += "connection: keep-alive\r\n";
  }
  write(head + "\r\n");
}

void Bridge::end_answer(std::uint32_t error) {
  stream_ = 0;
  if (!answer_.begun) {
    if (error == NGHTTP2_PROTOCOL_ERROR) {
      reject(400, "The fields of the request are not well-formed.");
      return;
    }
    reject(error == NGHTTP2_REFUSED_STREAM ? 503 : 500, "The server could not answer the request.");
    complaint_.clear();
    return;
  }
  if (error != NGHTTP2_NO_ERROR) {
    over_ = true;  // in the middle of the answer, which the client sees by its end
    return;
  }
  if (answer_.chunked) write("0\r\n\r\n");
  if (!keep_alive_ || leaving_ || reader_.state() == BodyReader::State::more) over_ = true;
}

}  // namespace wasm_grpc::http1
