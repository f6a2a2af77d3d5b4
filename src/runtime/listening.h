// What a server listens on, and what holds for the clients of each address.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/address.h"
#include "net/door.h"
#include "net/listener.h"
#include "net/terms.h"
#include "net/tls/context.h"
#include "wasm_grpc/listen_options.h"
#include "wasm_grpc/live_options.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::runtime {

/// An address that is listened on: by a listener for each address of its name. They accept on the first worker.
struct Listening {
  std::string address;  // as it was asked for
  ListenOptions options;
  net::Allowance* allowance;                // most_connections() of it
  std::shared_ptr<const net::Terms> terms;  // those in force
  std::vector<std::shared_ptr<net::Listener>> listeners;
};

/// How many connections an address may have of its own; 0: as many as the server.
[[nodiscard]] inline std::size_t most_connections(const ListenOptions& options) noexcept {
  return options.connections ? options.connections->clients.max_connections : 0;
}

/// Makes the terms of addresses, of what holds for the whole server and what they have of their own. Addresses with the
/// same TLS have one context of it.
class TermsMaker {
 public:
  using Log = net::TlsContext::Log;
  /// The error says what of the options makes no sense, or which file of the server's TLS.
  [[nodiscard]] static Result<TermsMaker> create(const LiveOptions& all, Log log) {
    return create(all, std::move(log), {});
  }
  /// One for other options. TLS that stays as it is goes on with its keys for tickets, and what it has read.
  [[nodiscard]] Result<TermsMaker> for_options(const LiveOptions& all) const { return create(all, log_, contexts_); }

  /// The address, read; TLS where that is what is spoken there by default.
  [[nodiscard]] Result<net::ListenAddress> read(const std::string& address, const ListenOptions& own) const;
  /// The error says what makes no sense of what was said for it.
  [[nodiscard]] Result<std::shared_ptr<const net::Terms>> make(const std::string& address, const ListenOptions& own);

 private:
  using Contexts = std::vector<std::shared_ptr<net::TlsContext>>;

  [[nodiscard]] static Result<TermsMaker> create(const LiveOptions& all, Log log, Contexts known);
  TermsMaker(const LiveOptions& all, Log log, Contexts known)
      : all_(all), log_(std::move(log)), known_(std::move(known)) {}
  [[nodiscard]] Result<std::shared_ptr<net::TlsContext>> context(const TlsOptions& tls, bool http1);

  LiveOptions all_;
  Log log_;
  Contexts known_;     // may be used again
  Contexts contexts_;  // are used
};

}  // namespace wasm_grpc::runtime
