#include "client/outgoing/connector.h"

#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/ssl/context.hpp>
#include <utility>

#include "client/tls.h"

namespace wasm_grpc::client {

namespace {

/// How long an endpoint is waited for before the next is tried beside it ("Connection Attempt Delay").
constexpr std::chrono::milliseconds attempt_delay{250};

}  // namespace

Connector::Connector(asio::io_context& io, std::vector<Endpoint> endpoints, const TargetTlsOptions* tls,
                     std::string name, std::chrono::milliseconds timeout, Speaks speaks)
    : io_(io),
      endpoints_(interleave_families(endpoints)),
      tls_(tls),
      name_(std::move(name)),
      timeout_(timeout),
      speaks_(speaks),
      stagger_(io),
      limit_(io) {}

void Connector::start(Done done) {
  done_ = std::move(done);
  limit_.expires_after(timeout_);
  limit_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (error) return;
    self->finish(Error{"no connection within " + std::to_string(self->timeout_.count()) + " ms" +
                       (self->why_.empty() ? "" : " (" + self->why_ + ")")});
  });
  try_next();
}

void Connector::cancel() noexcept {
  done_ = nullptr;
  finish(Error{"cancelled"});
}

void Connector::try_next() {
  if (next_ == endpoints_.size()) return;
  auto attempt = std::make_shared<Attempt>(io_);
  attempt->endpoint = endpoints_[next_++];
  attempts_.push_back(attempt);
  attempt->socket.async_connect(attempt->endpoint, [self = shared_from_this(), attempt](const asio::error_code& error) {
    if (std::erase(self->attempts_, attempt) == 0) return;  // another was faster
    if (!error) return self->connected(attempt);
    self->failed(to_text(attempt->endpoint) + ": " + error.message());
  });
  if (next_ == endpoints_.size()) return;
  stagger_.expires_after(attempt_delay);
  stagger_.async_wait([self = shared_from_this()](const asio::error_code& error) {
    if (!error && self->done_ != nullptr) self->try_next();
  });
}

void Connector::failed(const std::string& why) {
  why_ += (why_.empty() ? "" : "; ") + why;
  if (next_ < endpoints_.size()) {
    stagger_.cancel();
    try_next();
  } else if (attempts_.empty()) {
    finish(Error{why_});
  }
}

void Connector::connected(const std::shared_ptr<Attempt>& attempt) {
  stagger_.cancel();
  asio::error_code ignored;
  for (const auto& slower : std::exchange(attempts_, {})) slower->socket.close(ignored);
  if (attempt->endpoint.protocol().family() != AF_UNIX) {
    attempt->socket.set_option(asio::ip::tcp::no_delay(true), ignored);
  }
  if (tls_ != nullptr) return start_tls(std::move(attempt->socket), attempt->endpoint);
  Transport transport;
  transport.socket = std::make_unique<Socket>(std::move(attempt->socket));
  finish(std::move(transport));
}

void Connector::start_tls(Socket socket, const Endpoint& endpoint) {
  auto context = make_tls_context({tls_->ca_file, tls_->certificate_file, tls_->key_file},
                                  {"the CA file", "the certificate", "the key"});
  if (!context.ok()) return finish(std::move(context).error());
  transport_.tls_context = std::make_shared<asio::ssl::context>(std::move(context).value());
  if (speaks_ != Speaks::http2) SSL_CTX_set_alpn_protos(transport_.tls_context->native_handle(), nullptr, 0);
  transport_.tls = std::make_unique<TlsStream>(std::move(socket), *transport_.tls_context);
  TlsStream& tls = *transport_.tls;
  if (speaks_ == Speaks::http1) offer_http1(tls.native_handle());
  if (speaks_ == Speaks::either) offer_http2_and_http1(tls.native_handle());
  ask_for_server(tls, name_);
  if (any_certificate_) {
    tls.set_verify_mode(asio::ssl::verify_none);
  } else {
    verify_server(tls, name_);
  }
  tls.async_handshake(asio::ssl::stream_base::client,
                      [self = shared_from_this(), where = to_text(endpoint)](const asio::error_code& error) {
                        if (self->done_ == nullptr) return;
                        SSL* const native = self->transport_.tls->native_handle();
                        if (error) return self->finish(Error{no_tls_with(where, error, native) + self->tls_advice_});
                        auto chosen = chose_http2(where, native);
                        self->transport_.chose_http2 = chosen.ok();
                        if (self->speaks_ == Speaks::http2 && !chosen.ok()) {
                          return self->finish(std::move(chosen).error());
                        }
                        self->finish(std::move(self->transport_));
                      });
}

void Connector::finish(Result<Transport> result) {
  asio::error_code ignored;
  stagger_.cancel();
  limit_.cancel();
  for (const auto& attempt : std::exchange(attempts_, {})) attempt->socket.close(ignored);
  if (!result.ok() && transport_.tls != nullptr) transport_.tls->next_layer().close(ignored);
  if (Done done = std::exchange(done_, nullptr)) done(std::move(result));
}

}  // namespace wasm_grpc::client
