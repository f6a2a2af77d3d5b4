// fleet.Accounts (fleet.proto): an instance for each key, which remembers what it has written, and writes under the
// version of that: of two that have the same key, at two servers, none undoes what the other has written.
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "fleet.guest.h"
#include "wasm_grpc/guest.h"
#include "wasm_grpc/guest/kv.h"

using namespace wasm_grpc::guest;

namespace {

fleet::Account account(std::uint64_t count) {
  const char* name = std::getenv("SERVER");
  return {.count = count, .server = name == nullptr ? "" : name};
}

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class Accounts final : public fleet::Accounts::Async {
 public:
  Task<Result<fleet::Account>> Add(Context&, const fleet::Key& key) override {
    while (true) {
      if (!known_ && !read(key.key)) co_return Status::unavailable("the store is away");
      const auto done = kv::set(key.key, std::to_string(count_ + 1), {.if_version = version_});
      known_ = static_cast<bool>(done);
      if (known_) {
        version_ = done.version;
        co_return account(++count_);
      }
      if (done.outcome != kv::Outcome::conflict)
        co_return Status::unavailable("the store did not say whether it is done");
    }
  }

  Task<Result<fleet::Account>> Read(Context&, const fleet::Key& key) override {
    if (!read(key.key)) co_return Status::unavailable("the store is away");
    co_return account(count_);
  }

 private:
  bool read(const std::string& key) {
    const auto [outcome, found] = kv::find(key);
    known_ = outcome == kv::Outcome::ok || outcome == kv::Outcome::absent;
    count_ = number(found.value);
    version_ = found.version;
    return known_;
  }

  // Of the one key that this instance has.
  bool known_ = false;
  std::uint64_t count_ = 0;
  std::uint64_t version_ = 0;
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  registry.place_by_header("x-key");
  registry.serve<Accounts>();
}
