#include "facade/status_details.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "facade/connect/error.h"

namespace wasm_grpc::facade {
namespace {

rpc::Response response_with(std::string_view details) {
  rpc::Response response;
  response.status = {rpc::StatusCode::not_found, "gone"};
  response.trailers.add("grpc-status-details-bin", details);
  return response;
}

// google.rpc.Status {code: 5, message: "gone", details: Any {"type.googleapis.com/a.B", "\x08\x01"}}
const std::string one_detail = "\x08\x05\x12\x04gone\x1a\x1d\x0a\x17type.googleapis.com/a.B\x12\x02\x08\x01";

TEST(StatusDetails, AreTypesWithoutTheirHostsAndBytes) {
  const auto details = status_details(response_with(one_detail));
  ASSERT_EQ(details.size(), 1U);
  EXPECT_EQ(details[0].type, "a.B");
  EXPECT_EQ(details[0].value, "\x08\x01");
}

TEST(StatusDetails, OfWhatIsNoStatusAreNone) {
  for (std::size_t size = 1; size < one_detail.size(); ++size) {
    const auto details = status_details(response_with(one_detail.substr(0, size)));
    EXPECT_TRUE(details.empty() || size <= 8) << size;
  }
  EXPECT_TRUE(status_details(response_with("\x1a\xff\xff\xff\xff\x7f")).empty());
  EXPECT_TRUE(status_details(response_with("\x1a\x02\x0a\x05")).empty());
  EXPECT_TRUE(status_details(rpc::Response()).empty());
}

TEST(StatusDetails, AreSaidInConnectsErrors) {
  const auto json = connect::error(response_with(one_detail));
  EXPECT_EQ(connect::text(json), R"({"code":"not_found","message":"gone","details":[{"type":"a.B","value":"CAE"}]})");
}

}  // namespace
}  // namespace wasm_grpc::facade
