#include "wasm_grpc/rpc/metadata.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace wasm_grpc::rpc {
namespace {

TEST(Metadata, KeepsPairsInOrderAndKeysThatRepeat) {
  Metadata metadata;
  metadata.add("a", "1");
  metadata.add("b", "");
  metadata.add("a", "2");
  std::vector<std::pair<std::string, std::string>> seen;
  for (const auto [key, value] : metadata) seen.emplace_back(key, value);
  const std::vector<std::pair<std::string, std::string>> expected = {{"a", "1"}, {"b", ""}, {"a", "2"}};
  EXPECT_EQ(seen, expected);
  EXPECT_EQ(metadata.size(), 3u);
  EXPECT_EQ(metadata.byte_size(), 5u);
}

TEST(Metadata, FindsTheNthValueOfAKey) {
  Metadata metadata;
  metadata.add("a", "1");
  metadata.add("b", "x");
  metadata.add("a", "2");
  EXPECT_EQ(metadata.get("a"), "1");
  EXPECT_EQ(metadata.get("a", 1), "2");
  EXPECT_EQ(metadata.get("a", 2), std::nullopt);
  EXPECT_EQ(metadata.get("c"), std::nullopt);
}

TEST(Metadata, HoldsArbitraryBytes) {
  const std::string bytes("\0\xff\n", 3);
  Metadata metadata;
  metadata.add("x-bin", bytes);
  EXPECT_EQ(metadata.get("x-bin"), bytes);
}

TEST(Metadata, IsEmptyAfterClear) {
  Metadata metadata;
  metadata.add("a", std::string(100'000, 'x'));
  metadata.clear();
  EXPECT_TRUE(metadata.empty());
  EXPECT_EQ(metadata.byte_size(), 0u);
  EXPECT_EQ(metadata.get("a"), std::nullopt);
}

TEST(MetadataKeys, OfTheProtocolAreReserved) {
  for (const char* key : {":path", "grpc-status", "grpc-anything", "te", "content-type", "connection", "keep-alive",
                          "proxy-connection", "transfer-encoding", "upgrade"}) {
    EXPECT_TRUE(is_reserved_key(key)) << key;
    EXPECT_FALSE(is_valid_key(key)) << key;
  }
}

TEST(MetadataKeys, AreLowerCaseLettersDigitsAndThreeSigns) {
  for (const char* key : {"a", "x-request-id", "user-agent", "trace.id_2-bin", "tea", "grpc"}) {
    EXPECT_TRUE(is_valid_key(key)) << key;
  }
  for (const char* key : {"", "X", "a b", "a:b", "a/b", "é", "a\n", "a~"}) EXPECT_FALSE(is_valid_key(key)) << key;
}

TEST(MetadataValues, ArePrintableAsciiUnlessTheKeyIsBinary) {
  EXPECT_TRUE(is_binary_key("x-bin"));
  EXPECT_FALSE(is_binary_key("x-bin2"));
  EXPECT_TRUE(is_valid_ascii_value(""));
  EXPECT_TRUE(is_valid_ascii_value(" ~"));
  EXPECT_FALSE(is_valid_ascii_value("\t"));
  EXPECT_FALSE(is_valid_ascii_value("\x7f"));
  EXPECT_FALSE(is_valid_ascii_value("ü"));
}

}  // namespace
}  // namespace wasm_grpc::rpc
