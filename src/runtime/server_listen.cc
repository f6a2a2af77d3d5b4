// The addresses of a server.
#include "net/address.h"
#include "runtime/server_state.h"

namespace wasm_grpc {

Result<std::string> Server::listen(const std::string& address, const ListenOptions& options) {
  if (auto may = state_->may_change(); !may.ok()) return std::move(may).error();
  auto parsed = state_->terms->read(address, options);
  if (!parsed.ok()) return std::move(parsed).error();
  auto terms = state_->terms->make(address, options);
  if (!terms.ok()) return std::move(terms).error();
  state_->allowances.push_back(std::make_unique<net::Allowance>(runtime::most_connections(options)));
  runtime::Listening listening{address, options, state_->allowances.back().get(), std::move(terms).value(), {}};
  runtime::Worker& worker = *state_->workers.front();
  auto opened = net::listen_on(worker.receiver().io(), parsed.value(), [&] {
    auto listener = worker.make_listener(state_->door, state_->proxies);
    listener->use(listening.terms, listening.allowance);
    return listener;
  });
  if (!opened.ok()) return std::move(opened).error();
  listening.listeners = std::move(opened).value();
  state_->listening.push_back(std::move(listening));
  return state_->listening.back().listeners.front()->address();
}

Result<> Server::check_listen(const std::string& address, const ListenOptions& options) const {
  auto terms = runtime::TermsMaker(*state_->terms).make(address, options);
  return terms.ok() ? success() : Result<>(std::move(terms).error());
}

Result<std::string> Server::listen_admin(const std::string& address) {
  if (auto may = state_->may_change(); !may.ok()) return std::move(may).error();
  if (state_->admin == nullptr) {
    auto made = admin::AdminServer::create(state_->options.admin, state_->log, state_->health);
    if (!made.ok()) return std::move(made).error();
    state_->admin = std::move(made).value();
  }
  return state_->admin->listen(address);
}

std::vector<std::string> Server::addresses() const {
  std::vector<std::string> addresses;
  state_->for_each_listener([&](net::Listener& listener) { addresses.push_back(listener.address()); });
  return addresses;
}

}  // namespace wasm_grpc
