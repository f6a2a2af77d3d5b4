#include "tls_client.h"

#include <openssl/err.h>

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace wasm_grpc::net {

TlsClient::TlsClient(const Options& options) : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX* context = context_.get();
  SSL_CTX_set_security_level(context, 0);  // it is the server that is to refuse what is old
  SSL_CTX_set_min_proto_version(context, options.version);
  SSL_CTX_set_max_proto_version(context, options.version);
  if (SSL_CTX_load_verify_file(context, options.authority.c_str()) != 1) throw std::runtime_error("no authority");
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
  SSL_CTX_sess_set_new_cb(context, new_session);
  if (options.certificate &&
      (SSL_CTX_use_certificate_chain_file(context, options.certificate->certificate.c_str()) != 1 ||
       SSL_CTX_use_PrivateKey_file(context, options.certificate->key.c_str(), SSL_FILETYPE_PEM) != 1)) {
    throw std::runtime_error("no certificate");
  }
  ssl_.reset(SSL_new(context));
  SSL_set_app_data(ssl_.get(), this);
  std::string protocols;
  for (const std::string& name : options.alpn) protocols += static_cast<char>(name.size()) + name;
  const auto* bytes = reinterpret_cast<const unsigned char*>(protocols.data());
  if (!protocols.empty()) SSL_set_alpn_protos(ssl_.get(), bytes, static_cast<unsigned>(protocols.size()));
  if (options.session != nullptr) SSL_set_session(ssl_.get(), options.session);
  if (!options.name.empty()) SSL_set_tlsext_host_name(ssl_.get(), options.name.c_str());
  in_ = BIO_new(BIO_s_mem());
  out_ = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl_.get(), in_, out_);
  SSL_set_connect_state(ssl_.get());
  note(SSL_do_handshake(ssl_.get()));
}

TlsClient::~TlsClient() { ERR_clear_error(); }

int TlsClient::new_session(SSL* ssl, SSL_SESSION* session) {
  static_cast<TlsClient*>(SSL_get_app_data(ssl))->session_.reset(session);
  return 1;  // it is ours now
}

void TlsClient::note(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_NONE:
    case SSL_ERROR_WANT_READ:
      break;
    case SSL_ERROR_ZERO_RETURN:
      ended_ = true;
      break;
    default:
      if (const char* reason = ERR_reason_error_string(ERR_peek_last_error()); error_.empty()) {
        error_ = reason != nullptr ? reason : "unknown reason";
      }
  }
  ERR_clear_error();
}

void TlsClient::receive(std::span<const std::byte> bytes) {
  BIO_write(in_, bytes.data(), static_cast<int>(bytes.size()));
  std::array<char, 16 * 1024> plain;
  while (error_.empty() && !ended_) {
    std::size_t size = 0;
    const int result = SSL_read_ex(ssl_.get(), plain.data(), plain.size(), &size);
    note(result);
    if (result != 1) break;
    received_.append(plain.data(), size);
  }
}

std::vector<std::byte> TlsClient::take_output() {
  std::vector<std::byte> bytes(BIO_ctrl_pending(out_));
  if (!bytes.empty()) BIO_read(out_, bytes.data(), static_cast<int>(bytes.size()));
  return bytes;
}

void TlsClient::write(std::string_view plain) {
  std::size_t written = 0;
  if (SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &written) != 1) throw std::runtime_error("SSL_write_ex");
}

void TlsClient::end() { SSL_shutdown(ssl_.get()); }

std::string TlsClient::protocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return {reinterpret_cast<const char*>(name), size};
}

std::string TlsClient::server_name() const {
  const X509* certificate = SSL_get0_peer_certificate(ssl_.get());
  if (certificate == nullptr) return {};
  std::array<char, 256> text{};
  X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, text.data(), text.size());
  return text.data();
}

void TlsServer::receive(std::span<const std::byte> bytes, std::size_t piece) {
  std::array<std::byte, 16 * 1024> plain;
  while (!bytes.empty()) {
    const auto part = bytes.first(std::min(piece, bytes.size()));
    session.receive(part);
    while (const std::size_t size = session.read(plain, output)) {
      received.append(reinterpret_cast<const char*>(plain.data()), size);
    }
    bytes = bytes.subspan(part.size());
  }
}

void converse(TlsServer& server, TlsClient& client, std::size_t piece) {
  while (true) {
    const std::vector<std::byte> to_server = client.take_output();
    server.receive(to_server, piece);
    const std::vector<std::byte> to_client = std::exchange(server.output, {});
    if (to_server.empty() && to_client.empty()) return;
    for (std::size_t at = 0; at < to_client.size(); at += piece) {
      client.receive(std::span(to_client).subspan(at, std::min(piece, to_client.size() - at)));
    }
  }
}

}  // namespace wasm_grpc::net
