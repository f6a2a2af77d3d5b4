// The order of a client's names.
#pragma once

#include <utility>

#include "wasm_grpc/tls_name.h"

namespace wasm_grpc::net {

/// Puts names in the order of TlsNameKind; those of one kind stay in theirs. (std::stable_sort uses what C++17 has
/// deprecated, which Clang reports.)
inline void sort_by_kind(TlsNames& names) {
  TlsNames sorted;
  sorted.reserve(names.size());
  for (const TlsNameKind kind :
       {TlsNameKind::dns, TlsNameKind::uri, TlsNameKind::common_name, TlsNameKind::email, TlsNameKind::ip}) {
    for (TlsName& name : names) {
      if (name.kind == kind) sorted.push_back(std::move(name));
    }
  }
  names = std::move(sorted);
}

}  // namespace wasm_grpc::net
