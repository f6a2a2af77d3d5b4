#include "net/tls/context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <cstring>
#include <string_view>
#include <utility>

#include "net/tls/ticket_keys.h"

namespace wasm_grpc::net {

namespace {

constexpr std::chrono::seconds look_interval{1};
constexpr unsigned char session_context[] = "wasm-grpc";

/// HTTP/2 where the client offers it, else HTTP/1.1; who offers neither gets the alert no_application_protocol (RFC
/// 7301, 3.2). Not called for a client that does not use ALPN: its first bytes tell what it speaks.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void* context) {
  for (const std::string_view protocol : {std::string_view("h2"), std::string_view("http/1.1")}) {
    if (protocol != "h2" && !static_cast<const TlsContext*>(context)->http1()) continue;
    for (unsigned int i = 0; i < offered_size; i += 1U + offered[i]) {
      if (offered[i] != protocol.size() || i + protocol.size() >= offered_size) continue;
      if (std::memcmp(offered + i + 1, protocol.data(), protocol.size()) != 0) continue;
      *chosen = offered + i + 1;
      *chosen_size = static_cast<unsigned char>(protocol.size());
      return SSL_TLSEXT_ERR_OK;
    }
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

void protect(SSL_CTX* context, TlsContext& of) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE |
                                   SSL_OP_PRIORITIZE_CHACHA);
  // Those of TLS 1.2 that RFC 9113, appendix A, does not prohibit; 1.3 has no others.
  SSL_CTX_set_cipher_list(context, "ECDHE+AESGCM:ECDHE+CHACHA20");
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);  // an idle connection keeps none
  // Sessions are resumed by tickets, which cost us no memory.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_session_id_context(context, session_context, sizeof(session_context) - 1);
  SSL_CTX_set_alpn_select_cb(context, select_protocol, &of);
}

}  // namespace

TlsContext::TlsContext(const TlsOptions& options, Log log, bool http1)
    : options_(options), log_(std::move(log)), http1_(http1), authorities_({options.client_ca_file}) {
  certificates_.emplace_back(TlsCertificate{options.certificate_file, options.key_file});
  for (const TlsCertificate& further : options.further_certificates) certificates_.emplace_back(further);
}

Result<std::shared_ptr<TlsContext>> TlsContext::create(const TlsOptions& options, Log log, bool http1) {
  std::shared_ptr<TlsContext> made(new TlsContext(options, std::move(log), http1));
  for (Certificate& certificate : made->certificates_) {
    if (certificate.names.certificate_file.empty() || certificate.names.key_file.empty()) {
      return Error{"TLS needs a certificate and its key: give both files"};
    }
    auto read = made->read(certificate.names);
    if (!read.ok()) return std::move(read).error();
    certificate.read = std::move(read).value();
  }
  auto context = made->make_context();
  if (!context.ok()) return std::move(context).error();
  made->context_ = std::move(context).value();
  made->next_look_ = std::chrono::steady_clock::now() + look_interval;
  return made;
}

Result<SslContext> TlsContext::make_context() {
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error{"TLS: " + openssl_reason()};
  protect(context.get(), *this);
  if (!TicketKeys::attach(context.get())) return Error{"TLS: no keys for session tickets: " + openssl_reason()};
  SSL_CTX_set_cert_cb(context.get(), choose_certificate, this);
  // A client that is chosen for by its name is told so (RFC 6066, 3).
  const auto acknowledge = +[](SSL*, int*, void*) { return SSL_TLSEXT_ERR_OK; };
  if (certificates_.size() > 1) SSL_CTX_set_tlsext_servername_callback(context.get(), acknowledge);
  if (!options_.client_ca_file.empty()) {
    auto asked = ask_clients(context.get(), options_.client_ca_file, options_.client_auth);
    if (!asked.ok()) return std::move(asked).error();
  }
  return context;
}

Result<ReadCertificate> TlsContext::read(const TlsCertificate& certificate) const {
  auto read = read_certificate(certificate);
  if (read.ok() && expired(read.value())) {
    log_(LogLevel::warn, "TLS certificate " + certificate.certificate_file + ": has expired; clients will refuse it");
  }
  return read;
}

void TlsContext::read_what_changed() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + look_interval;
  const auto renew = [this](WatchedFiles& files, const std::string& what, auto& place, const auto& make) {
    if (!files.due()) return;
    auto made = make();
    if (!made.ok()) {
      const std::string& why = made.error().message;
      if (files.could_not_be_read(why)) log_(LogLevel::error, why + "; what was read before serves on");
      return;
    }
    files.was_read();
    place = std::move(made).value();
    log_(LogLevel::info, what + ": read again");
  };
  for (Certificate& certificate : certificates_) {
    renew(certificate.files, "TLS certificate " + certificate.names.certificate_file, certificate.read,
          [&] { return read(certificate.names); });
  }
  // With new ticket keys: sessions of clients that the new authorities would refuse are not resumed.
  renew(authorities_, "TLS client CA " + options_.client_ca_file, context_, [this] { return make_context(); });
}

int TlsContext::choose_certificate(SSL* ssl, void* self) {
  auto& context = *static_cast<TlsContext*>(self);
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  const std::lock_guard lock(context.mutex_);
  const Certificate* chosen = &context.certificates_.front();
  auto best = HostNames::Fit::none;
  if (name != nullptr && context.certificates_.size() > 1) {
    for (const Certificate& certificate : context.certificates_) {
      const auto fit = certificate.read.names.fit(name);
      if (fit <= best) continue;
      best = fit;
      chosen = &certificate;
    }
  }
  SSL_CTX* holder = chosen->read.holder.get();
  STACK_OF(X509)* chain = nullptr;
  SSL_CTX_get0_chain_certs(holder, &chain);
  return SSL_use_cert_and_key(ssl, SSL_CTX_get0_certificate(holder), SSL_CTX_get0_privatekey(holder), chain, 1);
}

SslPointer TlsContext::make_session() {
  const std::lock_guard lock(mutex_);
  read_what_changed();
  return SslPointer(SSL_new(context_.get()));
}

}  // namespace wasm_grpc::net
