#include "registry/manifest.h"

#include <gtest/gtest.h>

#include "registry/layer.h"

namespace wasm_grpc::registry {

namespace {

const std::string digest = Digest::of("content").text();

std::string descriptor(const std::string& type, const std::string& more = "") {
  return R"({"mediaType": ")" + type + R"(", "digest": ")" + digest + R"(", "size": 7)" + more + "}";
}
std::string manifest(const std::string& layers, const std::string& more = "") {
  return R"({"schemaVersion": 2, "config": )" + descriptor("application/vnd.wasm.config.v0+json") + R"(, "layers": [)" +
         layers + "]" + more + "}";
}
std::string index(const std::string& manifests) { return R"({"schemaVersion": 2, "manifests": [)" + manifests + "]}"; }
std::string error(const std::string& text, std::string_view type = oci_manifest) {
  const auto read = read_document(text, type);
  return read.ok() ? "" : read.error().message;
}
std::string chosen(const std::string& manifests) {
  const auto read = read_document(index(manifests), oci_index);
  if (!read.ok()) return read.error().message;
  const auto one = choose_manifest(std::get<Index>(read.value()));
  return one.ok() ? one.value().architecture + "/" + one.value().os : one.error().message;
}
std::string platform(const std::string& architecture, const std::string& os) {
  return descriptor(std::string(oci_manifest),
                    R"(, "platform": {"architecture": ")" + architecture + R"(", "os": ")" + os + R"("})");
}

TEST(Manifest, OfAModuleIsReadAsItWasMade) {
  const Digest layer = Digest::of("module");
  const auto read = read_document(make_manifest(make_config(layer, false), layer, 6, "greeter.wasm"), oci_manifest);
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto& made = std::get<Manifest>(read.value());
  EXPECT_EQ(made.config_type, wasm_config);
  ASSERT_TRUE(module_layer(made).ok());
  EXPECT_EQ(module_layer(made).value().digest, layer);
  EXPECT_EQ(made.layers[0].annotations.at("org.opencontainers.image.title"), "greeter.wasm");
}

TEST(Manifest, SaysWhatKindOfModuleItIs) {
  EXPECT_NE(make_config(Digest::of(""), false).find("\"wasip1\""), std::string::npos);
  EXPECT_NE(make_config(Digest::of(""), true).find("\"wasip2\""), std::string::npos);
}

TEST(Manifest, IsReadWhateverTheRegistryCallsIt) {
  const std::string text = manifest(descriptor("application/wasm"));
  EXPECT_EQ(error(text, ""), "");
  EXPECT_EQ(error(text, "application/json; charset=utf-8"), "");
  EXPECT_EQ(error(text, docker_manifest), "");
}

TEST(Manifest, MeansOneThingOnly) {
  const std::string layer = descriptor("application/wasm");
  const std::string says_index = R"(, "mediaType": ")" + std::string(oci_index) + "\"";
  EXPECT_NE(error(manifest(layer, says_index)).find("it says that it is"), std::string::npos);
  EXPECT_NE(error(manifest(layer, R"(, "manifests": [])")).find("both layers and manifests"), std::string::npos);
  EXPECT_NE(error(manifest(layer, R"(, "mediaType": "text/\u001bplain")")).find("\"text/?plain\""), std::string::npos);
}

TEST(Manifest, ThatIsMalformedIsRefused) {
  const std::string layer = descriptor("application/wasm");
  EXPECT_NE(error("").find("it is not JSON"), std::string::npos);
  EXPECT_NE(error("[]").find("it is no JSON object"), std::string::npos);
  EXPECT_NE(error(R"({"schemaVersion": 1})").find("schemaVersion is not 2"), std::string::npos);
  EXPECT_NE(error(R"({"schemaVersion": 2})").find("it has no config"), std::string::npos);
  EXPECT_NE(error(manifest("1")).find("one of its layers is no object"), std::string::npos);
  EXPECT_NE(error(manifest(R"({"mediaType": "a", "digest": "sha256:x", "size": 1})")).find("no digest"),
            std::string::npos);
  EXPECT_NE(error(manifest(R"({"mediaType": "a", "digest": ")" + digest + R"(", "size": -1})")).find("no size"),
            std::string::npos);
  EXPECT_NE(error(manifest(R"({"mediaType": "a", "digest": ")" + digest + R"(", "size": 1e30})")).find("no size"),
            std::string::npos);
  EXPECT_NE(error(std::string(max_document_bytes + 1, ' ')).find("more than 1048576 bytes"), std::string::npos);
  std::string many = layer;
  for (std::size_t i = 0; i < max_layers; ++i) many += "," + layer;
  EXPECT_NE(error(manifest(many)).find("it has 129 layers; 128 are the most"), std::string::npos);
}

TEST(Manifest, OfSomethingElseIsNoModule) {
  const auto layer_error = [](const std::string& layers) {
    const auto read = read_document(manifest(layers), oci_manifest);
    const auto layer = module_layer(std::get<Manifest>(read.value()));
    return layer.ok() ? "" : layer.error().message;
  };
  EXPECT_NE(layer_error(descriptor("application/vnd.cncf.helm.chart.content.v1.tar+gzip")).find("which is no module"),
            std::string::npos);
  EXPECT_NE(layer_error("").find("it has 0 layers"), std::string::npos);
  EXPECT_NE(layer_error(descriptor("application/wasm") + "," + descriptor("application/wasm")).find("2 layers"),
            std::string::npos);
}

TEST(Index, MeansTheImageForWebAssembly) {
  EXPECT_EQ(chosen(platform("amd64", "linux") + "," + platform("wasm", "wasip1")), "wasm/wasip1");
  EXPECT_EQ(chosen(platform("wasm", "wasip2") + "," + platform("wasm", "wasip1")), "wasm/wasip1");
  EXPECT_EQ(chosen(platform("wasm", "js")), "wasm/js");
}

TEST(Index, MeansItsOnlyImageElse) {
  const std::string attestation = descriptor(
      std::string(oci_manifest), R"(, "annotations": {"vnd.docker.reference.type": "attestation-manifest"})");
  EXPECT_EQ(chosen(platform("amd64", "linux") + "," + attestation + "," + platform("unknown", "unknown")),
            "amd64/linux");
  EXPECT_NE(chosen(platform("amd64", "linux") + "," + platform("arm64", "linux")).find("2 images"), std::string::npos);
  EXPECT_NE(chosen("").find("0 images"), std::string::npos);
}

}  // namespace

}  // namespace wasm_grpc::registry
