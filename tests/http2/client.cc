#include "client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "rpc/percent.h"

namespace wasm_grpc::http2 {

namespace {

constexpr std::chrono::seconds patience{20};

nghttp2_nv field(const std::string& name, const std::string& value) {
  return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
          reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
          NGHTTP2_NV_FLAG_NONE};
}

}  // namespace

std::string framed(std::string_view message) {
  const auto size = message.size();
  std::string out = {0, static_cast<char>(size >> 24), static_cast<char>(size >> 16), static_cast<char>(size >> 8),
                     static_cast<char>(size)};
  return out.append(message);
}

std::string Reply::field(std::string_view name) const {
  for (const Fields* fields : {&headers, &trailers}) {
    for (const auto& [key, value] : *fields) {
      if (key == name) return value;
    }
  }
  return "";
}

std::vector<std::string> Reply::messages() const {
  std::vector<std::string> out;
  std::string_view rest = body;
  while (rest.size() >= 5) {
    std::size_t size = 0;
    for (std::size_t i = 1; i < 5; ++i) size = size * 256 + static_cast<unsigned char>(rest[i]);
    if (rest.size() < 5 + size) break;
    out.emplace_back(rest.substr(5, size));
    rest.remove_prefix(5 + size);
  }
  return out;
}

int Reply::status() const {
  const std::string text = field("grpc-status");
  return text.empty() ? -1 : std::atoi(text.c_str());
}

std::string Reply::message() const { return rpc::percent_decode(field("grpc-message")); }

Client::Client(std::uint16_t port, Options options) : options_(std::move(options)) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  }
  const int on = 1;
  ::setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  ::fcntl(socket_, F_SETFL, O_NONBLOCK);

  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
  nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
  nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
  nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, on_close);
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_auto_ping_ack(option, options_.acknowledge_pings ? 0 : 1);
  nghttp2_session_client_new2(&session_, callbacks, this, option);
  nghttp2_option_del(option);
  nghttp2_session_callbacks_del(callbacks);
  const nghttp2_settings_entry settings[] = {
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(options_.stream_window)}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, 1);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 16 * 1024 * 1024);
}

Client::~Client() {
  nghttp2_session_del(session_);
  drop();
}

void Client::drop() {
  if (socket_ >= 0) ::close(socket_);
  socket_ = -1;
  ended_ = true;
}

std::int32_t Client::open(std::string_view path, const Fields& extra, bool end) {
  Fields fields = {{":method", "POST"},
                   {":scheme", "http"},
                   {":path", std::string(path)},
                   {":authority", "test"},
                   {"content-type", "application/grpc"},
                   {"te", "trailers"}};
  for (const auto& [name, value] : extra) {
    const auto found = std::find_if(fields.begin(), fields.end(), [&](const auto& pair) { return pair.first == name; });
    if (found == fields.end() || (name.front() != ':' && name != "content-type" && name != "te")) {
      fields.emplace_back(name, value);
    } else if (value.empty()) {
      fields.erase(found);
    } else {
      found->second = value;
    }
  }
  std::vector<nghttp2_nv> block;
  for (const auto& [name, value] : fields) block.push_back(field(name, value));
  nghttp2_data_provider provider{};
  provider.read_callback = read_output;
  const std::int32_t id =
      nghttp2_submit_request(session_, nullptr, block.data(), block.size(), end ? nullptr : &provider, nullptr);
  if (id < 0) throw std::runtime_error(nghttp2_strerror(id));
  return id;
}

void Client::send(std::int32_t id, std::string_view message, bool end) { send_raw(id, framed(message), end); }

void Client::send_raw(std::int32_t id, std::string_view bytes, bool end) {
  Output& output = outputs_[id];
  output.bytes.append(bytes);
  output.end = output.end || end;
  if (output.deferred) {
    output.deferred = false;
    nghttp2_session_resume_data(session_, id);
  }
}

void Client::reset(std::int32_t id, std::uint32_t code) {
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, code);
}

void Client::consume(std::int32_t id) {
  nghttp2_session_consume_stream(session_, id, std::exchange(unconsumed_[id], 0));
}

void Client::ping() { nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, nullptr); }

const Reply& Client::call(std::string_view path, std::string_view message, const Fields& extra) {
  const std::int32_t id = open(path, extra);
  send(id, message, true);
  if (!run_until_closed(id)) throw std::runtime_error("no answer to " + std::string(path));
  return replies_[id];
}

