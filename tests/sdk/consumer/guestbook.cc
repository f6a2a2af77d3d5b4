// Compiled so that docs/guest-protobuf.md shows code that compiles.
#include <string>
#include <vector>

#include "guestbook.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;
using guestbook::Entry;
using guestbook::Summary;

namespace {

class Guestbook : public guestbook::Guestbook {
 public:
  Result<Summary> Sign(Context&, const Entry& entry) override {
    if (entry.name.empty()) return Status::invalid_argument("who are you?");
    entries_.push_back(entry);
    return Summary{.entries = static_cast<std::int32_t>(entries_.size()), .last = entry};
  }

  Result<Summary> SignAll(Context&, MessageReader<Entry>& in) override {
    for (Entry& entry : in) entries_.push_back(std::move(entry));  // waits for each
    return Summary{.entries = static_cast<std::int32_t>(entries_.size())};
  }

  Status List(Context&, const Summary&, MessageWriter<Entry>& out) override {
    return out.write_all(entries_);  // waits while the client is slow
  }

  Status Chat(Context&, MessageReader<Entry>& in, MessageWriter<Entry>& out) override {
    while (const Entry* entry = in.read()) {
      if (!out.write(*entry)) break;
    }
    return Status::ok();
  }

 private:
  std::vector<Entry> entries_;  // of this instance
};

// As the document shows the use of a message.
[[maybe_unused]] std::string use(Bytes bytes) {
  Entry entry;
  if (!decode(bytes, entry)) return "malformed";
  if (entry.stars && *entry.stars > 3) entry.tags.push_back("good");
  entry.votes["yes"] += 1;
  entry.time.emplace().seconds = 1'700'000'000;
  if (const std::string* mail = entry.mail()) entry.name += " <" + *mail + ">";
  entry.set_phone(4711);
  return encode(entry);
}

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.serve<Guestbook>(); }
