#include "registry/cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "net/folder.h"

namespace wasm_grpc::registry {

namespace {

namespace fs = std::filesystem;

class Caching : public testing::Test {
 protected:
  [[nodiscard]] Cache open(std::size_t most = 1000) const { return Cache::open(folder_.file("cache"), most).value(); }
  [[nodiscard]] fs::path blob(const std::string& content) const {
    return fs::path(folder_.file("cache")) / "blobs" / Digest::of(content).hex();
  }
  /// Puts content that was last used so long ago.
  void put(const Cache& cache, const std::string& content, std::chrono::hours ago) const {
    EXPECT_TRUE(cache.put_blob(Digest::of(content), content).ok());
    fs::last_write_time(blob(content), fs::file_time_type::clock::now() - ago);
  }

  net::Folder folder_;
  Reference reference_ = Reference::parse("ghcr.io/a:1").value();
};

TEST_F(Caching, WhatIsPutThereIsThereForOthersToo) {
  const Digest digest = Digest::of("content");
  EXPECT_FALSE(open().blob(digest, 100));
  EXPECT_TRUE(open().put_blob(digest, "content").ok());
  EXPECT_TRUE(open().put_manifest(digest, "content").ok());
  EXPECT_TRUE(open().put_tag(reference_, digest).ok());
  EXPECT_EQ(open().blob(digest, 100), "content");
  EXPECT_EQ(open().manifest(digest), "content");
  EXPECT_EQ(open().tag(reference_), digest);
  EXPECT_FALSE(open().tag(Reference::parse("ghcr.io/a:2").value()));
}

TEST_F(Caching, WhatIsNotWhatItWasIsNotThere) {
  const Digest digest = Digest::of("content");
  EXPECT_TRUE(open().put_blob(digest, "content").ok());
  EXPECT_FALSE(open().blob(digest, 3)) << "larger than may be";
  std::ofstream(blob("content")) << "CONTENT";
  EXPECT_FALSE(open().blob(digest, 100));
}

TEST_F(Caching, OnlyItsUserMayLookIntoIt) {
  const Cache cache = open();
  EXPECT_TRUE(cache.put_blob(Digest::of("content"), "content").ok());
  struct stat what{};
  ASSERT_EQ(stat(blob("content").c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 0777u, 0600u);
  ASSERT_EQ(stat(blob("content").parent_path().c_str(), &what), 0);
  EXPECT_EQ(what.st_mode & 0777u, 0700u);
}

TEST_F(Caching, WhatWasNotUsedForLongestMakesRoom) {
  const Cache cache = open(2500);
  put(cache, std::string(1000, 'a'), std::chrono::hours(3));
  put(cache, std::string(1000, 'b'), std::chrono::hours(2));
  EXPECT_TRUE(cache.blob(Digest::of(std::string(1000, 'a')), 1000)) << "used now";
  EXPECT_TRUE(cache.put_blob(Digest::of(std::string(1000, 'c')), std::string(1000, 'c')).ok());
  EXPECT_TRUE(fs::exists(blob(std::string(1000, 'a'))));
  EXPECT_FALSE(fs::exists(blob(std::string(1000, 'b'))));
  EXPECT_TRUE(fs::exists(blob(std::string(1000, 'c'))));
}

TEST_F(Caching, WhatWasPutLastStaysHoweverLargeItIs) {
  const Cache cache = open(10);
  EXPECT_TRUE(cache.put_blob(Digest::of(std::string(1000, 'c')), std::string(1000, 'c')).ok());
  EXPECT_TRUE(fs::exists(blob(std::string(1000, 'c'))));
}

TEST_F(Caching, AFolderToWhichOthersMayWriteIsNotBelieved) {
  static_cast<void>(open());
  fs::permissions(fs::path(folder_.file("cache")) / "tags", fs::perms::group_write, fs::perm_options::add);
  const auto opened = Cache::open(folder_.file("cache"), 1);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("tags cannot be trusted: others than its owner may write there"),
            std::string::npos)
      << opened.error().message;
}

TEST_F(Caching, AFolderThatCannotBeIsAnError) {
  std::ofstream(folder_.file("file")) << "no folder";
  const auto opened = Cache::open(folder_.file("file"), 1);
  ASSERT_FALSE(opened.ok());
  EXPECT_NE(opened.error().message.find("file"), std::string::npos);
}

TEST(UsualCache, IsWhereTheSystemSays) {
  setenv("XDG_CACHE_HOME", "/xdg", 1);
  EXPECT_EQ(usual_cache_folder(), "/xdg/wasm-grpc/registry");
  setenv("CACHE_DIRECTORY", "/var/cache/wasm-grpc:/other", 1);
  EXPECT_EQ(usual_cache_folder(), "/var/cache/wasm-grpc/registry");
  unsetenv("CACHE_DIRECTORY");
  unsetenv("XDG_CACHE_HOME");
}

}  // namespace

}  // namespace wasm_grpc::registry
