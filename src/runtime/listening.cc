#include "runtime/listening.h"

#include <algorithm>
#include <utility>

#include "runtime/sound_options.h"

namespace wasm_grpc::runtime {

namespace {

bool is_said(const TlsOptions& tls) {
  return !tls.certificate_file.empty() || !tls.key_file.empty() || !tls.further_certificates.empty();
}

Result<> check_tls(const TlsOptions& tls) {
  if (is_said(tls) || tls.client_ca_file.empty()) return success();
  return Error{"a TLS client CA makes no sense without a certificate and its key"};
}

}  // namespace

Result<TermsMaker> TermsMaker::create(const LiveOptions& all, Log log, Contexts known) {
  if (auto sound = check_tls(all.tls); !sound.ok()) return std::move(sound).error();
  TermsMaker maker(all, std::move(log), std::move(known));
  // Also where no address has need of it: what is said is to make sense.
  if (is_said(all.tls)) {
    if (auto made = maker.context(all.tls, all.protocols.http1); !made.ok()) return std::move(made).error();
  }
  return maker;
}

Result<std::shared_ptr<net::TlsContext>> TermsMaker::context(const TlsOptions& tls, bool http1) {
  const auto is_it = [&](const auto& known) { return known->http1() == http1 && known->options() == tls; };
  if (const auto found = std::ranges::find_if(contexts_, is_it); found != contexts_.end()) return *found;
  if (const auto found = std::ranges::find_if(known_, is_it); found != known_.end()) {
    contexts_.push_back(*found);
    return *found;
  }
  auto made = net::TlsContext::create(tls, log_, http1);
  if (made.ok()) contexts_.push_back(made.value());
  return made;
}

Result<net::ListenAddress> TermsMaker::read(const std::string& address, const ListenOptions& own) const {
  using Transport = net::ListenAddress::Transport;
  const bool has_tls = is_said(own.tls.value_or(all_.tls));
  auto parsed = net::parse_listen_address(address, has_tls);
  if (!parsed.ok()) return parsed;
  const Transport transport = parsed.value().transport;
  if (transport == Transport::tls && !has_tls) {
    return Error{"cannot listen on " + address + ": TLS needs a certificate and its key, and none was given"};
  }
  const bool without_tls = transport == Transport::cleartext || transport == Transport::unix_socket;
  if (without_tls && own.tls && is_said(*own.tls)) {
    return Error{"cannot listen on " + address + ": a certificate was given for it, and no TLS is spoken " +
                 (transport == Transport::cleartext ? "at http://" : "on a unix socket")};
  }
  return parsed;
}

Result<std::shared_ptr<const net::Terms>> TermsMaker::make(const std::string& address, const ListenOptions& own) {
  const auto refuse = [&](const Error& error) { return Error{"cannot listen on " + address + ": " + error.message}; };
  auto parsed = read(address, own);
  if (!parsed.ok()) return std::move(parsed).error();
  auto terms = std::make_shared<net::Terms>();
  terms->settings = own.connections.value_or(all_);
  if (auto sound = check(terms->settings); !sound.ok()) return refuse(sound.error());
  if (terms->settings.max_message_size > all_.max_message_size) {
    return refuse({"its messages may have " + std::to_string(terms->settings.max_message_size) +
                   " bytes, more than the server's " + std::to_string(all_.max_message_size) +
                   ", which bound those of all addresses"});
  }
  if (own.tls) {
    if (auto sound = check_tls(*own.tls); !sound.ok()) return refuse(sound.error());
  }
  const TlsOptions& tls = own.tls ? *own.tls : all_.tls;
  if (parsed.value().transport == net::ListenAddress::Transport::tls || parsed.value().tls) {
    auto made = context(tls, terms->settings.protocols.http1);
    if (!made.ok()) return refuse(made.error());
    terms->tls = std::move(made).value();
  }
  return std::shared_ptr<const net::Terms>(std::move(terms));
}

}  // namespace wasm_grpc::runtime
