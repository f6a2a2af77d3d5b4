// What of a server's options may change while it runs. They are checked, and what follows from them is made, aside;
// then all workers take them with the generation that goes with them.
#include <utility>

#include "runtime/server_state.h"
#include "runtime/sound_options.h"

namespace wasm_grpc {

Result<std::shared_ptr<runtime::AccessControl>> Server::State::make_access(const AccessOptions& of) const {
  if (of.empty()) return std::shared_ptr<runtime::AccessControl>();
  return runtime::AccessControl::create(of, log, static_cast<unsigned>(workers.size()));
}

void Server::State::watch_access() {
  if (access == nullptr) return;
  access->watch([this](unsigned i, std::chrono::milliseconds after, std::function<void()> function) {
    workers[i]->post(after, std::move(function));
  });
}

// Counters go on where those of the rules before have ended.
void Server::State::use_access(std::shared_ptr<runtime::AccessControl> next) {
  if (next == access) return;
  {
    const std::lock_guard lock(generation_mutex);
    if (access != nullptr) access->add_counters(counted_before);
    access = std::move(next);
  }
  watch_access();
}

Result<std::shared_ptr<Server::State::NextOptions>> Server::State::prepare_options(
    const LiveOptions& wanted, const std::vector<ListenOptions>& of_addresses) const {
  const auto cannot = [](const std::string& what) {
    return Error{what + " cannot change while the server runs; start it anew for that"};
  };
  if (wanted.max_message_size != live.max_message_size) return cannot("the largest message (max_message_size)");
  if (wanted.clients.max_window_growth != live.clients.max_window_growth) {
    return cannot("what windows may grow by (max_window_growth)");
  }
  if (of_addresses.size() != listening.size()) {
    return Error{"it listens on " + std::to_string(listening.size()) + " addresses, and there are options for " +
                 std::to_string(of_addresses.size())};
  }
  auto next = std::make_shared<NextOptions>();
  next->live = wanted;
  next->of_addresses = of_addresses;
  if (auto sound = runtime::check(static_cast<const ConnectionOptions&>(wanted)); !sound.ok()) {
    return std::move(sound).error();
  }
  auto pages = facade::Cors::parse(wanted.cors_origins);
  if (!pages.ok()) return Error{"web pages that may call the server: " + pages.error().message};
  next->cors = std::move(pages).value();
  auto maker = terms->for_options(wanted);
  if (!maker.ok()) return std::move(maker).error();
  next->maker.emplace(std::move(maker).value());
  for (std::size_t i = 0; i < listening.size(); ++i) {
    const runtime::Listening& one = listening[i];
    auto made = next->maker->make(one.address, of_addresses[i]);
    if (!made.ok()) return std::move(made).error();
    if ((made.value()->tls != nullptr) != (one.terms->tls != nullptr)) {
      return cannot("whether TLS is spoken at " + one.address);
    }
    next->terms.push_back(std::move(made).value());
  }
  next->access = access;
  if (wanted.access != live.access) {
    auto rules = make_access(wanted.access);
    if (!rules.ok()) return std::move(rules).error();
    next->access = std::move(rules).value();
  }
  return next;
}

// All workers have the generation and the rules by now: who connects meets both.
Result<> Server::State::take_options(const std::shared_ptr<NextOptions>& next) {
  struct Change {
    std::shared_ptr<net::Listener> listener;
    std::shared_ptr<const net::Terms> terms;
    net::Allowance* allowance;
  };
  std::vector<Change> changes;
  for (std::size_t i = 0; i < listening.size(); ++i) {
    runtime::Listening& one = listening[i];
    one.options = next->of_addresses[i];
    one.terms = next->terms[i];
    door.set_most(*one.allowance, runtime::most_connections(one.options));
    for (const auto& listener : one.listeners) changes.push_back({listener, one.terms, one.allowance});
  }
  door.set_most(next->live.clients.max_connections);
  const runtime::Worker* const accepting = workers.front().get();
  const bool taken = on_all_workers([changes, accepting](const runtime::Worker& worker) {
    if (&worker != accepting) return;
    for (const Change& change : changes) change.listener->use(change.terms, change.allowance);
  });
  if (next->live.log_level != live.log_level) log.set_level(next->live.log_level);
  use_access(next->access);
  cors = next->cors;
  terms = std::move(next->maker);
  live = next->live;
  return taken ? success() : Result<>(Error{"the server is stopping"});
}

}  // namespace wasm_grpc
