// TLS under a Client.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "client.h"
#include "net/tls_client.h"

namespace wasm_grpc::http2 {

class TlsLayer final : public Client::Layer {
 public:
  explicit TlsLayer(const net::TlsClient::Options& options) : client_(options) {}

  [[nodiscard]] std::string encode(std::string_view said) override {
    unsent_ += said;
    if (client_.open() && !unsent_.empty()) client_.write(std::exchange(unsent_, {}));
    const auto bytes = client_.take_output();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
  [[nodiscard]] std::string decode(std::string_view came) override {
    client_.receive(std::as_bytes(std::span(came)));
    return client_.received().substr(std::exchange(taken_, client_.received().size()));
  }

 private:
  net::TlsClient client_;
  std::string unsent_;
  std::size_t taken_ = 0;  // of what it received
};

}  // namespace wasm_grpc::http2
