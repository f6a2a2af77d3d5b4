// What a proxy says of its client before the client's own bytes: the PROXY protocol, versions 1 and 2 (HAProxy,
// proxy-protocol.txt).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace wasm_grpc::net {

/// The header of one connection, in pieces of any size.
class ProxyHeader {
 public:
  enum class State : std::uint8_t {
    incomplete,
    complete,
    malformed,  // it is none; complaint() says why
  };

  /// What a header of version 2 may have after its first 16 bytes: addresses, and what else a proxy tells, which is not
  /// looked at.
  static constexpr std::size_t max_rest = 4096;

  /// Takes the next bytes, and returns how many of them are the header's. Only while it is incomplete.
  std::size_t take(std::span<const std::byte> bytes);
  [[nodiscard]] State state() const noexcept { return state_; }
  /// The client's address, as rpc::Client::peer has it. Empty where the proxy speaks for itself, as for a health check,
  /// or does not know.
  [[nodiscard]] const std::string& client() const noexcept { return client_; }
  [[nodiscard]] std::string_view complaint() const noexcept { return complaint_; }

 private:
  /// Bytes it has at least, by what has come of it; as many as there are when it is whole.
  [[nodiscard]] std::size_t wanted() noexcept;
  void read_line();
  void read_binary();
  [[nodiscard]] std::size_t refuse(std::string_view why) noexcept;

  std::string bytes_;
  State state_ = State::incomplete;
  std::string client_;
  std::string_view complaint_;
};

}  // namespace wasm_grpc::net
