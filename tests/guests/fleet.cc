// fleet.Servers (fleet.proto). The server's name is in the environment, SERVER; it is built several times, each with
// another VERSION.
#include <cstdlib>
#include <string>

#include "fleet.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

std::string server() {
  const char* name = std::getenv("SERVER");
  return name == nullptr ? std::string() : name;
}

fleet::Answer answer(const fleet::Words& words) { return {.text = words.text, .server = server(), .version = VERSION}; }

class Servers final : public fleet::Servers {
 public:
  Result<fleet::Answer> Say(Context&, const fleet::Words& words) override { return answer(words); }

  Status Follow(Context&, MessageReader<fleet::Words>& in, MessageWriter<fleet::Answer>& out) override {
    for (const fleet::Words& words : in) {
      if (!out.write(answer(words))) return Status::cancelled();
    }
    return in.cancelled() ? Status::cancelled() : Status::ok();
  }

  Result<fleet::Account> Pass(Context& context, const fleet::Key& key) override {
    return accounts_.Add(context, key, {.metadata = {{"x-key", key.key}}});
  }

 private:
  fleet::Accounts::Stub accounts_{"accounts"};
};

}  // namespace

WASM_GRPC_SERVICES(registry) {
  require_target("accounts");
  registry.serve<Servers>();
}
