#include "client/stream_io.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <asio/ip/tcp.hpp>
#include <asio/local/stream_protocol.hpp>
#include <asio/write.hpp>

namespace wasm_grpc::client {

namespace {

std::string where(const Target& target) {
  return target.unix_socket ? "unix:" + target.host : target.host + ":" + target.port;
}

bool is_address(const std::string& host) {
  asio::error_code error;
  static_cast<void>(asio::ip::make_address(host, error));
  return !error;
}

}  // namespace

Result<std::unique_ptr<StreamIo>> StreamIo::connect(asio::io_context& io, const Target& target,
                                                    const ChannelOptions& options) {
  std::unique_ptr<StreamIo> made(new StreamIo(io));
  if (auto opened = made->open(target, options); !opened.ok()) return std::move(opened).error();
  if (target.tls) {
    if (auto started = made->start_tls(target, options); !started.ok()) return std::move(started).error();
  }
  return made;
}

asio::error_code StreamIo::wait(const std::optional<asio::error_code>& error, std::chrono::milliseconds timeout) {
  const auto give_up = std::chrono::steady_clock::now() + timeout;
  io_.restart();
  while (!error && io_.run_one_until(give_up) > 0) {
  }
  if (error) return *error;
  asio::error_code ignored;
  socket_.close(ignored);
  io_.restart();
  io_.run();  // what was begun ends now, and must not outlive `error`
  return asio::error::timed_out;
}

Result<> StreamIo::open(const Target& target, const ChannelOptions& options) {
  const auto failed = [&](const asio::error_code& error) {
    return Error{"cannot connect to " + where(target) + ": " + error.message()};
  };
  std::vector<asio::generic::stream_protocol::endpoint> endpoints;
  asio::error_code error;
  if (target.unix_socket) {
    if (target.host.size() >= 108) return Error{"cannot connect to " + where(target) + ": its path is too long"};
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(target.host));
  } else {
    asio::ip::tcp::resolver resolver(io_);
    for (const auto& found : resolver.resolve(target.host, target.port, error))
      endpoints.emplace_back(found.endpoint());
    if (error) return failed(error);
  }
  for (const auto& endpoint : endpoints) {
    std::optional<asio::error_code> done;
    asio::error_code ignored;
    socket_.close(ignored);
    socket_.async_connect(endpoint, [&done](const asio::error_code& result) { done = result; });
    error = wait(done, options.connect_timeout);
    if (!error) return success();
  }
  return failed(error);
}

Result<> StreamIo::start_tls(const Target& target, const ChannelOptions& options) {
  context_.emplace(asio::ssl::context::tls_client);
  SSL_CTX* context = context_->native_handle();
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  asio::error_code error;
  if (options.ca_file.empty()) {
    context_->set_default_verify_paths(error);
  } else {
    context_->load_verify_file(options.ca_file, error);
    if (error) return Error{"--tls-ca " + options.ca_file + ": " + error.message()};
    // Whoever is named is trusted, be it a root or an authority below one.
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  }
  if (!options.certificate_file.empty()) {
    context_->use_certificate_chain_file(options.certificate_file, error);
    if (error) return Error{"--tls-cert " + options.certificate_file + ": " + error.message()};
    context_->use_private_key_file(options.key_file, asio::ssl::context::pem, error);
    if (error) return Error{"--tls-key " + options.key_file + ": " + error.message()};
  }
  static constexpr std::array<unsigned char, 3> h2 = {2, 'h', '2'};
  SSL_CTX_set_alpn_protos(context, h2.data(), h2.size());

  tls_.emplace(socket_, *context_);
  std::string name = target.host;
  if (!options.authority.empty()) name = options.authority.substr(0, options.authority.find(':'));
  if (target.unix_socket && options.authority.empty()) name = target.authority;
  if (!is_address(name)) SSL_set_tlsext_host_name(tls_->native_handle(), name.c_str());
  if (options.insecure_skip_verify) {
    tls_->set_verify_mode(asio::ssl::verify_none);
  } else {
    tls_->set_verify_mode(asio::ssl::verify_peer);
    tls_->set_verify_callback(asio::ssl::host_name_verification(name));
  }
  std::optional<asio::error_code> done;
  tls_->async_handshake(asio::ssl::stream_base::client, [&done](const asio::error_code& result) { done = result; });
  if (error = wait(done, options.connect_timeout); error) {
    std::string text = "no TLS with " + where(target) + ": " + error.message();
    const long verdict = SSL_get_verify_result(tls_->native_handle());
    if (verdict != X509_V_OK) text += std::string(" (") + X509_verify_cert_error_string(verdict) + ")";
    return Error{text + "; --tls-ca names who signs its certificate, and without TLS there it is http://"};
  }
  const unsigned char* chosen = nullptr;
  unsigned length = 0;
  SSL_get0_alpn_selected(tls_->native_handle(), &chosen, &length);
  if (std::string_view(reinterpret_cast<const char*>(chosen), length) != "h2") {
    return Error{where(target) + " does not speak HTTP/2 over TLS (it did not choose h2 by ALPN)"};
  }
  return success();
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
