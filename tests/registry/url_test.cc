#include "registry/http/url.h"

#include <gtest/gtest.h>

namespace wasm_grpc::registry {

namespace {

std::string resolved(const std::string& reference) {
  const auto url = Url::parse("https://Here:5000/v2/team/blobs/1?a=b")->resolve(reference);
  return url ? url->text() : "none";
}

TEST(Url, IsHttpWithoutUser) {
  EXPECT_EQ(Url::parse("HTTPS://Host?x#y")->text(), "https://host/?x");
  for (const char* text : {"", "host/a", "file:///a", "http://", "http:///a", "http://me@host/", "http://a b/",
                           "http://a/\n", "javascript:x", "http://a\\b/"}) {
    EXPECT_FALSE(Url::parse(text)) << text;
  }
  EXPECT_FALSE(Url::parse("http://a/" + std::string(max_url_bytes, 'x')));
}

TEST(Url, ResolvesWhatIsRelativeToIt) {
  EXPECT_EQ(resolved("http://there/x?y=http://z"), "http://there/x?y=http://z");
  EXPECT_EQ(resolved("//there/x"), "https://there/x");
  EXPECT_EQ(resolved("/x"), "https://here:5000/x");
  EXPECT_EQ(resolved("x?to=http://z"), "https://here:5000/v2/team/blobs/x?to=http://z");
  EXPECT_EQ(resolved("file:///etc/passwd"), "none");
}

TEST(Url, HasAnOrigin) {
  const Url url = *Url::parse("https://here/a");
  EXPECT_TRUE(url.same_origin(*Url::parse("https://HERE/b?c")));
  EXPECT_FALSE(url.same_origin(*Url::parse("http://here/a")));
  EXPECT_FALSE(url.same_origin(*Url::parse("https://here:444/a")));
}

}  // namespace

}  // namespace wasm_grpc::registry
