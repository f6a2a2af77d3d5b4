#include "rpc/buffer_pool.h"

#include <gtest/gtest.h>

#include <vector>

namespace wasm_grpc::rpc {
namespace {

using Buffer = std::vector<std::byte>;

TEST(BufferPool, GivesKeptMemoryAgainAndTheContentStays) {
  BufferPool pool;
  Buffer old;
  old.reserve(100'000);
  const std::byte* memory = old.data();
  pool.keep(old);
  EXPECT_EQ(old.capacity(), 0u);
  EXPECT_EQ(pool.size(), 100'000u);
  Buffer buffer = {std::byte{1}, std::byte{2}};
  pool.reserve(buffer, 90'000);
  EXPECT_EQ(buffer.data(), memory);
  EXPECT_EQ(buffer, (Buffer{std::byte{1}, std::byte{2}}));
  EXPECT_EQ(pool.size(), 0u);
}

TEST(BufferPool, ChoosesTheSmallestThatIsLargeEnough) {
  BufferPool pool;
  for (const std::size_t size : {400'000u, 100'000u, 200'000u}) {
    Buffer buffer;
    buffer.reserve(size);
    pool.keep(buffer);
  }
  Buffer buffer;
  pool.reserve(buffer, 150'000);
  EXPECT_EQ(buffer.capacity(), 200'000u);
  EXPECT_EQ(pool.size(), 500'000u);
}

TEST(BufferPool, AllocatesWhenNothingFits) {
  BufferPool pool;
  Buffer small;
  small.reserve(1000);
  pool.keep(small);
  Buffer buffer;
  pool.reserve(buffer, 2000);
  EXPECT_GE(buffer.capacity(), 2000u);
  EXPECT_EQ(pool.size(), 1000u);
}

TEST(BufferPool, KeepsALimitedAmount) {
  BufferPool pool;
  for (int i = 0; i < 100; ++i) {
    Buffer buffer;
    buffer.reserve(3'000'000);
    pool.keep(buffer);
  }
  EXPECT_EQ(pool.size(), 15'000'000u);
  BufferPool many;
  for (int i = 0; i < 100; ++i) {
    Buffer buffer;
    buffer.reserve(100);
    many.keep(buffer);
  }
  EXPECT_EQ(many.size(), 1600u);
}

}  // namespace
}  // namespace wasm_grpc::rpc
