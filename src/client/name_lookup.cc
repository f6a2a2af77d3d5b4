#include "client/name_lookup.h"

#include <algorithm>
#include <asio/error.hpp>
#include <asio/executor_work_guard.hpp>
#include <asio/post.hpp>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace wasm_grpc::client {

namespace {

using Resolver = asio::ip::tcp::resolver;

NameLookup::Addresses look_up(asio::io_context& io, const std::string& host, const std::string& port,
                              Resolver::flags flags, asio::error_code& error) {
  NameLookup::Addresses addresses;
  for (const auto& found : Resolver(io).resolve(host, port, flags, error)) {
    const auto endpoint = found.endpoint();
    if (std::ranges::find(addresses, endpoint) == addresses.end()) addresses.push_back(endpoint);
  }
  if (!error && addresses.empty()) error = asio::error::host_not_found;
  return addresses;
}

}  // namespace

// Shared with the thread that asks, which outlives who wants to know where that takes long.
struct NameLookup::Search {
  std::mutex mutex;                // of `io`
  asio::io_context* io = nullptr;  // nullptr: nobody wants the answer any more
  // Of the thread that wants it.
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work;  // whose loop goes on meanwhile
  Done done;

  void finish(const asio::error_code& error, const Addresses& addresses) {
    work.reset();
    if (const Done told = std::exchange(done, nullptr)) told(error, addresses);
  }
};

void NameLookup::start(const std::string& host, const std::string& port, Done done) {
  cancel();
  search_ = std::make_shared<Search>();
  search_->io = &io_;
  search_->work.emplace(io_.get_executor());
  search_->done = std::move(done);
  const auto answer = [](const std::shared_ptr<Search>& search, const asio::error_code& error, Addresses addresses) {
    const std::lock_guard lock(search->mutex);
    if (search->io == nullptr) return;
    asio::post(*search->io, [search, error, addresses = std::move(addresses)] { search->finish(error, addresses); });
  };
  asio::error_code no_number;
  if (auto addresses = look_up(io_, host, port, Resolver::numeric_host | Resolver::numeric_service, no_number);
      !no_number) {
    return answer(search_, {}, std::move(addresses));
  }
  try {
    std::thread([answer, search = search_, host, port] {
      asio::io_context io;
      asio::error_code error;
      auto addresses = look_up(io, host, port, Resolver::flags(), error);
      answer(search, error, std::move(addresses));
    }).detach();
  } catch (const std::system_error&) {  // no thread is to be had
    answer(search_, asio::error::no_memory, {});
  }
}

void NameLookup::cancel() noexcept {
  const auto search = std::exchange(search_, nullptr);
  if (search == nullptr) return;
  search->done = nullptr;
  search->work.reset();
  const std::lock_guard lock(search->mutex);
  search->io = nullptr;
}

}  // namespace wasm_grpc::client
