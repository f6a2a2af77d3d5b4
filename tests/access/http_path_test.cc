#include "access/http_path.h"

#include <gtest/gtest.h>

namespace wasm_grpc::access {
namespace {

TEST(HttpPath, IsPlainWhereItMeansOneThing) {
  for (const char* path : {"/", "/a", "/a/b", "/a/b/", "/a.b/..c/d..", "/pkg.Service/Method", "/caf%C3%A9", "/a%20b",
                           "/a:b@c", "/a%3Fb"}) {
    EXPECT_TRUE(is_plain_path(path)) << path;
  }
}

TEST(HttpPath, IsNotPlainWhereAGuestMayReadAnother) {
  for (const char* path :
       {"",        "a",        "*",       "//",          "//a",  "/a//b",  "/a//",   "/.",    "/..",
        "/a/../b", "/a/./b",   "/a/..",   "/a/%2e%2e/b", "/%2E", "/a%2fb", "/a%2Fb", "/a\\b", "/a%5cb",
        "/a%00",   "/%41dmin", "/a%252e", "/a%",         "/a%2", "/a%zz",  "/%7f"}) {
    EXPECT_FALSE(is_plain_path(path)) << path;
  }
}

}  // namespace
}  // namespace wasm_grpc::access
