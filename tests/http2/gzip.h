// Bodies and messages that are compressed.
#pragma once

#include <gtest/gtest.h>

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rpc/buffer_pool.h"
#include "rpc/codec.h"

namespace wasm_grpc::http2 {

inline std::string gzipped(std::string_view text) {
  rpc::BufferPool pool;
  rpc::Codec codec(pool);
  std::vector<std::byte> out;
  EXPECT_TRUE(codec.compress(rpc::Encoding::gzip, std::as_bytes(std::span(text)), out));
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

inline std::string gunzipped(std::string_view text) {
  rpc::BufferPool pool;
  rpc::Codec codec(pool);
  std::vector<std::byte> out;
  EXPECT_EQ(codec.decompress(rpc::Encoding::gzip, std::as_bytes(std::span(text)), 10'000'000, out),
            rpc::CodecOutcome::done);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

}  // namespace wasm_grpc::http2
