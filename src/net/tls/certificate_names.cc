#include "net/tls/certificate_names.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "net/tls/sort_names.h"

namespace wasm_grpc::net {

namespace {

std::string_view text_of(const ASN1_STRING* string) {
  return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(string)),
          static_cast<std::size_t>(ASN1_STRING_length(string))};
}

std::string address_of(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == sizeof(in_addr) ? AF_INET : AF_INET6;
  if (family == AF_INET6 && bytes.size() != sizeof(in6_addr)) return {};
  const char* const made = inet_ntop(family, bytes.data(), text.data(), text.size());
  return made == nullptr ? std::string() : std::string(made);
}

std::optional<TlsName> name_of(const GENERAL_NAME& name) {
  switch (name.type) {
    case GEN_DNS:
      return TlsName{TlsNameKind::dns, std::string(text_of(name.d.dNSName))};
    case GEN_URI:
      return TlsName{TlsNameKind::uri, std::string(text_of(name.d.uniformResourceIdentifier))};
    case GEN_EMAIL:
      return TlsName{TlsNameKind::email, std::string(text_of(name.d.rfc822Name))};
    case GEN_IPADD:
      return TlsName{TlsNameKind::ip, address_of(text_of(name.d.iPAddress))};
    default:
      return std::nullopt;
  }
}

std::string common_name(const X509* certificate) {
  X509_NAME* subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

}  // namespace

TlsNames names_of(const X509* certificate) {
  TlsNames names;
  std::size_t bytes = 0;
  const auto add = [&](TlsName name) {
    if (!is_sound_tls_name(name.value) || name.value.size() > max_tls_names_bytes - bytes) return;
    bytes += name.value.size();
    names.push_back(std::move(name));
  };
  if (std::string subject = common_name(certificate); !subject.empty()) {
    add({TlsNameKind::common_name, std::move(subject)});
  }
  auto* const list = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> owned(list, GENERAL_NAMES_free);
  for (int i = 0; i < sk_GENERAL_NAME_num(list); ++i) {
    if (auto name = name_of(*sk_GENERAL_NAME_value(list, i))) add(std::move(*name));
  }
  ERR_clear_error();
  sort_by_kind(names);
  return names;
}

}  // namespace wasm_grpc::net
