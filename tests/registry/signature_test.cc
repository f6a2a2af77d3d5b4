#include "registry/signature.h"

#include <gtest/gtest.h>

#include <fstream>

#include "net/folder.h"
#include "signing.h"

namespace wasm_grpc::registry {

namespace {

class Signatures : public testing::Test {
 protected:
  Signatures() { key_.write_public(folder_.file("cosign.pub")); }
  [[nodiscard]] SignatureKeys keys() const { return SignatureKeys::read({folder_.file("cosign.pub")}).value(); }
  [[nodiscard]] std::string error(const std::string& file) const {
    const auto read = SignatureKeys::read({folder_.file(file)});
    return read.ok() ? "" : read.error().message;
  }

  net::Folder folder_;
  SigningKey key_;
  Digest manifest_ = Digest::of("manifest");
};

TEST_F(Signatures, AManifestThatTheKeyHasSignedIsSigned) {
  const std::string payload = payload_of(manifest_);
  EXPECT_TRUE(keys().have_signed(manifest_, {{payload, key_.sign(payload)}}));
}

TEST_F(Signatures, OneOfSeveralKeysAndSignaturesDoes) {
  const SigningKey other;
  other.write_public(folder_.file("other.pub"));
  const auto both = SignatureKeys::read({folder_.file("other.pub"), folder_.file("cosign.pub")});
  ASSERT_TRUE(both.ok());
  const std::string payload = payload_of(manifest_);
  EXPECT_TRUE(both.value().have_signed(manifest_, {{payload, "none"}, {payload, key_.sign(payload)}}));
}

TEST_F(Signatures, NothingElseIsSigned) {
  const std::string payload = payload_of(manifest_);
  const std::string signature = key_.sign(payload);
  const std::string of_other = payload_of(Digest::of("other"));
  const std::string of_other_type = payload_of(manifest_, "something else");
  const SignatureKeys keys = this->keys();
  EXPECT_FALSE(keys.have_signed(manifest_, {}));
  EXPECT_FALSE(keys.have_signed(manifest_, {{payload, SigningKey().sign(payload)}})) << "by another key";
  EXPECT_FALSE(keys.have_signed(manifest_, {{of_other, signature}})) << "another payload";
  EXPECT_FALSE(keys.have_signed(manifest_, {{of_other, key_.sign(of_other)}})) << "of another manifest";
  EXPECT_FALSE(keys.have_signed(manifest_, {{of_other_type, key_.sign(of_other_type)}})) << "of another type";
  EXPECT_FALSE(keys.have_signed(manifest_, {{"[]", key_.sign("[]")}})) << "no payload";
  EXPECT_FALSE(keys.have_signed(manifest_, {{payload, signature.substr(1)}})) << "damaged";
  const SignatureKeys none = SignatureKeys::read({}).value();
  EXPECT_FALSE(none.have_signed(manifest_, {{payload, signature}})) << "no keys";
}

TEST_F(Signatures, OnlyKeysOnP256AreTaken) {
  SigningKey("P-384").write_public(folder_.file("p384.pub"));
  std::ofstream(folder_.file("text.pub")) << "no key";
  EXPECT_NE(error("p384.pub").find("expected a public key on the curve P-256"), std::string::npos);
  EXPECT_NE(error("text.pub").find("expected a public key on the curve P-256"), std::string::npos);
  EXPECT_NE(error("missing.pub").find("No such file"), std::string::npos);
}

TEST_F(Signatures, TheyAreReadAsTheyWereWritten) {
  const std::vector<Signature> both = {{payload_of(manifest_), std::string("\0\xff", 2)}, {"", "x"}};
  const auto read = read_signatures(write_signatures(both));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].payload, both[0].payload);
  EXPECT_EQ(read[0].signature, both[0].signature);
  EXPECT_TRUE(read_signatures("{").empty());
  EXPECT_TRUE(read_signatures(R"([1, {"payload": 2, "signature": ""}, {"payload": "%"}])").empty());
}

}  // namespace

}  // namespace wasm_grpc::registry
