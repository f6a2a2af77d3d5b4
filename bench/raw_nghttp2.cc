// The yardstick: the least a server can do to answer the benchmark's calls over nghttp2. One thread, epoll, no
// framework, no deadlines, no limits, no sandbox. It keeps no bound on what a client that does not read makes it hold,
// so it is a measure, not a server to use.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "echo_messages.h"
#include "peer.h"

namespace wasm_grpc::bench {
namespace {

constexpr std::int32_t stream_window = 4 * 1024 * 1024;
constexpr std::int32_t connection_window = 64 * 1024 * 1024;
constexpr std::uint32_t max_message = 4 * 1024 * 1024;
constexpr std::size_t stream_high_water = 64 * 1024;

enum class Method : std::uint8_t { unknown, unary, client_stream, server_stream, bidi_stream };

Method method_of(std::string_view path) noexcept {
  if (path == "/echo.Echo/Unary") return Method::unary;
  if (path == "/echo.Echo/ClientStream") return Method::client_stream;
  if (path == "/echo.Echo/ServerStream") return Method::server_stream;
  if (path == "/echo.Echo/BidiStream") return Method::bidi_stream;
  return Method::unknown;
}

// The answer to a client stream: one message with the payloads of all.
std::optional<Bytes> concatenate(ByteView stream) {
  Bytes payloads;
  while (const auto first = first_framed(stream)) {
    const auto payload = parse_payload(first->message);
    if (!payload) return std::nullopt;
    payloads.insert(payloads.end(), payload->begin(), payload->end());
    stream = stream.subspan(first->framed_size);
  }
  return stream.empty() ? std::optional(message(payloads)) : std::nullopt;
}

struct Stream {
  Method method = Method::unknown;
  bool ended = false;      // the request has
  bool responded = false;  // the response headers are on their way
  bool waiting = false;    // the data provider has nothing to send until resumed
  Bytes in;
  Bytes out;
  std::size_t sent = 0;  // of `out`
  Bytes repeated;        // server stream: the reply, framed
  std::uint64_t repeats = 0;

  void reset() noexcept {
    method = Method::unknown;
    ended = responded = waiting = false;
    in.clear();
    out.clear();
    sent = 0;
    repeats = 0;
  }

  [[nodiscard]] std::size_t unsent() const noexcept { return out.size() - sent; }

  // Keeps a server stream's output between nothing and the high-water mark.
  void refill() {
    if (repeats == 0 || unsent() >= stream_high_water / 2) return;
    out.erase(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(sent));
    sent = 0;
    for (; repeats > 0 && out.size() < stream_high_water; --repeats)
      out.insert(out.end(), repeated.begin(), repeated.end());
  }
};

class Connection final : public Peer {
 public:
  explicit Connection(Fd socket);

 private:
  static Connection& self(void* user_data) noexcept { return *static_cast<Connection*>(user_data); }
  [[nodiscard]] Stream* stream(std::int32_t id) noexcept {
    return static_cast<Stream*>(nghttp2_session_get_stream_user_data(session(), id));
  }

  int begin_headers(std::int32_t id);
  int data(std::int32_t id, ByteView bytes);
  int request_ended(std::int32_t id);
  void echo_complete_messages(Stream& stream);
  int respond(std::int32_t id, Stream& stream);
  int refuse(std::int32_t id, std::uint32_t error);
  ssize_t produce(std::int32_t id, Stream& stream, std::size_t room, std::uint32_t& flags);
  int send_data(const nghttp2_frame& frame, const std::uint8_t* frame_header, std::size_t length, Stream& stream);
  void close(std::int32_t id);

  static const nghttp2_session_callbacks* callbacks();

  std::unordered_map<std::int32_t, std::unique_ptr<Stream>> streams_;
  std::vector<std::unique_ptr<Stream>> spare_;
};

Connection::Connection(Fd socket) : Peer(std::move(socket)) {
  nghttp2_session* session = nullptr;
  nghttp2_session_server_new(&session, callbacks(), static_cast<void*>(static_cast<Connection*>(this)));
  start(session);
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 20'000},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, stream_window}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, connection_window);
}

const nghttp2_session_callbacks* Connection::callbacks() {
  static const auto* const shared = [] {
    nghttp2_session_callbacks* made = nullptr;
    nghttp2_session_callbacks_new(&made);
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        made, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          return frame->headers.cat == NGHTTP2_HCAT_REQUEST ? self(user).begin_headers(frame->hd.stream_id) : 0;
        });
    nghttp2_session_callbacks_set_on_header_callback(
        made, [](nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_length,
                 const std::uint8_t* value, std::size_t value_length, std::uint8_t, void* user) {
          if (std::string_view(reinterpret_cast<const char*>(name), name_length) == ":path")
            if (Stream* stream = self(user).stream(frame->hd.stream_id))
              stream->method = method_of({reinterpret_cast<const char*>(value), value_length});
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        made, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t length,
                 void* user) { return self(user).data(id, {bytes, length}); });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        made, [](nghttp2_session*, const nghttp2_frame* frame, void* user) {
          const bool of_request = frame->hd.type == NGHTTP2_DATA || frame->hd.type == NGHTTP2_HEADERS;
          const bool last = of_request && (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
          return last ? self(user).request_ended(frame->hd.stream_id) : 0;
        });
    nghttp2_session_callbacks_set_send_data_callback(
        made, [](nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* frame_header, std::size_t length,
                 nghttp2_data_source* source, void* user) {
          return self(user).send_data(*frame, frame_header, length, *static_cast<Stream*>(source->ptr));
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        made, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
          self(user).close(id);
          return 0;
        });
    return made;
  }();
  return shared;
}

