#include "client/endpoints.h"

#include <algorithm>

namespace wasm_grpc::client {

std::vector<Endpoint> interleave_families(const std::vector<Endpoint>& endpoints) {
  std::vector<Endpoint> first;
  std::vector<Endpoint> others;
  for (const Endpoint& endpoint : endpoints) {
    const bool is_first = endpoint.protocol().family() == endpoints.front().protocol().family();
    (is_first ? first : others).push_back(endpoint);
  }
  std::vector<Endpoint> all;
  for (std::size_t i = 0; i < std::max(first.size(), others.size()); ++i) {
    if (i < first.size()) all.push_back(first[i]);
    if (i < others.size()) all.push_back(others[i]);
  }
  return all;
}

}  // namespace wasm_grpc::client
