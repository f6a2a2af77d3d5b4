#include "net/tls/files.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "text/lower_case.h"

namespace wasm_grpc::net {

namespace {

/// Nobody is there to type a passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

std::string common_name(const X509* certificate) {
  const X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  const ASN1_STRING* text = X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
          static_cast<std::size_t>(ASN1_STRING_length(text))};
}

}  // namespace

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

HostNames::HostNames(const X509* certificate) {
  auto* found = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(found, GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(found); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found, i);
    if (name->type != GEN_DNS) continue;
    const auto* text = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    names_.push_back(text::lower_case({text, static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName))}));
  }
  if (names_.empty()) names_.push_back(text::lower_case(common_name(certificate)));
  ERR_clear_error();
}

HostNames::Fit HostNames::fit(std::string_view host) const {
  const std::string wanted = text::lower_case(host);
  if (std::find(names_.begin(), names_.end(), wanted) != names_.end()) return Fit::exactly;
  const std::size_t dot = wanted.find('.');
  if (dot == std::string::npos || dot == 0) return Fit::none;
  const std::string wildcard = "*" + wanted.substr(dot);
  return std::find(names_.begin(), names_.end(), wildcard) != names_.end() ? Fit::by_wildcard : Fit::none;
}

Result<ReadCertificate> read_certificate(const TlsCertificate& files) {
  const auto& [certificate, key] = files;
  ERR_clear_error();
  ReadCertificate read;
  read.holder.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* holder = read.holder.get();
  if (holder == nullptr) return Error{"TLS: " + openssl_reason()};
  SSL_CTX_set_default_passwd_cb(holder, no_passphrase);
  if (SSL_CTX_use_certificate_chain_file(holder, certificate.c_str()) != 1) {
    return unreadable("TLS certificate", certificate, "a certificate and its chain in PEM");
  }
  if (SSL_CTX_use_PrivateKey_file(holder, key.c_str(), SSL_FILETYPE_PEM) != 1) {
    const int reason = ERR_GET_REASON(ERR_peek_last_error());
    if (reason == X509_R_KEY_VALUES_MISMATCH || reason == X509_R_KEY_TYPE_MISMATCH) {
      ERR_clear_error();
      return Error{"TLS key " + key + ": does not belong to the certificate " + certificate};
    }
    return unreadable("TLS key", key, "a private key in PEM without a passphrase");
  }
  read.names = HostNames(SSL_CTX_get0_certificate(holder));
  return read;
}

bool expired(const ReadCertificate& certificate) {
  return X509_cmp_current_time(X509_get0_notAfter(SSL_CTX_get0_certificate(certificate.holder.get()))) < 0;
}

Result<> ask_clients(SSL_CTX* context, const std::string& authorities, TlsClientAuth how) {
  ERR_clear_error();
  const char* file = authorities.c_str();
  auto* names = SSL_CTX_load_verify_file(context, file) == 1 ? SSL_load_client_CA_file(file) : nullptr;
  if (names == nullptr) return unreadable("TLS client CA", authorities, "certificates in PEM");
  SSL_CTX_set_client_CA_list(context, names);
  // Whoever is named is trusted, be it a root or an authority below one.
  X509_STORE_set_flags(SSL_CTX_get_cert_store(context), X509_V_FLAG_PARTIAL_CHAIN);
  const int must = how == TlsClientAuth::require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nullptr);
  return success();
}

}  // namespace wasm_grpc::net
