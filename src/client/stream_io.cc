#include "client/stream_io.h"

#include <algorithm>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "client/endpoints.h"
#include "client/tls.h"

namespace wasm_grpc::client {

namespace {

std::string where(const Target& target) {
  return target.unix_socket ? "unix:" + target.host : target.host + ":" + target.port;
}

/// The addresses of a name. The system's resolver cannot be interrupted: it runs on a thread that is left behind when
/// it takes too long.
std::vector<Endpoint> resolve(const Target& target, std::chrono::steady_clock::time_point give_up,
                              asio::error_code& error) {
  struct Answer {
    std::mutex mutex;
    std::condition_variable is_there;
    bool done = false;
    std::vector<Endpoint> endpoints;
    asio::error_code error;
  };
  const auto answer = std::make_shared<Answer>();
  std::thread([answer, host = target.host, port = target.port] {
    asio::io_context io;
    asio::error_code failure;
    std::vector<Endpoint> endpoints;
    for (const auto& found : asio::ip::tcp::resolver(io).resolve(host, port, failure)) {
      endpoints.emplace_back(found.endpoint());
    }
    const std::lock_guard lock(answer->mutex);
    answer->endpoints = std::move(endpoints);
    answer->error = failure;
    answer->done = true;
    answer->is_there.notify_one();
  }).detach();
  std::unique_lock lock(answer->mutex);
  if (!answer->is_there.wait_until(lock, give_up, [&] { return answer->done; })) {
    error = asio::error::timed_out;
    return {};
  }
  error = answer->error;
  return interleave_families(answer->endpoints);
}

}  // namespace

Result<std::unique_ptr<StreamIo>> StreamIo::connect(asio::io_context& io, const Target& target,
                                                    const ChannelOptions& options) {
  std::unique_ptr<StreamIo> made(new StreamIo(io));
  made->give_up_ = std::chrono::steady_clock::now() + options.connect_timeout;
  if (auto opened = made->open(target); !opened.ok()) return std::move(opened).error();
  if (target.tls) {
    if (auto started = made->start_tls(target, options); !started.ok()) return std::move(started).error();
  }
  return made;
}

asio::error_code StreamIo::wait(const std::optional<asio::error_code>& error) {
  io_.restart();
  while (!error && io_.run_one_until(give_up_) > 0) {
  }
  if (error) return *error;
  asio::error_code ignored;
  socket_.close(ignored);
  io_.restart();
  io_.run();  // what was begun ends now, and must not outlive `error`
  return asio::error::timed_out;
}

Result<> StreamIo::open(const Target& target) {
  const auto failed = [&](const asio::error_code& error) {
    return Error{"cannot connect to " + where(target) + ": " + error.message()};
  };
  std::vector<Endpoint> endpoints;
  if (target.unix_socket) {
    if (target.host.size() >= 108) return Error{"cannot connect to " + where(target) + ": its path is too long"};
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(target.host));
  } else {
    asio::error_code error;
    endpoints = resolve(target, give_up_, error);
    if (error) return failed(error);
  }
  const asio::error_code error = race(endpoints);
  return error ? Result<>(failed(error)) : success();
}

/// RFC 8305: the next address is tried when one has failed, or has not answered in a while; the first that answers is
/// taken.
asio::error_code StreamIo::race(const std::vector<Endpoint>& endpoints) {
  constexpr std::chrono::milliseconds patience{250};  // "Connection Attempt Delay", section 8
  struct Attempt {
    explicit Attempt(asio::io_context& io) : socket(io) {}
    Socket socket;
    std::optional<asio::error_code> result;
  };
  std::vector<std::unique_ptr<Attempt>> attempts;
  std::size_t failures = 0;
  Attempt* winner = nullptr;
  asio::error_code error = asio::error::host_not_found;
  const auto begin_next = [&] {
    Attempt& attempt = *attempts.emplace_back(std::make_unique<Attempt>(io_));
    attempt.socket.async_connect(endpoints[attempts.size() - 1], [&](const asio::error_code& result) {
      attempt.result = result;
      if (!result && winner == nullptr) winner = &attempt;
      if (result) ++failures;
      if (result && result != asio::error::operation_aborted) error = result;
    });
  };
  auto next_at = std::chrono::steady_clock::now();
  io_.restart();
  while (winner == nullptr && failures < endpoints.size()) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= give_up_) {
      error = asio::error::timed_out;
      break;
    }
    const bool may_begin = attempts.size() < endpoints.size();
    if (may_begin && (now >= next_at || failures == attempts.size())) {
      begin_next();
      next_at = now + patience;
      continue;
    }
    if (io_.stopped()) io_.restart();
    io_.run_one_until(may_begin ? std::min(next_at, give_up_) : give_up_);
  }
  for (const auto& attempt : attempts) {
    asio::error_code ignored;
    if (attempt.get() != winner) attempt->socket.close(ignored);
  }
  io_.restart();
  io_.run();  // the handlers of those that were given up, which refer to them
  if (winner == nullptr) return error;
  socket_ = std::move(winner->socket);
  return {};
}

Result<> StreamIo::start_tls(const Target& target, const ChannelOptions& options) {
  auto context = make_tls_context({options.ca_file, options.certificate_file, options.key_file},
                                  {"--tls-ca", "--tls-cert", "--tls-key"});
  if (!context.ok()) return std::move(context).error();
  context_.emplace(std::move(context).value());
  tls_.emplace(socket_, *context_);
  std::string name = target.host;
  if (!options.authority.empty()) name = std::string(host_of_authority(options.authority));
  if (target.unix_socket && options.authority.empty()) name = target.authority;
  ask_for_server(*tls_, name);
  if (options.insecure_skip_verify) {
    tls_->set_verify_mode(asio::ssl::verify_none);
  } else {
    verify_server(*tls_, name);
  }
  std::optional<asio::error_code> done;
  tls_->async_handshake(asio::ssl::stream_base::client, [&done](const asio::error_code& result) { done = result; });
  if (const auto error = wait(done)) {
    return Error{no_tls_with(where(target), error, tls_->native_handle()) +
                 "; --tls-ca names who signs its certificate, and without TLS there it is http://"};
  }
  return chose_http2(where(target), tls_->native_handle());
}

void StreamIo::read(asio::mutable_buffer buffer, Handler handler) {
  if (tls_) {
    tls_->async_read_some(buffer, std::move(handler));
  } else {
    socket_.async_read_some(buffer, std::move(handler));
  }
}

void StreamIo::write(asio::const_buffer buffer, Handler handler) {
  if (tls_) {
    asio::async_write(*tls_, asio::buffer(buffer), std::move(handler));
  } else {
    asio::async_write(socket_, asio::buffer(buffer), std::move(handler));
  }
}

}  // namespace wasm_grpc::client
