#include "http2/session/request_head.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::http2 {
namespace {

class NoHandler final : public rpc::Handler {
 public:
  void start(rpc::Call&) noexcept override {}
};

class RequestHeadTest : public testing::Test {
 protected:
  RequestHeadTest() {
    EXPECT_TRUE(methods_.add({"/test.Test/Unary", rpc::MethodKind::unary, &handler_}).ok());
    add(":method", "POST");
    add(":path", "/test.Test/Unary");
    add("content-type", "application/grpc");
  }
  void add(std::string_view name, std::string_view value) { head_.add(name, value, limit_, metadata_); }
  std::optional<OwnAnswer> judge() { return head_.judge(methods_, limit_, metadata_); }
  rpc::StatusCode refused_with() {
    const auto refusal = judge();
    return refusal ? refusal->status.code : rpc::StatusCode::ok;
  }

  static constexpr std::size_t limit_ = 2000;
  NoHandler handler_;
  rpc::MethodTable methods_;
  rpc::Metadata metadata_;
  RequestHead head_;
};

TEST_F(RequestHeadTest, AcceptsWhatAClientSends) {
  add("te", "trailers");
  add(":authority", "example.com");
  add("grpc-encoding", "identity");
  add("grpc-accept-encoding", "gzip, identity");
  add("grpc-timeout", "2S");
  add("user-agent", "tester");
  EXPECT_FALSE(judge().has_value());
  EXPECT_EQ(head_.method(), methods_.find("/test.Test/Unary"));
  EXPECT_EQ(head_.timeout(), std::chrono::seconds(2));
  EXPECT_EQ(head_.authority(), "example.com");
  ASSERT_EQ(metadata_.size(), 1u);
  EXPECT_EQ(metadata_.get("user-agent"), "tester");
}

TEST_F(RequestHeadTest, RefusesWhatIsNotSpoken) {
  Protocols spoken;
  spoken.grpc = false;
  const auto refusal = head_.judge(methods_, limit_, metadata_, nullptr, spoken);
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->http_status, 0) << "in the terms of gRPC";
  EXPECT_EQ(refusal->status.code, rpc::StatusCode::unimplemented);
}

TEST_F(RequestHeadTest, KnowsNoPageWhereHttpIsNotSpoken) {
  ASSERT_TRUE(methods_.add({"/page", rpc::MethodKind::http, &handler_}).ok());
  Protocols spoken;
  for (const bool http : {true, false}) {
    head_.reset();
    add(":method", "GET");
    add(":path", "/page");
    spoken.http = http;
    const auto refusal = head_.judge(methods_, limit_, metadata_, nullptr, spoken);
    EXPECT_EQ(refusal.has_value(), !http);
    if (refusal) {
      EXPECT_EQ(refusal->http_status, 404);
    }
  }
}

TEST_F(RequestHeadTest, SaysHowTheClientCompressesAndWhatItAccepts) {
  add("grpc-encoding", "deflate");
  add("grpc-accept-encoding", "identity,gzip");
  EXPECT_FALSE(judge().has_value());
  EXPECT_EQ(head_.encoding(), rpc::Encoding::deflate);
  EXPECT_TRUE(head_.accepted_encodings().contains(rpc::Encoding::gzip));
  EXPECT_TRUE(head_.accepted_encodings().contains(rpc::Encoding::deflate));  // since it uses it
  EXPECT_TRUE(head_.mentions_encodings());
  EXPECT_TRUE(metadata_.empty());
  head_.reset();
  EXPECT_EQ(head_.encoding(), rpc::Encoding::identity);
  EXPECT_EQ(head_.accepted_encodings().best(), rpc::Encoding::identity);
  EXPECT_FALSE(head_.mentions_encodings());
}

TEST_F(RequestHeadTest, RefusesAnEncodingItDoesNotKnow) {
  add("grpc-encoding", "br");
  EXPECT_EQ(refused_with(), rpc::StatusCode::unimplemented);
  EXPECT_TRUE(head_.mentions_encodings());
}

TEST_F(RequestHeadTest, TakesTheHostWhereThereIsNoAuthority) {
  add("host", "example.com");
  EXPECT_EQ(head_.authority(), "example.com");
}

TEST_F(RequestHeadTest, AcceptsContentTypesWithFormatOrParameters) {
  for (const char* type : {"application/grpc+proto", "application/grpc+PROTO", "application/grpc;charset=utf-8",
                           "application/grpc+", "application/grpc+proto ;a=b", "application/grpc ;a=b"}) {
    RequestHead head;
    head.add(":path", "/test.Test/Unary", limit_, metadata_);
    head.add("content-type", type, limit_, metadata_);
    EXPECT_FALSE(head.judge(methods_, limit_, metadata_).has_value()) << type;
    EXPECT_EQ(head.content_subtype(), "") << type;
  }
  for (const char* type : {"application/grpc-web", "application/json", "application/grpcx", "", "application/grpc+a b",
                           "application/grpc+\xc3\xbc", "application/grpc json"}) {
    RequestHead head;
    head.add(":path", "/test.Test/Unary", limit_, metadata_);
    head.add("content-type", type, limit_, metadata_);
    EXPECT_EQ(head.judge(methods_, limit_, metadata_).value_or(OwnAnswer{}).http_status, 415) << type;
  }
}

