#include "http2/tls_context.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>

namespace wasm_grpc::http2 {

namespace {

constexpr std::chrono::seconds look_interval{1};
constexpr unsigned char session_context[] = "wasm-grpc";

/// What OpenSSL complained of last; clears its list.
std::string openssl_reason() {
  const unsigned long error = ERR_peek_last_error();
  const char* reason = error != 0 ? ERR_reason_error_string(error) : nullptr;
  ERR_clear_error();
  return reason != nullptr ? reason : "unknown reason";
}

Error unreadable(const std::string& what, const std::string& file, const std::string& expected) {
  const std::string reason = openssl_reason();
  const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return Error{what + " " + file + ": no such file"};
  if (fd < 0) {
    return Error{what + " " + file + ": cannot be opened (" + std::strerror(errno) +
                 "); expected a file that the user of this process may read"};
  }
  struct stat found{};
  const bool directory = fstat(fd, &found) == 0 && S_ISDIR(found.st_mode);
  close(fd);
  if (directory) return Error{what + " " + file + ": is a directory; expected " + expected};
  return Error{what + " " + file + ": expected " + expected + " (" + reason + ")"};
}

/// HTTP/2 where the client offers it, else HTTP/1.1; who offers neither gets the alert no_application_protocol (RFC
/// 7301, 3.2). Not called for a client that does not use ALPN: its first bytes tell what it speaks.
int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned int offered_size, void*) {
  for (const std::string_view protocol : {std::string_view("h2"), std::string_view("http/1.1")}) {
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

/// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

void protect(SSL_CTX* context) {
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
  SSL_CTX_set_alpn_select_cb(context, select_protocol, nullptr);
  SSL_CTX_set_default_passwd_cb(context, no_passphrase);
}

}  // namespace

bool TlsContext::FileState::operator==(const FileState& other) const noexcept {
  return device == other.device && inode == other.inode && size == other.size &&
         modified.tv_sec == other.modified.tv_sec && modified.tv_nsec == other.modified.tv_nsec &&
         changed.tv_sec == other.changed.tv_sec && changed.tv_nsec == other.changed.tv_nsec;
}

TlsContext::TlsContext(TlsOptions options, Log log) : options_(std::move(options)), log_(std::move(log)) {}

Result<std::shared_ptr<TlsContext>> TlsContext::create(const TlsOptions& options, Log log) {
  if (options.certificate_file.empty() || options.key_file.empty()) {
    return Error{"TLS needs a certificate and its key: give both files"};
  }
  std::shared_ptr<TlsContext> made(new TlsContext(options, std::move(log)));
  made->files_ = made->look();
  auto loaded = made->load();
  if (!loaded.ok()) return std::move(loaded).error();
  made->context_ = std::move(loaded).value();
  made->next_look_ = std::chrono::steady_clock::now() + look_interval;
  return made;
}

TlsContext::FileStates TlsContext::look() const {
  FileStates states;
  const std::array<const std::string*, 3> files = {&options_.certificate_file, &options_.key_file,
                                                   &options_.client_ca_file};
  for (std::size_t i = 0; i < files.size(); ++i) {
    struct stat found{};
    if (files[i]->empty() || stat(files[i]->c_str(), &found) != 0) continue;
    states[i] = {found.st_dev, found.st_ino, found.st_size, found.st_mtim, found.st_ctim};
  }
  return states;
}

Result<TlsContext::SslContext> TlsContext::load() const {
  ERR_clear_error();
  SslContext context(SSL_CTX_new(TLS_server_method()));
  if (!context) return Error{"TLS: " + openssl_reason()};
  protect(context.get());
  const std::string& certificate = options_.certificate_file;
  const std::string& key = options_.key_file;
  if (SSL_CTX_use_certificate_chain_file(context.get(), certificate.c_str()) != 1) {
    return unreadable("TLS certificate", certificate, "a certificate and its chain in PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
      ERR_clear_error();
      return Error{"TLS key " + key + ": does not belong to the certificate " + certificate};
    }
    return unreadable("TLS key", key, "a private key in PEM without a passphrase");
  }
  if (!options_.client_ca_file.empty()) {
    const char* ca = options_.client_ca_file.c_str();
    auto* names = SSL_CTX_load_verify_file(context.get(), ca) == 1 ? SSL_load_client_CA_file(ca) : nullptr;
    if (names == nullptr) return unreadable("TLS client CA", options_.client_ca_file, "certificates in PEM");
    SSL_CTX_set_client_CA_list(context.get(), names);
    // Whoever is named is trusted, be it a root or an authority below one.
    X509_STORE_set_flags(SSL_CTX_get_cert_store(context.get()), X509_V_FLAG_PARTIAL_CHAIN);
    const int must = options_.client_auth == TlsClientAuth::require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | must, nullptr);
  }
  const X509* own = SSL_CTX_get0_certificate(context.get());
  if (X509_cmp_current_time(X509_get0_notAfter(own)) < 0) {
    log_(LogLevel::warn, "TLS certificate " + certificate + ": has expired; clients will refuse it");
  }
  return context;
}

void TlsContext::reload_if_changed() {
  const auto now = std::chrono::steady_clock::now();
  if (now < next_look_) return;
  next_look_ = now + look_interval;
  const FileStates found = look();
  // What kept files from being read need not show in them: no descriptor was free, say.
  if (found == files_ && failure_.empty()) return;
  auto loaded = load();
  if (!loaded.ok()) {
    const std::string& failure = loaded.error().message;
    if (found != files_ || failure != failure_) {
      log_(LogLevel::error, failure + "; the certificate read before serves on");
    }
    files_ = found;
    failure_ = failure;
    return;
  }
  files_ = found;
  failure_.clear();
  // With new ticket keys: sessions of clients that the new files would refuse are not resumed.
  context_ = std::move(loaded).value();
  log_(LogLevel::info, "TLS certificate " + options_.certificate_file + ": read again");
}

SslPointer TlsContext::make_session() {
  const std::lock_guard lock(mutex_);
  reload_if_changed();
  return SslPointer(SSL_new(context_.get()));
}

}  // namespace wasm_grpc::http2
