// application/grpc+json: gRPC whose messages are JSON, by the descriptors.
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <vector>

#include "client.h"
#include "described.h"
#include "facade/grpc_json/exchange.h"
#include "gzip.h"
#include "rpc/buffer_pool.h"
#include "rpc/codec.h"
#include "server.h"

namespace wasm_grpc::http2 {
namespace {

class GrpcJson : public testing::Test {
 protected:
  const Reply& call(std::string_view path, std::string_view body, const Fields& extra = {}) {
    Fields fields = {{"content-type", "application/grpc+json"}};
    fields.insert(fields.end(), extra.begin(), extra.end());
    const auto id = client_.open(path, fields);
    client_.send_raw(id, body, true);
    EXPECT_TRUE(client_.run_until_closed(id));
    return client_.reply(id);
  }

  facade::Facades facades_ = describe_test_service();
  Server server_{ConnectionOptions(), 0, &facades_};
  Client client_{server_.port()};
};

TEST_F(GrpcJson, MessagesAreJsonAndTheRestIsGrpc) {
  const Reply& reply = call("/test.Test/Bidi", framed(R"({"text":"one"})") + framed(R"({"number":2})"));
  EXPECT_EQ(reply.field("content-type"), "application/grpc+json");
  EXPECT_EQ(reply.messages(), (std::vector<std::string>{R"({"text":"one"})", R"({"number":"2"})"}));
  EXPECT_EQ(reply.status(), 0);
  EXPECT_FALSE(reply.trailers.empty());
}

TEST_F(GrpcJson, LargeAnswersAreCompressedForThoseThatTakeIt) {
  const std::string text = R"({"text":")" + std::string(2000, 'a') + R"("})";
  const Fields accepts = {{"grpc-accept-encoding", "identity,gzip"}};
  const Reply& reply = call("/test.Test/Bidi", framed(text) + framed(R"({"text":"small"})"), accepts);
  EXPECT_EQ(reply.field("grpc-encoding"), "gzip");
  ASSERT_FALSE(reply.body.empty());
  EXPECT_EQ(reply.body.front(), '\1');
  const auto messages = reply.messages();
  ASSERT_EQ(messages.size(), 2U);
  EXPECT_EQ(gunzipped(messages.front()), text);
  EXPECT_EQ(messages.back(), R"({"text":"small"})");

  const Reply& plain = call("/test.Test/Bidi", framed(text));
  EXPECT_EQ(plain.field("grpc-encoding"), "");
  EXPECT_EQ(plain.messages(), std::vector{text});
}

TEST_F(GrpcJson, AFailureIsAStatusInTrailers) {
  EXPECT_EQ(call("/test.Test/Fail", framed("{}")).status(), 5);
  EXPECT_EQ(call("/test.Test/Unary", framed("{")).status(), 3);
  EXPECT_EQ(call("/test.Test/Nothing", framed("{}")).status(), 12);
}

TEST_F(GrpcJson, AMethodThatIsNotDescribedGetsTheBytesAsTheyAre) {
  const Reply& reply = call("/test.Test/Abandon", framed("{") + framed("leave"));
  EXPECT_EQ(reply.messages(), (std::vector<std::string>{"{", "leave"}));
}

TEST(GrpcJsonExchange, WantsNoMoreOfAMessageThatIsTooLarge) {
  const facade::Facades facades = describe_test_service();
  rpc::BufferPool buffers;
  rpc::Codec codec(buffers);
  const facade::Tools tools{facades, codec, 100};
  const auto exchange = facade::grpc_json::open("/test.Test/Bidi", rpc::Encoding::identity, {}, tools);
  ASSERT_NE(exchange, nullptr);
  std::vector<std::byte> frames;
  constexpr std::array prefix = {std::byte{0}, std::byte{0x3a}, std::byte{0}, std::byte{0}, std::byte{0}};
  EXPECT_EQ(exchange->take(prefix, frames).code, rpc::StatusCode::resource_exhausted);
  EXPECT_EQ(exchange->missing(0), 0U);
  EXPECT_EQ(exchange->held(), 0U);
}

}  // namespace
}  // namespace wasm_grpc::http2
