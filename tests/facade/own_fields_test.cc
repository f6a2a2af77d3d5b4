#include "facade/own_fields.h"

#include <gtest/gtest.h>

#include <array>

namespace wasm_grpc::facade {
namespace {

TEST(OwnFields, ThoseOfTheProtocolAreTakenOutAndTheOthersKeepTheirOrder) {
  rpc::Metadata fields;
  for (const char* name : {"a", "connect-timeout-ms", "b", "connect-timeout-ms", "a"}) fields.add(name, "1");
  const std::array<std::string_view, 1> names = {"connect-timeout-ms"};
  drop_fields(names, fields);
  std::string left;
  for (const auto [key, value] : fields) left.append(key);
  EXPECT_EQ(left, "aba");
}

TEST(OwnFields, AHandlerCannotSayHowItsAnswerIsFramedNorWhoMayReadIt) {
  rpc::Metadata given;
  for (const char* name : {"content-length", "content-encoding", "trailer", "access-control-allow-origin",
                           "connect-content-encoding", "date", "mine"}) {
    given.add(name, "5");
  }
  rpc::Metadata fields;
  add_metadata(given, {}, fields);
  EXPECT_EQ(fields.size(), 1U);
  EXPECT_EQ(fields.get("mine"), "5");
  add_metadata(given, "trailer-", fields);
  EXPECT_EQ(fields.get("trailer-content-length"), "5");
}

TEST(OwnFields, BinaryValuesLeaveInBase64) {
  rpc::Metadata given;
  given.add("a-bin", std::string_view("\0\xff", 2));
  rpc::Metadata fields;
  add_metadata(given, {}, fields);
  EXPECT_EQ(fields.get("a-bin"), "AP8");
}

}  // namespace
}  // namespace wasm_grpc::facade