bool Client::run_until(const std::function<bool()>& condition) {
  const auto give_up = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > give_up) return false;
    if (ended_) return condition();
    pump(10);
  }
  return true;
}

void Client::run_for(std::chrono::milliseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  while (!ended_ && std::chrono::steady_clock::now() < until) pump(5);
}

void Client::write() {
  for (;;) {
    while (!pending_.empty()) {
      const std::size_t size = options_.one_byte_at_a_time ? 1 : pending_.size();
      const ssize_t sent = ::send(socket_, pending_.data(), size, MSG_NOSIGNAL);
      if (sent < 0) {
        if (errno != EAGAIN) ended_ = true;
        return;
      }
      pending_.erase(0, static_cast<std::size_t>(sent));
    }
    pending_ = next_output();
    if (pending_.empty()) return;
  }
}

std::string Client::next_output() {
  while (true) {
    const std::uint8_t* data = nullptr;
    const ssize_t size = nghttp2_session_mem_send(session_, &data);
    const std::string_view said(reinterpret_cast<const char*>(data), size > 0 ? static_cast<std::size_t>(size) : 0);
    std::string output = options_.layer ? options_.layer->encode(said) : std::string(said);
    if (!output.empty() || said.empty()) return output;
  }
}

bool Client::take_input(std::string_view bytes) {
  const std::string decoded = options_.layer ? options_.layer->decode(bytes) : std::string(bytes);
  return nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(decoded.data()), decoded.size()) >= 0;
}

void Client::pump(int wait_milliseconds) {
  write();
  if (ended_) return;
  pollfd poll{socket_, static_cast<short>(pending_.empty() ? POLLIN : POLLIN | POLLOUT), 0};
  if (::poll(&poll, 1, wait_milliseconds) <= 0 || (poll.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
  char buffer[64 * 1024];
  const ssize_t size = ::recv(socket_, buffer, sizeof(buffer), 0);
  if (size == 0 || (size < 0 && errno != EAGAIN)) {
    ended_ = true;
  } else if (size > 0 && !take_input({buffer, static_cast<std::size_t>(size)})) {
    ended_ = true;
  }
  if (!ended_) write();
}

int Client::on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                      const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
  Reply& reply = static_cast<Client*>(user_data)->replies_[frame->hd.stream_id];
  Fields& fields = reply.header_blocks == 0 ? reply.headers : reply.trailers;
  fields.emplace_back(std::string(reinterpret_cast<const char*>(name), name_size),
                      std::string(reinterpret_cast<const char*>(value), value_size));
  return 0;
}

int Client::on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
  auto& client = *static_cast<Client*>(user_data);
  switch (frame->hd.type) {
    case NGHTTP2_HEADERS:
      ++client.replies_[frame->hd.stream_id].header_blocks;
      [[fallthrough]];
    case NGHTTP2_DATA:
      if ((frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0) client.replies_[frame->hd.stream_id].ended = true;
      break;
    case NGHTTP2_RST_STREAM:
      client.replies_[frame->hd.stream_id].reset_code = frame->rst_stream.error_code;
      break;
    case NGHTTP2_GOAWAY:
      client.goaways_.emplace_back(frame->goaway.error_code, frame->goaway.last_stream_id);
      break;
    case NGHTTP2_PING:
      if ((frame->hd.flags & NGHTTP2_FLAG_ACK) != 0) ++client.pongs_;
      break;
    default:
      break;
  }
  return 0;
}

int Client::on_data(nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
                    void* user_data) {
  auto& client = *static_cast<Client*>(user_data);
  client.replies_[id].body.append(reinterpret_cast<const char*>(data), size);
  nghttp2_session_consume_connection(session, size);
  if (client.options_.consume) {
    nghttp2_session_consume_stream(session, id, size);
  } else {
    client.unconsumed_[id] += size;
  }
  return 0;
}

int Client::on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user_data) {
  static_cast<Client*>(user_data)->replies_[id].closed = true;
  return 0;
}

ssize_t Client::read_output(nghttp2_session*, std::int32_t id, std::uint8_t* buffer, std::size_t length,
                            std::uint32_t* flags, nghttp2_data_source*, void* user_data) {
  Output& output = static_cast<Client*>(user_data)->outputs_[id];
  const std::size_t size = std::min(length, output.bytes.size());
  std::memcpy(buffer, output.bytes.data(), size);
  output.bytes.erase(0, size);
  if (output.bytes.empty() && output.end) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
  } else if (size == 0) {
    output.deferred = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  return static_cast<ssize_t>(size);
}

}  // namespace wasm_grpc::http2