int Connection::begin_headers(std::int32_t id) {
  std::unique_ptr<Stream> made;
  if (spare_.empty()) {
    made = std::make_unique<Stream>();
  } else {
    made = std::move(spare_.back());
    spare_.pop_back();
    made->reset();
  }
  nghttp2_session_set_stream_user_data(session(), id, made.get());
  streams_.emplace(id, std::move(made));
  return 0;
}

void Connection::close(std::int32_t id) {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  spare_.push_back(std::move(found->second));
  streams_.erase(found);
}

int Connection::data(std::int32_t id, ByteView bytes) {
  Stream* stream = this->stream(id);
  if (stream == nullptr) return 0;
  stream->in.insert(stream->in.end(), bytes.begin(), bytes.end());
  if (stream->method == Method::bidi_stream) {
    echo_complete_messages(*stream);
    return respond(id, *stream);
  }
  return stream->in.size() <= max_message + 5 ? 0 : refuse(id, NGHTTP2_ENHANCE_YOUR_CALM);
}

void Connection::echo_complete_messages(Stream& stream) {
  std::size_t end = 0;
  while (const auto first = first_framed(ByteView(stream.in).subspan(end))) end += first->framed_size;
  if (stream.unsent() == 0) {
    stream.out.clear();
    stream.sent = 0;
  }
  const auto complete = stream.in.begin() + static_cast<std::ptrdiff_t>(end);
  stream.out.insert(stream.out.end(), stream.in.begin(), complete);
  stream.in.erase(stream.in.begin(), complete);
}

int Connection::request_ended(std::int32_t id) {
  Stream* stream = this->stream(id);
  if (stream == nullptr) return 0;
  stream->ended = true;
  if (stream->method == Method::unknown) {
    static const nghttp2_nv fields[] = {header(":status", "200"), header("content-type", "application/grpc"),
                                        header("grpc-status", "12"), header("grpc-message", "unknown method")};
    return nghttp2_submit_response(session(), id, fields, std::size(fields), nullptr);
  }
  if (stream->method == Method::bidi_stream)
    return stream->in.empty() ? respond(id, *stream) : refuse(id, NGHTTP2_PROTOCOL_ERROR);
  if (stream->method == Method::client_stream) {
    const auto reply = concatenate(stream->in);
    if (!reply) return refuse(id, NGHTTP2_PROTOCOL_ERROR);
    append_framed(stream->out, *reply);
    return respond(id, *stream);
  }
  const auto request = first_framed(stream->in);
  if (!request || request->framed_size != stream->in.size() || stream->in[0] != 0)
    return refuse(id, NGHTTP2_PROTOCOL_ERROR);
  if (stream->method == Method::unary) {
    stream->out.swap(stream->in);  // prefix and message go back as they came
    return respond(id, *stream);
  }
  const auto repeat = parse_repeat(request->message);
  if (!repeat) return refuse(id, NGHTTP2_PROTOCOL_ERROR);
  stream->repeated.clear();
  append_framed(stream->repeated, message(repeat->payload));
  stream->repeats = repeat->count;
  return respond(id, *stream);
}

int Connection::refuse(std::int32_t id, std::uint32_t error) {
  return nghttp2_submit_rst_stream(session(), NGHTTP2_FLAG_NONE, id, error);
}

int Connection::respond(std::int32_t id, Stream& stream) {
  if (stream.responded) {
    if (!stream.waiting) return 0;
    stream.waiting = false;
    return nghttp2_session_resume_data(session(), id);
  }
  stream.responded = true;
  static const nghttp2_nv fields[] = {header(":status", "200"), header("content-type", "application/grpc")};
  nghttp2_data_provider provider{};
  provider.source.ptr = &stream;
  provider.read_callback = [](nghttp2_session*, std::int32_t stream_id, std::uint8_t*, std::size_t room,
                              std::uint32_t* flags, nghttp2_data_source* source, void* user) {
    return self(user).produce(stream_id, *static_cast<Stream*>(source->ptr), room, *flags);
  };
  return nghttp2_submit_response(session(), id, fields, std::size(fields), &provider);
}

