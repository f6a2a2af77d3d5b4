#include "client/outgoing/connector.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/post.hpp>
#include <asio/ssl/context.hpp>
#include <asio/ssl/host_name_verification.hpp>
#include <string_view>
#include <utility>

namespace wasm_grpc::client {

namespace {

/// How long an endpoint is waited for before the next is tried beside it ("Connection Attempt Delay").
constexpr std::chrono::milliseconds attempt_delay{250};

bool is_address(const std::string& host) {
  asio::error_code error;
  static_cast<void>(asio::ip::make_address(host, error));
  return !error;
}

Result<std::shared_ptr<asio::ssl::context>> make_context(const TargetTls& options) {
  auto context = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX* const native = context->native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_2_VERSION);
  asio::error_code error;
  if (options.ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(options.ca_file, error);
    if (error) return Error{"the CA file " + options.ca_file + ": " + error.message()};
    X509_STORE_set_flags(SSL_CTX_get_cert_store(native), X509_V_FLAG_PARTIAL_CHAIN);  // as by `wasm-grpc call`
  }
  if (!options.certificate_file.empty()) {
    context->use_certificate_chain_file(options.certificate_file, error);
    if (error) return Error{"the certificate " + options.certificate_file + ": " + error.message()};
    context->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    if (error) return Error{"the key " + options.key_file + ": " + error.message()};
  }
  static constexpr std::array<unsigned char, 3> h2 = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(native, h2.data(), h2.size());
  return context;
}

}  // namespace

Connector::Connector(asio::io_context& io, std::vector<Endpoint> endpoints, const TargetTls* tls, std::string name,
                     std::chrono::milliseconds timeout)
    : io_(io),
      endpoints_(interleave_families(endpoints)),
      tls_(tls),
      name_(std::move(name)),
      timeout_(timeout),
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
  auto context = make_context(*tls_);
  if (!context.ok()) return finish(std::move(context).error());
  transport_.tls_context = std::move(context).value();
  transport_.tls = std::make_unique<TlsStream>(std::move(socket), *transport_.tls_context);
  TlsStream& tls = *transport_.tls;
  if (!is_address(name_)) SSL_set_tlsext_host_name(tls.native_handle(), name_.c_str());
  tls.set_verify_mode(asio::ssl::verify_peer);
  tls.set_verify_callback(asio::ssl::host_name_verification(name_));
  tls.async_handshake(asio::ssl::stream_base::client, [self = shared_from_this(),
                                                       where = to_text(endpoint)](const asio::error_code& error) {
    if (self->done_ == nullptr) return;
    SSL* const native = self->transport_.tls->native_handle();
    if (error) {
      std::string text = "no TLS with " + where + ": " + error.message();
      const long verdict = SSL_get_verify_result(native);
      if (verdict != X509_V_OK) text += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
      return self->finish(Error{text});
    }
    const unsigned char* chosen = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(native, &chosen, &length);
    if (std::string_view(reinterpret_cast<const char*>(chosen), length) != "h2") {
      return self->finish(Error{where + " does not speak HTTP/2 over TLS (it did not choose h2 by ALPN)"});
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
