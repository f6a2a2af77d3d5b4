#include "certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <filesystem>
#include <stdexcept>

namespace wasm_grpc::net {

namespace {

void require(bool good, const char* what) {
  if (!good) throw std::runtime_error(std::string("OpenSSL failed: ") + what);
}

void write_pem(const std::string& file, const auto& write) {
  const std::string fresh = file + ".new";
  BIO* bio = BIO_new_file(fresh.c_str(), "w");
  require(bio != nullptr, "BIO_new_file");
  const bool written = write(bio) == 1;
  BIO_free(bio);
  require(written, "PEM_write_bio");
  std::filesystem::rename(fresh, file);
}

void add_alternative_names(X509* certificate, const Subject& subject) {
  GENERAL_NAMES* names = nullptr;
  if (!subject.alternative_names.empty()) {
    X509_EXTENSION* extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, subject.alternative_names.c_str());
    require(extension != nullptr, "subjectAltName");
    names = static_cast<GENERAL_NAMES*>(X509V3_EXT_d2i(extension));
    X509_EXTENSION_free(extension);
  } else if (!subject.raw_dns_name.empty()) {
    names = sk_GENERAL_NAME_new_null();
  }
  if (names == nullptr) return;
  if (!subject.raw_dns_name.empty()) {
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    ASN1_STRING_set(text, subject.raw_dns_name.data(), static_cast<int>(subject.raw_dns_name.size()));
    GENERAL_NAME* name = GENERAL_NAME_new();
    GENERAL_NAME_set0_value(name, GEN_DNS, text);
    sk_GENERAL_NAME_insert(names, name, 0);
  }
  const bool added = X509_add1_ext_i2d(certificate, NID_subject_alt_name, names, 0, X509V3_ADD_DEFAULT) == 1;
  GENERAL_NAMES_free(names);
  require(added, "X509_add1_ext_i2d");
}

}  // namespace

Authority::Authority(const Folder& folder, const std::string& name, const Authority* above)
    : folder_(folder), file_(folder.file(name + ".pem")), key_(make_key()) {
  certificate_ = make({.common_name = name}, key_.get(), above, true);
  write_pem(file_, [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate_.get()); });
}

CertificateFiles Authority::sign(const std::string& name, const Subject& subject) const {
  const CertificateFiles files = {folder_.file(name + ".pem"), folder_.file(name + ".key")};
  const Key key = make_key();
  const Certificate certificate = make(subject, key.get(), this, false);
  write_pem(files.key,
            [&](BIO* bio) { return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
  write_pem(files.certificate, [&](BIO* bio) { return PEM_write_bio_X509(bio, certificate.get()); });
  return files;
}

Authority::Key Authority::make_key() {
  Key key(EVP_EC_gen("P-256"));
  require(key != nullptr, "EVP_EC_gen");
  return key;
}

Authority::Certificate Authority::make(const Subject& subject, EVP_PKEY* key, const Authority* signer, bool authority) {
  static std::atomic<long> serial = 1;
  Certificate made(X509_new());
  X509* certificate = made.get();
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  const auto day = std::chrono::seconds(std::chrono::hours(24)).count();
  X509_gmtime_adj(X509_getm_notBefore(certificate), -2 * day);
  X509_gmtime_adj(X509_getm_notAfter(certificate), std::chrono::seconds(subject.valid_for).count());
  X509_set_pubkey(certificate, key);
  X509_NAME* name = X509_get_subject_name(certificate);
  const auto* text = reinterpret_cast<const unsigned char*>(subject.common_name.data());
  const int size = static_cast<int>(subject.common_name.size());
  if (size > 0) X509_NAME_add_entry_by_NID(name, NID_commonName, MBSTRING_UTF8, text, size, -1, 0);
  X509_set_issuer_name(certificate, signer != nullptr ? X509_get_subject_name(signer->certificate_.get()) : name);
  if (authority) {
    X509_EXTENSION* may_sign = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    require(may_sign != nullptr && X509_add_ext(certificate, may_sign, -1) == 1, "basicConstraints");
    X509_EXTENSION_free(may_sign);
  }
  add_alternative_names(certificate, subject);
  require(X509_sign(certificate, signer != nullptr ? signer->key_.get() : key, EVP_sha256()) > 0, "X509_sign");
  return made;
}

}  // namespace wasm_grpc::net
