#include "http1/date.h"

#include <gtest/gtest.h>

namespace wasm_grpc::http1 {
namespace {

TEST(Http1Date, IsThatOfTheRfc) {
  Date date;
  EXPECT_EQ(date.text(784111777), "Sun, 06 Nov 1994 08:49:37 GMT");  // RFC 9110, 5.6.7
  EXPECT_EQ(date.text(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.text(951827696), "Tue, 29 Feb 2000 12:34:56 GMT");
}

TEST(Http1Date, GoesWithTheSecond) {
  Date date;
  EXPECT_EQ(date.text(59), "Thu, 01 Jan 1970 00:00:59 GMT");
  EXPECT_EQ(date.text(59), "Thu, 01 Jan 1970 00:00:59 GMT");
  EXPECT_EQ(date.text(60), "Thu, 01 Jan 1970 00:01:00 GMT");
}

}  // namespace
}  // namespace wasm_grpc::http1
