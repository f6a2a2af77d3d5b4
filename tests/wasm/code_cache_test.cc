// Compiled code that is kept in files.
#include "wasm/code_cache.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "support.h"

namespace wasm_grpc::wasm::test {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view seven = R"((module (func (export "f") (result i32) i32.const 7)))";
constexpr std::string_view eight = R"((module (func (export "f") (result i32) i32.const 8)))";

class CodeCacheTest : public testing::Test {
 protected:
  ~CodeCacheTest() override { fs::remove_all(root_); }

  Result<std::unique_ptr<CodeCache>> open(const fs::path& directory) {
    return CodeCache::open(directory.string(), [this](const std::string& text) { warnings_.push_back(text); });
  }
  std::string refusal(const fs::path& directory) {
    const auto cache = open(directory);
    return cache.ok() ? "" : cache.error().message;
  }

  /// What the function of the module answers.
  std::int32_t answer(std::string_view text, const CodeCache& cache) {
    const Linker linker(engine_);
    const auto linked = expect_value(
        linker.link(expect_value(Module::compile(engine_, "guest", std::as_bytes(std::span(text)), &cache))));
    Instance instance(*linked);
    instance.begin_instantiate();
    EXPECT_EQ(instance.poll(), Progress::done);
    instance.begin_call(*instance.find_function("f"), {}, true);
    EXPECT_EQ(instance.poll(), Progress::done);
    return instance.result();
  }

  std::vector<fs::path> files() const { return {fs::directory_iterator(cache_), fs::directory_iterator()}; }

  static fs::path make_root() {
    std::string pattern = (fs::temp_directory_path() / "code_cache_test.XXXXXX").string();
    return mkdtemp(pattern.data());
  }

  const fs::path root_ = make_root();
  const fs::path cache_ = root_ / "cache";
  Engine engine_ = make_engine();
  std::vector<std::string> warnings_;
};

TEST_F(CodeCacheTest, KeepsEachModuleInAFileOfItsOwn) {
  const auto cache = expect_value(open(cache_));
  EXPECT_EQ(answer(seven, *cache), 7);
  EXPECT_EQ(answer(eight, *cache), 8);
  EXPECT_EQ(answer(seven, *cache), 7);
  EXPECT_EQ(files().size(), 2U);
  EXPECT_TRUE(warnings_.empty());
}

TEST_F(CodeCacheTest, TakesTheCodeThatIsThere) {
  const auto cache = expect_value(open(cache_));
  EXPECT_EQ(answer(seven, *cache), 7);
  const fs::path kept = files().front();
  EXPECT_EQ(answer(eight, *cache), 8);
  // What one module's file holds is not asked again of its source: eight answers by the code of seven.
  for (const fs::path& file : files()) {
    if (file == kept) continue;
    fs::remove(file);
    fs::copy_file(kept, file);
  }
  EXPECT_EQ(answer(eight, *cache), 7);
}

TEST_F(CodeCacheTest, IsThereForTheNextProcess) {
  EXPECT_EQ(answer(seven, *expect_value(open(cache_))), 7);
  const auto written = fs::last_write_time(files().front());
  EXPECT_EQ(answer(seven, *expect_value(open(cache_))), 7);
  EXPECT_EQ(fs::last_write_time(files().front()), written);
}

TEST_F(CodeCacheTest, CompilesAnewWhatIsNoCodeOfThisEngine) {
  const auto cache = expect_value(open(cache_));
  EXPECT_EQ(answer(seven, *cache), 7);
  const fs::path kept = files().front();
  const auto size = fs::file_size(kept);
  for (const std::string& text : {std::string(), std::string("not code"), std::string(100'000, 'x')}) {
    std::ofstream(kept, std::ios::binary | std::ios::trunc) << text;
    EXPECT_EQ(answer(seven, *cache), 7);
    EXPECT_EQ(fs::file_size(kept), size);
  }
  EXPECT_EQ(files().size(), 1U);
}

TEST_F(CodeCacheTest, RefusesADirectoryThatOthersMayWriteTo) {
  fs::create_directory(cache_);
  for (const mode_t mode : {0770, 0707, 0777}) {
    ASSERT_EQ(chmod(cache_.c_str(), mode), 0);
    EXPECT_NE(refusal(cache_).find("chmod go-w"), std::string::npos) << refusal(cache_);
  }
  ASSERT_EQ(chmod(cache_.c_str(), 0755), 0);
  EXPECT_EQ(refusal(cache_), "");
}

TEST_F(CodeCacheTest, RefusesWhatIsNoDirectory) {
  std::ofstream(root_ / "file") << "text";
  EXPECT_NE(refusal(root_ / "file").find("cannot be opened as a directory"), std::string::npos);
  EXPECT_NE(refusal(root_ / "missing" / "cache").find("cannot be made"), std::string::npos);
}

TEST_F(CodeCacheTest, DoesNotRunAFileThatOthersMayWrite) {
  const auto cache = expect_value(open(cache_));
  EXPECT_EQ(answer(seven, *cache), 7);
  ASSERT_EQ(chmod(files().front().c_str(), 0666), 0);
  EXPECT_EQ(answer(seven, *cache), 7);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_.front().find("is not used"), std::string::npos) << warnings_.front();
  EXPECT_EQ(fs::status(files().front()).permissions() & fs::perms::others_write, fs::perms::none) << "written anew";
}

TEST_F(CodeCacheTest, GoesOnWithoutADirectoryThatIsGone) {
  const auto cache = expect_value(open(cache_));
  fs::remove_all(cache_);
  EXPECT_EQ(answer(seven, *cache), 7);
  ASSERT_EQ(warnings_.size(), 1U);
  EXPECT_NE(warnings_.front().find("could not be kept"), std::string::npos) << warnings_.front();
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