TEST_F(RequestHeadTest, LeavesMessagesOfOtherFormatsToMethodsThatTakeAny) {
  EXPECT_TRUE(methods_.add({"/test.Test/Any", rpc::MethodKind::unary, &handler_, rpc::MessageFormats::any}).ok());
  const auto judge_as = [&](const char* path, const char* type) {
    head_.reset();
    add(":path", path);
    add("content-type", type);
    const auto refusal = judge();
    return refusal ? refusal->status : rpc::Status();
  };
  const rpc::Status refusal = judge_as("/test.Test/Unary", "application/grpc+Foo");
  EXPECT_EQ(refusal.code, rpc::StatusCode::unimplemented);
  EXPECT_NE(refusal.message.find("application/grpc+foo"), std::string::npos) << refusal.message;
  EXPECT_TRUE(judge_as("/test.Test/Any", "application/grpc+Foo;a=b").ok());
  EXPECT_EQ(head_.content_subtype(), "foo");
  EXPECT_TRUE(judge_as("/test.Test/Any", "application/grpc").ok());
  EXPECT_EQ(head_.content_subtype(), "");
}

TEST_F(RequestHeadTest, DecodesBinaryMetadataAndSplitsJoinedValues) {
  add("a-bin", "AAE=");
  add("b-bin", "Zg, Zm8,Zm9v");
  EXPECT_FALSE(judge().has_value());
  EXPECT_EQ(metadata_.get("a-bin"), std::string("\0\1", 2));
  EXPECT_EQ(metadata_.get("b-bin", 0), "f");
  EXPECT_EQ(metadata_.get("b-bin", 1), "fo");
  EXPECT_EQ(metadata_.get("b-bin", 2), "foo");
  EXPECT_EQ(metadata_.size(), 4u);
}

TEST_F(RequestHeadTest, DecodesBinaryMetadataOnceWhereverTheContentTypeStands) {
  RequestHead head;
  head.add(":method", "POST", limit_, metadata_);
  head.add(":path", "/test.Test/Unary", limit_, metadata_);
  head.add("a-bin", "YWFhYQ==", limit_, metadata_);
  head.add("content-type", "application/grpc", limit_, metadata_);
  head.add("b", "YWFhYQ==", limit_, metadata_);
  head.add("c-bin", "YmJiYg==", limit_, metadata_);
  EXPECT_FALSE(head.judge(methods_, limit_, metadata_).has_value());
  EXPECT_EQ(metadata_.get("a-bin"), "aaaa");
  EXPECT_EQ(metadata_.get("b"), "YWFhYQ==");
  EXPECT_EQ(metadata_.get("c-bin"), "bbbb");
  EXPECT_EQ(metadata_.size(), 3u);
}

TEST_F(RequestHeadTest, RefusesMetadataThatIsNotBase64) {
  add("a-bin", "***");
  EXPECT_EQ(refused_with(), rpc::StatusCode::internal);
}

TEST_F(RequestHeadTest, DropsMetadataThatIsNotAscii) {
  add("x-geo-city", "Z\xc3\xbcrich");
  add("a", "1");
  add("b-bin", "AAE=");
  add("x-geo-city", "Basel");
  EXPECT_FALSE(judge().has_value());
  EXPECT_EQ(metadata_.size(), 3u);
  EXPECT_EQ(metadata_.get("x-geo-city"), "Basel");
  EXPECT_EQ(metadata_.get("b-bin"), std::string("\0\1", 2));
  EXPECT_EQ(head_.dropped_fields(), 1u);
  head_.reset();
  EXPECT_EQ(head_.dropped_fields(), 0u);
}

TEST_F(RequestHeadTest, DecodesNothingOfARequestWithTwoContentTypes) {
  add("x-bin", "DQpFdmlsOiAx");
  add("content-type", "text/plain");
  const auto refusal = judge();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->http_status, 400);
  EXPECT_EQ(metadata_.get("x-bin"), "DQpFdmlsOiAx");
  head_.reset();
  metadata_.clear();
  add(":path", "/test.Test/Unary");
  add("content-type", "application/grpc");
  EXPECT_FALSE(judge().has_value());
}

TEST_F(RequestHeadTest, ShowsEarlierAttemptsAndNothingElseOfGrpcsOwn) {
  add("grpc-previous-rpc-attempts", "2");
  add("grpc-tags-bin", "AAE=");
  add("grpc-anything", "x");
  EXPECT_FALSE(judge().has_value());
  EXPECT_EQ(metadata_.size(), 1u);
  EXPECT_EQ(metadata_.get("grpc-previous-rpc-attempts"), "2");
}

TEST_F(RequestHeadTest, RefusesAMalformedTimeout) {
  add("grpc-timeout", "soon");
  EXPECT_EQ(refused_with(), rpc::StatusCode::internal);
}

TEST_F(RequestHeadTest, CountsTheListAndKeepsNothingPastTheLimit) {
  for (int i = 0; i < 100; ++i) add("key", std::string(100, 'x'));
  const auto refusal = judge();
  ASSERT_TRUE(refusal.has_value());
  EXPECT_EQ(refusal->status.code, rpc::StatusCode::resource_exhausted);
  EXPECT_LT(metadata_.byte_size(), limit_);
}

TEST_F(RequestHeadTest, ForgetsEverythingAtReset) {
  add("grpc-encoding", "gzip");
  add("grpc-timeout", "x");
  ASSERT_TRUE(judge().has_value());
  head_.reset();
  metadata_.clear();
  add(":path", "/test.Test/Unary");
  add("content-type", "application/grpc");
  EXPECT_FALSE(judge().has_value());
  EXPECT_EQ(head_.timeout(), std::nullopt);
}

}  // namespace
}  // namespace wasm_grpc::http2
