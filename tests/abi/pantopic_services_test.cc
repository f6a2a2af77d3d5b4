#include <gtest/gtest.h>

#include "abi/pantopic/services.h"

namespace wasm_grpc::abi::pantopic {
namespace {

std::string why(std::string_view list) {
  const auto parsed = parse_services(list);
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(Services, AreReadWithTheKindsOfTheirMethods) {
  const auto methods = parse_services("/pkg.One/u.A,c.B/Two/s.C,b.D");
  ASSERT_TRUE(methods.ok()) << methods.error().message;
  const std::vector<DeclaredMethod> expected = {{"/pkg.One/A", rpc::MethodKind::unary, 0, Style::handler},
                                                {"/pkg.One/B", rpc::MethodKind::client_stream, 1, Style::handler},
                                                {"/Two/C", rpc::MethodKind::server_stream, 2, Style::handler},
                                                {"/Two/D", rpc::MethodKind::bidi_stream, 3, Style::handler}};
  EXPECT_EQ(methods.value(), expected);
}

TEST(Services, OfANonsensicalListAreRefusedWithTheReason) {
  EXPECT_NE(why("").find("it is empty"), std::string::npos);
  EXPECT_NE(why("/").find("it names no service"), std::string::npos);
  EXPECT_NE(why("pkg.One/u.A").find("begins with \"p\", not with a slash"), std::string::npos);
  EXPECT_NE(why("/pkg.One").find("the service \"pkg.One\" has no methods"), std::string::npos);
  EXPECT_NE(why("/pkg.One/").find("has no methods"), std::string::npos);
  EXPECT_NE(why("/pkg.One//Two/u.A").find("has no methods"), std::string::npos);
  for (const char* method : {"A", "x.A", "uA", "u.", ".A", "U.A", "u.A,,u.B", "uu.A"}) {
    EXPECT_NE(why("/pkg.One/" + std::string(method)).find("is no u.Method"), std::string::npos) << method;
  }
  EXPECT_NE(why("//u.A").find("is no path /package.Service/Method"), std::string::npos);
  EXPECT_NE(why("/pkg.One/u.A,c.A").find("the method \"/pkg.One/A\" twice"), std::string::npos);
  EXPECT_NE(why("/pkg.One/u.A/pkg.One/u.A").find("twice"), std::string::npos);
  EXPECT_NE(why("/" + std::string(1022, 'x') + "/u.A").find("longer than 1024 bytes"), std::string::npos);
  EXPECT_EQ(why("/" + std::string(1021, 'x') + "/u.A"), "");
}

TEST(Services, AreNotShownAsTheyAre) {
  EXPECT_EQ(why(std::string_view("\0\x1b[2J", 5)).find('\x1b'), std::string::npos);
  EXPECT_EQ(why("/a\x1b/u.\xff").find('\xff'), std::string::npos);
}

TEST(Services, AreLimitedInNumber) {
  std::string list = "/One/u.M0";
  for (int i = 1; i < 10'000; ++i) list += ",u.M" + std::to_string(i);
  EXPECT_EQ(why(list), "");
  EXPECT_NE(why(list + ",u.More").find("may have 10000 methods"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::abi::pantopic
