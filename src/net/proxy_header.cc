#include "net/proxy_header.h"

#include <algorithm>
#include <array>
#include <asio/ip/tcp.hpp>
#include <charconv>
#include <cstring>
#include <optional>
#include <vector>

#include "net/address.h"

namespace wasm_grpc::net {

namespace {

using asio::ip::tcp;

constexpr std::string_view signature("\r\n\r\n\0\r\nQUIT\n", 12);  // of version 2
constexpr std::string_view keyword = "PROXY ";                     // of version 1
constexpr std::size_t head_size = 16;
constexpr std::size_t max_line = 107;

unsigned byte_at(std::string_view bytes, std::size_t at) { return static_cast<unsigned char>(bytes[at]); }
std::uint16_t number_at(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte_at(bytes, at) << 8 | byte_at(bytes, at + 1));
}

bool may_begin(std::string_view bytes, std::string_view with) {
  const std::size_t common = std::min(bytes.size(), with.size());
  return bytes.substr(0, common) == with.substr(0, common);
}

std::optional<std::uint16_t> read_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port;
}

template <typename Address>
std::string text_at(std::string_view bytes, std::size_t address, std::size_t port) {
  typename Address::bytes_type raw;
  std::memcpy(raw.data(), bytes.data() + address, raw.size());
  return to_text(tcp::endpoint(Address(raw), number_at(bytes, port)));
}

}  // namespace

std::size_t ProxyHeader::refuse(std::string_view why) noexcept {
  state_ = State::malformed;
  complaint_ = why;
  return 0;
}

std::size_t ProxyHeader::wanted() noexcept {
  if (bytes_.empty()) return 1;
  if (bytes_.front() == signature.front()) {
    if (!may_begin(bytes_, signature)) return refuse("its first bytes are none of the PROXY protocol");
    if (bytes_.size() < head_size) return head_size;
    const std::size_t rest = number_at(bytes_, head_size - 2);
    if (rest > max_rest) return refuse("the PROXY header is longer than 4 KiB");
    return head_size + rest;
  }
  if (!may_begin(bytes_, keyword)) return refuse("its first bytes are none of the PROXY protocol");
  if (bytes_.ends_with("\r\n")) return bytes_.size();
  if (bytes_.size() >= max_line) return refuse("the line of the PROXY header does not end");
  return bytes_.size() + 1;  // up to the end of its line, which is looked for byte by byte
}

std::size_t ProxyHeader::take(std::span<const std::byte> bytes) {
  std::size_t taken = 0;
  while (state_ == State::incomplete) {
    const std::size_t size = wanted();
    if (state_ != State::incomplete) break;
    if (size == bytes_.size()) {
      bytes_.front() == signature.front() ? read_binary() : read_line();
      break;
    }
    const std::size_t more = std::min(size - bytes_.size(), bytes.size() - taken);
    if (more == 0) break;
    bytes_.append(reinterpret_cast<const char*>(bytes.data()) + taken, more);
    taken += more;
  }
  return taken;
}

// "PROXY TCP4 192.0.2.1 198.51.100.1 4711 443\r\n"
void ProxyHeader::read_line() {
  std::vector<std::string_view> words;
  std::string_view line(bytes_);
  line.remove_suffix(2);
  for (std::size_t at = 0; at <= line.size();) {
    const std::size_t end = std::min(line.find(' ', at), line.size());
    words.push_back(line.substr(at, end - at));
    at = end + 1;
  }
  if (words.size() >= 2 && words[1] == "UNKNOWN") {
    state_ = State::complete;
    return;
  }
  const bool is_v4 = words.size() == 6 && words[1] == "TCP4";
  const bool is_v6 = words.size() == 6 && words[1] == "TCP6";
  if (!is_v4 && !is_v6) {
    static_cast<void>(refuse("the line of the PROXY header is neither TCP4, TCP6 nor UNKNOWN"));
    return;
  }
  std::array<tcp::endpoint, 2> ends;  // the client's, and the proxy's
  for (std::size_t i = 0; i < ends.size(); ++i) {
    asio::error_code error;
    const auto address = asio::ip::make_address(std::string(words[2 + i]), error);
    const auto port = read_port(words[4 + i]);
    if (error || address.is_v4() != is_v4 || !port) {
      static_cast<void>(refuse("an address or a port of the PROXY header is none"));
      return;
    }
    ends[i] = tcp::endpoint(address, *port);
  }
  client_ = to_text(ends[0]);
  state_ = State::complete;
}

void ProxyHeader::read_binary() {
  const std::string_view bytes = bytes_;
  constexpr std::size_t addresses = head_size;
  const unsigned version_and_command = byte_at(bytes, 12);
  if (version_and_command != 0x20 && version_and_command != 0x21) {
    static_cast<void>(refuse("the PROXY header is of another version, or has an unknown command"));
    return;
  }
  const std::size_t size = bytes.size() - head_size;
  if (version_and_command == 0x21) {
    switch (byte_at(bytes, 13)) {
      case 0x11:  // TCP over IPv4
        if (size < 12) break;
        client_ = text_at<asio::ip::address_v4>(bytes, addresses, addresses + 8);
        state_ = State::complete;
        return;
      case 0x21:  // TCP over IPv6
        if (size < 36) break;
        client_ = text_at<asio::ip::address_v6>(bytes, addresses, addresses + 32);
        state_ = State::complete;
        return;
      case 0x31:  // a unix socket
        if (size < 216) break;
        client_ = "unix:";
        state_ = State::complete;
        return;
      default:  // what it does not know, or is not TCP
        state_ = State::complete;
        return;
    }
    static_cast<void>(refuse("the PROXY header is shorter than its addresses"));
    return;
  }
  state_ = State::complete;  // the proxy speaks for itself
}

}  // namespace wasm_grpc::net
