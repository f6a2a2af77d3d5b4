// Compiled so that docs/guest-cpp.md shows code that compiles.
#include <chrono>
#include <string>

#include "guestbook.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using namespace std::chrono_literals;
using guestbook::Entry;
using guestbook::Summary;

namespace {

class Errors : public guestbook::Guestbook {
 public:
  Result<Summary> Sign(Context&, const Entry& entry) override {
    if (entry.name.empty()) {
      return Status::invalid_argument("who are you?")
          .with(rpc::BadRequest{.field_violations = {{"name", "must not be empty"}}});
    }
    if (++entries_ > 1000) {
      return Status::unavailable("the book is full")
          .with(rpc::RetryInfo{.retry_delay = 90s})
          .with(rpc::ErrorInfo{.reason = "BOOK_FULL", .domain = "guestbook.test"})
          .with(entry);  // any message
    }
    return Summary{.entries = entries_};
  }

 private:
  std::int32_t entries_ = 0;
};

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.serve<Errors>(); }
