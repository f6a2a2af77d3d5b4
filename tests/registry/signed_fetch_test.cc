// Modules that have to be signed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "fake_registry.h"
#include "net/folder.h"
#include "registry/fetch.h"
#include "registry/signature.h"
#include "rpc/base64.h"
#include "signing.h"

namespace wasm_grpc::registry {

namespace {

class SignedModules : public testing::Test {
 protected:
  SignedModules() {
    setenv("no_proxy", "*", 1);
    key_.write_public(folder_.file("cosign.pub"));
    options_.cache = folder_.file("cache");
    options_.plain_http = {registry_.server().host()};
    demands_.keys = {folder_.file("cosign.pub")};
    digest_ = registry_.add_module("1", module_bytes());
  }
  /// As cosign leaves it in the registry.
  void put_signature(const std::string& payload, const std::string& signature) {
    const Digest layer = registry_.add_blob(payload);
    std::string encoded;
    rpc::base64_encode(signature, encoded);
    auto manifest = nlohmann::json::parse(make_manifest("{}", layer, payload.size(), ""));
    manifest["layers"][0]["mediaType"] = "application/vnd.dev.cosign.simplesigning.v1+json";
    manifest["layers"][0]["annotations"] = {{"dev.cosignproject.cosign/signature", encoded}};
    registry_.add_document(signature_tag(*digest_), manifest.dump());
  }
  Result<FetchedModule> fetch() { return fetch_module(options_, registry_.reference(), demands_); }
  std::string error() {
    auto fetched = fetch();
    return fetched.ok() ? "it was fetched" : fetched.error().message;
  }

  net::Folder folder_;
  FakeRegistry registry_;
  SigningKey key_;
  RegistryOptions options_;
  Demands demands_;
  std::optional<Digest> digest_;
};

TEST_F(SignedModules, OneThatTheKeyHasSignedIsFetched) {
  put_signature(payload_of(*digest_), key_.sign(payload_of(*digest_)));
  EXPECT_TRUE(fetch().ok()) << error();
}

TEST_F(SignedModules, OneWithoutSignatureIsRefused) {
  EXPECT_NE(error().find("it has to be signed, and has no signature"), std::string::npos) << error();
}

TEST_F(SignedModules, OneThatAnotherKeyHasSignedIsRefusedBeforeItIsFetched) {
  put_signature(payload_of(*digest_), SigningKey().sign(payload_of(*digest_)));
  EXPECT_NE(error().find("none of its 1 signatures is by a key of [registry] key"), std::string::npos) << error();
  for (const SeenRequest& request : registry_.server().seen()) {
    EXPECT_FALSE(request.target.ends_with(Digest::of(module_bytes()).text()));
  }
}

TEST_F(SignedModules, TheSignatureOfAnotherModuleDoesNotDo) {
  const std::string payload = payload_of(Digest::of("another"));
  put_signature(payload, key_.sign(payload));
  EXPECT_NE(error().find("none of its 1 signatures"), std::string::npos) << error();
}

TEST_F(SignedModules, APayloadThatIsNotThatOfItsDigestIsRefused) {
  const std::string payload = payload_of(*digest_);
  put_signature(payload, key_.sign(payload));
  registry_.put("/v2/team/greeter/blobs/" + Digest::of(payload).text(), {200, {}, std::string(payload.size(), 'x')});
  EXPECT_NE(error().find("gives other content"), std::string::npos) << error();
}

TEST_F(SignedModules, WithoutTheRegistryTheCacheHasTheSignatureToo) {
  put_signature(payload_of(*digest_), key_.sign(payload_of(*digest_)));
  ASSERT_TRUE(fetch().ok());
  registry_.server().stop();
  EXPECT_TRUE(fetch().ok()) << error();

  // What was signed by a key that is not trusted any more is not served, whatever the cache has.
  SigningKey().write_public(folder_.file("other.pub"));
  demands_.keys = {folder_.file("other.pub")};
  EXPECT_NE(error(), "it was fetched");
}

TEST_F(SignedModules, ATagThatMeansAnUnsignedModuleIsNotWhatIsTakenWithoutTheRegistry) {
  put_signature(payload_of(*digest_), key_.sign(payload_of(*digest_)));
  ASSERT_TRUE(fetch().ok());
  registry_.add_module("1", module_bytes("unsigned"));
  EXPECT_NE(error().find("has no signature"), std::string::npos);
  registry_.server().stop();
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched.value().digest, *digest_);
}

}  // namespace

}  // namespace wasm_grpc::registry
