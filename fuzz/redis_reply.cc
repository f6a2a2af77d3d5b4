// What a server of Redis answers: whatever that is, it is read within bounds, it does not depend on how it is cut, and
// every operation makes something of every reply.
//
// Input: one byte for the size of portions and one for the operation; the rest is what the server sends.
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "require.h"
#include "store/redis/job.h"
#include "store/redis/reply.h"

namespace wasm_grpc::fuzz {
namespace {

using store::redis::Job;
using store::redis::Reply;
using store::redis::ReplyReader;

constexpr std::size_t max_bytes = 4096;

struct Size {
  std::size_t parts = 1;
  std::size_t bytes = 0;
};

Size size_of(const Reply& reply) {
  Size size{1, reply.text.size()};
  for (const Reply& item : reply.items) {
    const Size its = size_of(item);
    size.parts += its.parts;
    size.bytes += its.bytes;
  }
  return size;
}

bool same(const Reply& one, const Reply& other) {
  if (one.kind != other.kind || one.number != other.number || one.text != other.text) return false;
  if (one.items.size() != other.items.size()) return false;
  for (std::size_t i = 0; i < one.items.size(); ++i) {
    if (!same(one.items[i], other.items[i])) return false;
  }
  return true;
}

std::vector<Reply> read(std::string_view bytes, std::size_t portion) {
  ReplyReader reader(max_bytes);
  std::vector<Reply> replies;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, portion);
    bytes.remove_prefix(part.size());
    reader.feed(part);
    while (auto reply = reader.next()) {
      const Size size = size_of(*reply);
      require(size.parts <= ReplyReader::max_parts + 1 && size.bytes <= max_bytes,
              "a reply is no larger than it may be");
      replies.push_back(std::move(*reply));
    }
  }
  return replies;
}

class Asked final : public store::Request {
 public:
  using Request::Request;
  bool wanted() const noexcept override { return true; }
  void answer(store::Answer, store::Wakes&) noexcept override {}
};

store::Operation operation(unsigned number) {
  using store::ChangeCounter;
  switch (number % 11) {
    case 0:
      return store::Get{"key"};
    case 1:
      return store::Set{"key", "value"};
    case 2:
      return store::Remove{"key", 7};
    case 3:
      return store::List{"k", "", 3};
    case 4:
      return store::FindCounter{"counter"};
    case 5:
      return store::LoadCounter{0};
    case 6:
      return store::GetMany{{"a", "b"}, 100};
    case 7:
      return store::ChangeMany{{store::Set{"a", "1"}, store::Remove{"b"}}, true};
    case 8:
      return store::Set{"key", "value", {}, 0, true};
    case 9:
      return ChangeCounter{0, ChangeCounter::Kind::add, ~std::uint64_t{0}};
    default:
      return ChangeCounter{0, ChangeCounter::Kind::compare_exchange, 1, 2};
  }
}

/// Has an operation take one reply after the other, until it has its answer.
void use(std::vector<Reply> replies, unsigned number) {
  const auto space =
      std::make_shared<store::redis::Space>("prefix", std::make_shared<store::Meter>("module"),
                                            std::make_shared<store::Watches>(), SharedStateLimits{.max_kv_value = 100});
  static_cast<void>(space->number_of("counter"));
  require(space->enter(0), "there is room for one");
  Job job(space, std::make_unique<Asked>(operation(number)));
  const store::redis::Digests digests;
  std::string command;
  for (Reply& reply : replies) {
    require(!job.write(digests, command), "the server is asked");
    const Job::Taken taken = job.take(std::move(reply));
    if (!taken.answer) continue;
    require(taken.answer->value.size() <= 100, "no value is larger than the module's may be");
    require(taken.answer->pairs.size() <= 3, "no list is longer than it was to be");
    return;
  }
}

}  // namespace
}  // namespace wasm_grpc::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  if (size < 2) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 2, size - 2);
  auto whole = fuzz::read(bytes, bytes.size());
  const auto pieces = fuzz::read(bytes, data[0] % 16 + std::size_t{1});
  for (std::size_t i = 0; i < whole.size() && i < pieces.size(); ++i) {
    fuzz::require(fuzz::same(whole[i], pieces[i]), "its pieces do not matter");
  }
  fuzz::use(std::move(whole), data[1]);
  return 0;
}
