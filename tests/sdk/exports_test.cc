// The module's two exports, as WASM_GRPC_SERVICES makes them, and that calls do not allocate.
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <string>

#include "fake_host.h"
#include "wasm_grpc/guest.h"

namespace {
std::uint64_t allocations = 0;  // by operator new, in this program; tests run on one thread
}  // namespace

// Not inlined: GCC would take malloc's memory for that of the standard operator new, or the other way round.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  void* const memory = std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) std::abort();
  return memory;
}
// Replaced too, as a sanitizer's own new[] would not come by here.
void* operator new[](std::size_t size) { return operator new(size); }
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

WASM_GRPC_SERVICES(registry) {
  using namespace wasm_grpc::guest;
  registry.service("test.Exports")
      .unary("Echo", [](Context&, Bytes request) -> Reply { return request; })
      .unary("Wrap", [](Context& context, Bytes request) -> Reply {
        std::string& reply = context.scratch();
        wire::Writer(reply).bytes(1, request);
        return Bytes(reply);
      });
}

namespace wasm_grpc::guest {
namespace {

/// A host that allocates nothing while a call runs.
class PlainCall {
 public:
  explicit PlainCall(testing::FakeHost& host) : host_(host) {}
  /// How many allocations one call makes beyond those of the fake host itself.
  std::uint64_t allocations_of(std::int32_t tag, const std::string& request) {
    testing::FakeCall& call = host_.calls[1];
    call = testing::FakeCall();
    call.sent.reserve(1);
    call.requests.push_back(request);
    const std::uint64_t before = allocations;
    EXPECT_EQ(wasm_grpc_call(1, tag), 0);
    const std::uint64_t made = allocations - before;
    EXPECT_EQ(call.sent.size(), 1u);
    return made - 1;  // the fake's copy of the response
  }

 private:
  testing::FakeHost& host_;
};

TEST(Exports, ServeWithoutAllocatingOnceTheBuffersAreThere) {
  testing::FakeHost host;
  wasm_grpc_start();
  ASSERT_EQ(host.methods.size(), 2u);
  EXPECT_EQ(host.methods[0].path, "/test.Exports/Echo");
  PlainCall call(host);
  const std::string request(500, 'r');
  EXPECT_GT(call.allocations_of(0, request), 0u) << "the first call makes the request buffer";
  EXPECT_EQ(call.allocations_of(0, request), 0u);
  EXPECT_GT(call.allocations_of(1, request), 0u) << "the first call makes the scratch string";
  EXPECT_EQ(call.allocations_of(1, request), 0u);
}

}  // namespace
}  // namespace wasm_grpc::guest
