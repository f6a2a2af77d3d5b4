#include "client.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace wasm_grpc::bench {
namespace {

constexpr std::int32_t stream_window = 4 * 1024 * 1024;
constexpr std::int32_t connection_window = 64 * 1024 * 1024;

Fd connect_to(const std::string& address) {
  const auto colon = address.rfind(':');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  std::uint16_t port = 0;
  if (colon == std::string::npos ||
      std::from_chars(address.data() + colon + 1, address.data() + address.size(), port).ec != std::errc() ||
      ::inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr) != 1)
    throw std::runtime_error("not an address: '" + address + "'; expected IPV4:PORT");
  to.sin_port = htons(port);
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0)
    throw std::runtime_error("cannot connect to " + address + ": " + std::strerror(errno));
  const int on = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket.get(), F_SETFL, O_NONBLOCK);
  return socket;
}

}  // namespace

void ClientCall::resume() {
  if (!waiting_) return;
  waiting_ = false;
  connection_->resume(*this);
}

std::string ClientCall::failure() const {
  if (http_status_ != "200") return "HTTP status '" + http_status_ + "'";
  if (grpc_status_ != "0") return "grpc-status '" + grpc_status_ + "'";
  if (reset_ != 0) return "reset with HTTP/2 error " + std::to_string(reset_);
  return {};
}

ClientConnection::ClientConnection(Fd socket, const std::string& authority)
    : Peer(std::move(socket)), authority_(authority) {
  nghttp2_session* session = nullptr;
  nghttp2_session_client_new(&session, callbacks(), this);
  start(session);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, connection_window);
}

const nghttp2_session_callbacks* ClientConnection::callbacks() {
  static const auto* const shared = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_header_callback(
        made, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_length,
                 const std::uint8_t* value, std::size_t value_length, std::uint8_t, void* user) {
          static_cast<ClientConnection*>(user)->on_header(frame->hd.stream_id,
                                                          {reinterpret_cast<const char*>(name), name_length},
                                                          {reinterpret_cast<const char*>(value), value_length});
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        made, [](nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* bytes, std::size_t length,
                 void* user) {
          if (ClientCall* call = static_cast<ClientConnection*>(user)->call(stream)) call->received({bytes, length});
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        made, [](nghttp2_session*, std::int32_t stream, std::uint32_t error, void* user) {
          static_cast<ClientConnection*>(user)->on_close(stream, error);
          return 0;
        });
    return made;
  }();
  return shared;
}

ClientCall* ClientConnection::call(std::int32_t stream) noexcept {
  return static_cast<ClientCall*>(nghttp2_session_get_stream_user_data(session(), stream));
}

bool ClientConnection::open(ClientCall& call, std::string_view path, std::string_view timeout) {
  nghttp2_nv fields[8] = {header(":method", "POST"),
                          header(":scheme", "http"),
                          header(":path", path),
                          header(":authority", authority_),
                          header("content-type", "application/grpc"),
                          header("te", "trailers")};
  std::size_t field_count = 6;
  if (!timeout.empty()) fields[field_count++] = header("grpc-timeout", timeout);
  if (call.takes_gzip()) fields[field_count++] = header("grpc-accept-encoding", "gzip");
  nghttp2_data_provider provider{};
  provider.source.ptr = &call;
  provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* room, std::size_t length,
                              std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
    auto& producer = *static_cast<ClientCall*>(source->ptr);
    bool ended = false;
    const std::size_t produced = producer.produce({room, length}, ended);
    if (ended) *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (produced > 0 || ended) return static_cast<ssize_t>(produced);
    producer.waiting_ = true;
    return NGHTTP2_ERR_DEFERRED;
  };
  call.connection_ = this;
  call.waiting_ = false;
  call.http_status_.clear();
  call.grpc_status_.clear();
  call.reset_ = 0;
  call.stream_ = nghttp2_submit_request(session(), nullptr, fields, field_count, &provider, &call);
  return call.open();
}

void ClientConnection::cancel(ClientCall& call) {
  nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, call.stream_, NGHTTP2_CANCEL);
}

void ClientConnection::resume(ClientCall& call) { nghttp2_session_resume_data(session(), call.stream_); }

void ClientConnection::on_header(std::int32_t stream, std::string_view name, std::string_view value) {
  ClientCall* of = call(stream);
  if (of == nullptr) return;
  if (name == ":status") of->http_status_ = value;
  if (name == "grpc-status") of->grpc_status_ = value;
}

void ClientConnection::on_close(std::int32_t stream, std::uint32_t error) {
  ClientCall* of = call(stream);
  if (of == nullptr) return;
  of->stream_ = 0;
  of->reset_ = error;
  of->closed();
}

Client::Client(std::string address, int connections)
    : address_(std::move(address)), epoll_(::epoll_create1(EPOLL_CLOEXEC)), buffer_(256 * 1024) {
  for (int i = 0; i < connections; ++i) {
    connections_.push_back(std::make_unique<ClientConnection>(connect_to(address_), address_));
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = connections_.size() - 1;
    ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connections_.back()->fd(), &event);
  }
  watched_for_writing_.resize(connections_.size());
}

Client::~Client() = default;

void Client::flush(std::size_t index) {
  ClientConnection& connection = *connections_[index];
  if (!connection.flush()) throw std::runtime_error("the server closed a connection");
  if (connection.blocked() == watched_for_writing_[index]) return;
  watched_for_writing_[index] = connection.blocked();
  epoll_event event{};
  event.events = connection.blocked() ? EPOLLIN | EPOLLOUT : EPOLLIN;
  event.data.u64 = index;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, connection.fd(), &event);
}

bool Client::run(Clock::time_point end, const std::function<bool()>& done) {
  for (std::size_t i = 0; i < connections_.size(); ++i) flush(i);
  epoll_event events[256];
  for (;;) {
    if (done()) return true;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
    if (left <= 0) return false;
    const int ready = ::epoll_wait(epoll_.get(), events, std::size(events), static_cast<int>(left));
    for (int i = 0; i < ready; ++i) {
      const auto index = static_cast<std::size_t>(events[i].data.u64);
      if ((events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0 && !connections_[index]->read(buffer_))
        throw std::runtime_error("the server closed a connection, or broke the protocol");
      flush(index);
    }
  }
}

}  // namespace wasm_grpc::bench