ssize_t Connection::produce(std::int32_t id, Stream& stream, std::size_t room, std::uint32_t& flags) {
  stream.refill();
  const std::size_t length = std::min(room, stream.unsent());
  const bool last = stream.ended && stream.repeats == 0 && length == stream.unsent();
  if (length == 0 && !last) {
    stream.waiting = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (last) {
    static const nghttp2_nv trailers[] = {header("grpc-status", "0")};
    flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
    nghttp2_submit_trailer(session(), id, trailers, std::size(trailers));
  }
  return static_cast<ssize_t>(length);
}

int Connection::send_data(const nghttp2_frame&, const std::uint8_t* frame_header, std::size_t length, Stream& stream) {
  if (output_full()) return NGHTTP2_ERR_WOULDBLOCK;
  output({frame_header, 9});
  output(std::span(stream.out).subspan(stream.sent, length));
  stream.sent += length;
  return 0;
}

[[nodiscard]] Fd listen_on(const sockaddr_in& address) {
  Fd listener(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int on = 1;
  ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const bool listening = ::bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                         ::listen(listener.get(), 1024) == 0;
  return listening ? std::move(listener) : Fd();
}

class Server {
 public:
  explicit Server(Fd listener) : listener_(std::move(listener)), epoll_(::epoll_create1(EPOLL_CLOEXEC)) {
    watch(EPOLL_CTL_ADD, listener_.get(), EPOLLIN, nullptr);
  }

  [[noreturn]] void run() {
    epoll_event events[256];
    for (;;) {
      const int ready = ::epoll_wait(epoll_.get(), events, std::size(events), -1);
      for (int i = 0; i < ready; ++i) {
        if (events[i].data.ptr == nullptr) {
          accept_all();
        } else {
          serve(*static_cast<Connection*>(events[i].data.ptr), events[i].events);
        }
      }
    }
  }

 private:
  void watch(int operation, int fd, std::uint32_t events, Connection* connection) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = connection;
    ::epoll_ctl(epoll_.get(), operation, fd, &event);
  }

  void accept_all() {
    for (;;) {
      Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
      if (socket.get() < 0) return;
      const int on = 1;
      ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      const int fd = socket.get();
      auto connection = std::make_unique<Connection>(std::move(socket));
      watch(EPOLL_CTL_ADD, fd, EPOLLIN, connection.get());
      Connection& accepted = *connection;
      connections_[fd] = std::move(connection);
      serve(accepted, 0);
    }
  }

  // While the socket takes no more nothing is read, so that a slow reader is not answered further.
  void serve(Connection& connection, std::uint32_t events) {
    const bool was_blocked = connection.blocked();
    const bool readable = (events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0;
    const bool alive = (was_blocked || !readable || connection.read(buffer_)) && connection.flush();
    if (!alive) {
      connections_.erase(connection.fd());
    } else if (connection.blocked() != was_blocked) {
      watch(EPOLL_CTL_MOD, connection.fd(), connection.blocked() ? EPOLLOUT : EPOLLIN, &connection);
    }
  }

  Fd listener_;
  Fd epoll_;
  std::unordered_map<int, std::unique_ptr<Connection>> connections_;
  Bytes buffer_ = Bytes(128 * 1024);
};

[[nodiscard]] std::optional<sockaddr_in> parse_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  sockaddr_in address{};
  address.sin_family = AF_INET;
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data() + colon + 1, text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  address.sin_port = htons(port);
  if (::inet_pton(AF_INET, std::string(text.substr(0, colon)).c_str(), &address.sin_addr) != 1) return std::nullopt;
  return address;
}

int run(std::span<char*> arguments) {
  if (arguments.size() == 2 && std::string_view(arguments[1]) == "--version") {
    std::printf("nghttp2 %s\n", nghttp2_version(0)->version_str);
    return 0;
  }
  const auto address = arguments.size() == 3 && std::string_view(arguments[1]) == "--listen"
                           ? parse_address(arguments[2])
                           : std::nullopt;
  if (!address) {
    std::fprintf(stderr, "usage: %s --listen IPV4:PORT | --version\n", arguments[0]);
    return 2;
  }
  Fd listener = listen_on(*address);
  if (listener.get() < 0) {
    std::fprintf(stderr, "raw_nghttp2: cannot listen on %s: %s\n", arguments[2], std::strerror(errno));
    return 1;
  }
  sockaddr_in bound{};
  socklen_t size = sizeof bound;
  ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  char text[INET_ADDRSTRLEN];
  std::printf("listening on %s:%u\n", ::inet_ntop(AF_INET, &bound.sin_addr, text, sizeof text), ntohs(bound.sin_port));
  std::fflush(stdout);
  Server(std::move(listener)).run();
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) { return wasm_grpc::bench::run({argv, static_cast<std::size_t>(argc)}); }
