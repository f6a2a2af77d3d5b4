// The addresses of a name, by the system's resolver.
#pragma once

#include <asio/error_code.hpp>
#include <asio/io_context.hpp>
#include <asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace wasm_grpc::client {

/// One lookup at a time. Belongs to the thread of its `io`, and is destroyed before it.
///
/// The system's resolver blocks and cannot be interrupted. Each lookup has a thread of its own, which is left behind
/// when nobody wants the answer any more: no name that takes long holds up another, or whoever stops.
class NameLookup {
 public:
  using Addresses = std::vector<asio::ip::tcp::endpoint>;
  /// Addresses in the order they are to be tried, each once; none with an error.
  using Done = std::function<void(const asio::error_code& error, const Addresses& addresses)>;

  explicit NameLookup(asio::io_context& io) : io_(io) {}
  ~NameLookup() { cancel(); }
  NameLookup(const NameLookup&) = delete;
  NameLookup& operator=(const NameLookup&) = delete;

  /// Gives up what it looks for. `done` is told once, later, on the thread of `io`; never once it was cancelled.
  void start(const std::string& host, const std::string& port, Done done);
  void cancel() noexcept;

 private:
  struct Search;

  asio::io_context& io_;
  std::shared_ptr<Search> search_;
};

}  // namespace wasm_grpc::client
