// Certificates for tests: made when they are needed, and gone with their folder.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <chrono>
#include <memory>
#include <string>

#include "folder.h"

namespace wasm_grpc::net {

/// PEM files.
struct CertificateFiles {
  std::string certificate;
  std::string key;
};

/// Who a certificate is for, and how long.
struct Subject {
  std::string common_name;
  std::string alternative_names{};   // as OpenSSL writes them: "DNS:a.test,URI:spiffe://b"; none when empty
  std::string raw_dns_name{};        // a DNS name in front of them, of any bytes; none when empty
  std::chrono::hours valid_for{24};  // from now, and before; negative: it has expired
};

/// Signs certificates. Its own is `name`.pem in the folder, which outlives it.
class Authority {
 public:
  Authority(const Folder& folder, const std::string& name) : Authority(folder, name, nullptr) {}
  /// Below another one, by which it is signed.
  Authority(const Authority& above, const std::string& name) : Authority(above.folder_, name, &above) {}

  [[nodiscard]] const std::string& certificate_file() const { return file_; }
  /// `name`.pem and `name`.key in the folder; written as one who renews them does: new files take the old ones' names.
  CertificateFiles sign(const std::string& name, const Subject& subject) const;

 private:
  template <auto free>
  struct Free {
    template <typename T>
    void operator()(T* pointer) const {
      free(pointer);
    }
  };
  using Key = std::unique_ptr<EVP_PKEY, Free<EVP_PKEY_free>>;
  using Certificate = std::unique_ptr<X509, Free<X509_free>>;

  Authority(const Folder& folder, const std::string& name, const Authority* above);
  static Key make_key();
  /// Signed by `signer`; by itself where that is null.
  static Certificate make(const Subject& subject, EVP_PKEY* key, const Authority* signer, bool authority);

  const Folder& folder_;
  std::string file_;
  Key key_;
  Certificate certificate_;
};

}  // namespace wasm_grpc::net
