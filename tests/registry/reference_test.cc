#include "registry/reference.h"

#include <gtest/gtest.h>

namespace wasm_grpc::registry {

namespace {

const std::string hex(64, 'a');

std::string error(std::string_view text) {
  const auto parsed = Reference::parse(text);
  return parsed.ok() ? "" : parsed.error().message;
}

TEST(Reference, HasARegistryANameATagAndADigest) {
  const auto parsed = Reference::parse("oci://GHCR.io:443/team/my-greeter:v1.2@sha256:" + hex);
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed.value().registry, "ghcr.io:443");
  EXPECT_EQ(parsed.value().repository, "team/my-greeter");
  EXPECT_EQ(parsed.value().tag, "v1.2");
  EXPECT_EQ(parsed.value().digest->hex(), hex);
  EXPECT_EQ(parsed.value().module_name(), "my-greeter");
  EXPECT_EQ(parsed.value().text(), "oci://ghcr.io:443/team/my-greeter:v1.2@sha256:" + hex);
}

TEST(Reference, MeansTheLatestWhereItDoesNotSay) {
  EXPECT_EQ(Reference::parse("oci://ghcr.io/a").value().text(), "oci://ghcr.io/a:latest");
  EXPECT_EQ(Reference::parse("oci://ghcr.io/a@sha256:" + hex).value().tag, "");
}

TEST(Reference, MayBeWrittenWithoutItsScheme) {
  EXPECT_EQ(Reference::parse("localhost/a:1").value().text(), "oci://localhost/a:1");
  EXPECT_EQ(Reference::parse("[::1]:5000/a").value().registry, "[::1]:5000");
  EXPECT_EQ(Reference::parse("127.0.0.1:5000/a__b/c---d.e").value().repository, "a__b/c---d.e");
}

TEST(Reference, SaysWhatIsWrongWithIt) {
  EXPECT_NE(error("greeter").find("names no registry; expected HOST[:PORT]/NAME"), std::string::npos);
  EXPECT_NE(error("team/greeter").find("has neither a dot nor a port"), std::string::npos);
  EXPECT_NE(error("https://ghcr.io/a").find("has another scheme"), std::string::npos);
  EXPECT_NE(error("oci://ghcr.io/a@sha256:12").find("has no digest after the @"), std::string::npos);
  EXPECT_NE(error("oci://ghcr.io/a@sha512:" + hex).find("has no digest after the @"), std::string::npos);
  EXPECT_NE(error("oci://ghcr.io:99999/a").find("has a port that is none"), std::string::npos);
  EXPECT_NE(error("oci://ghcr.io/a:").find("has a tag that is none"), std::string::npos);
  EXPECT_NE(error("oci://ghcr.io/a:" + std::string(129, 'x')).find("has a tag that is none"), std::string::npos);
}

TEST(Reference, NamesNothingBeyondItsRegistry) {
  for (const char* text : {"ghcr.io/", "ghcr.io//a", "ghcr.io/../a", "ghcr.io/a/../b", "ghcr.io/A", "ghcr.io/a b",
                           "ghcr.io/a_", "ghcr.io/a___b", "ghcr.io/a%2fb", "ghcr.io/a?b", "ghcr.io/a#b", "me@ghcr.io/a",
                           "ghcr..io/a", "-ghcr.io/a", "ghcr.io\n/a", "[::1/a", "[::g]/a", "gh_cr.io/a"}) {
    EXPECT_NE(error(text), "") << text;
  }
  EXPECT_NE(error("ghcr.io/" + std::string(256, 'a')), "");
}

TEST(Reference, ShowsNothingThatATerminalWouldObey) {
  const std::string said = error("ghcr.io/\x1b[31m" + std::string(1000, 'x'));
  EXPECT_EQ(said.find('\x1b'), std::string::npos);
  EXPECT_LT(said.size(), 400u);
}

TEST(Path, IsAReferenceWhereItSaysSo) {
  EXPECT_TRUE(check_path("greeter.wasm").ok());
  EXPECT_TRUE(check_path("ghcr.io/not/a/reference:but:a:file").ok());
  EXPECT_TRUE(check_path("oci://ghcr.io/a:1").ok());
  EXPECT_FALSE(check_path("oci://a:1").ok());
}

}  // namespace

}  // namespace wasm_grpc::registry
