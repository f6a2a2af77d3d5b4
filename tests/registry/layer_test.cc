#include "registry/layer.h"

#include <gtest/gtest.h>
#include <zlib.h>

#include <cstdio>

namespace wasm_grpc::registry {

namespace {

constexpr std::string_view tar_type = "application/vnd.oci.image.layer.v1.tar";
constexpr std::string_view gzip_type = "application/vnd.docker.image.rootfs.diff.tar.gzip";
constexpr std::size_t most = 100'000;

/// An entry of a tar.
std::string entry(const std::string& name, const std::string& content, char type = '0') {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  char size[12];
  std::snprintf(size, sizeof(size), "%011zo", content.size());
  header.replace(124, 11, size);
  header[156] = type;
  std::string padded = content;
  padded.resize((content.size() + 511) / 512 * 512, '\0');
  return header + padded;
}
const std::string end(1024, '\0');

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string module_of(const std::string& bytes, std::string_view type) {
  auto module = module_of_layer(bytes, type, most);
  return module.ok() ? module.value() : module.error().message;
}

TEST(Layer, OfAnArtifactIsTheModule) {
  EXPECT_EQ(module_of("module", wasm_layer), "module");
  EXPECT_NE(module_of(std::string(most + 1, 'x'), wasm_layer).find("100000 are allowed"), std::string::npos);
}

TEST(Layer, OfAnImageHasTheModuleInAnArchive) {
  const std::string tar = entry("etc/", "", '5') + entry("etc/passwd", "root") + entry("plugin.wasm", "module") + end;
  EXPECT_EQ(module_of(tar, tar_type), "module");
  EXPECT_EQ(module_of(gzip(tar), gzip_type), "module");
}

TEST(Layer, MayNameItAtLength) {
  const std::string name = std::string(200, 'n') + ".wasm";
  EXPECT_EQ(module_of(entry("././@LongLink", name + std::string(1, '\0'), 'L') + entry("short", "one") + end, tar_type),
            "one");
  const std::string pax = "215 path=" + name + "\n";
  EXPECT_EQ(module_of(entry("pax", pax, 'x') + entry("short", "two") + end, tar_type), "two");
}

TEST(Layer, HasOneModule) {
  EXPECT_NE(module_of(entry("a.wasm", "1") + entry("b.wasm", "2") + end, tar_type).find("several files"),
            std::string::npos);
  EXPECT_NE(module_of(entry("a.txt", "1") + end, tar_type).find("no file named *.wasm"), std::string::npos);
  EXPECT_NE(module_of(entry("a.wasm", "/etc/passwd", '2') + end, tar_type).find("no file"), std::string::npos)
      << "a link is no file";
}

TEST(Layer, ThatIsDamagedIsRefused) {
  const std::string tar = entry("a.wasm", std::string(2000, 'x')) + end;
  EXPECT_NE(module_of(tar.substr(0, 1000), tar_type).find("damaged"), std::string::npos);
  EXPECT_NE(module_of(std::string(600, 'x'), tar_type).find("damaged"), std::string::npos);
  EXPECT_NE(module_of(tar, gzip_type).find("not compressed by gzip"), std::string::npos);
  EXPECT_NE(module_of(gzip(tar).substr(0, 50), gzip_type).find("damaged"), std::string::npos);
}

TEST(Layer, ThatIsMuchLargerThanItLooksIsRefused) {
  const std::string bomb = gzip(entry("a.wasm", std::string(std::size_t{8} << 20, '\0')) + end);
  EXPECT_LT(bomb.size(), most);
  EXPECT_NE(module_of(bomb, gzip_type).find("decompressed it has more than"), std::string::npos);
}

}  // namespace

}  // namespace wasm_grpc::registry
