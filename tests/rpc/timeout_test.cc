#include "rpc/timeout.h"

#include <gtest/gtest.h>

namespace wasm_grpc::rpc {
namespace {

using std::chrono::nanoseconds;

TEST(Timeout, ReadsEveryUnit) {
  EXPECT_EQ(parse_timeout("1H"), std::chrono::hours(1));
  EXPECT_EQ(parse_timeout("90M"), std::chrono::minutes(90));
  EXPECT_EQ(parse_timeout("5S"), std::chrono::seconds(5));
  EXPECT_EQ(parse_timeout("250m"), std::chrono::milliseconds(250));
  EXPECT_EQ(parse_timeout("7u"), std::chrono::microseconds(7));
  EXPECT_EQ(parse_timeout("99999999n"), nanoseconds(99'999'999));
  EXPECT_EQ(parse_timeout("0S"), nanoseconds(0));
  EXPECT_EQ(parse_timeout("00000001S"), std::chrono::seconds(1));
}

TEST(Timeout, SaturatesWhatNanosecondsCannotHold) {
  EXPECT_EQ(parse_timeout("99999999H"), nanoseconds::max());
  EXPECT_EQ(parse_timeout("2562047H"), std::chrono::hours(2562047));
  EXPECT_EQ(parse_timeout("2562048H"), nanoseconds::max());
}

TEST(Timeout, RefusesWhatIsMalformed) {
  for (const char* text :
       {"", "S", "1", "10", "1s", "1h", "123456789S", "-1S", "+1S", " 1S", "1 S", "1S ", "1.5S", "1mS"}) {
    EXPECT_EQ(parse_timeout(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace wasm_grpc::rpc
