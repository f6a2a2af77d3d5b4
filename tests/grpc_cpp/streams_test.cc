// Streams of guests in a grpc::Server.
#include <chrono>
#include <string>
#include <thread>

#include "mixed_server.h"

namespace wasm_grpc::grpcpp {
namespace {

using StreamsTest = MixedServerTest;

TEST_F(StreamsTest, AClientStreamIsReadToItsEnd) {
  grpc::ClientContext context;
  echo::Message answer;
  const auto writer = echo_->ClientStream(&context, &answer);
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    echo::Message message;
    message.set_payload(std::to_string(i) + ",");
    expected += message.payload();
    ASSERT_TRUE(writer->Write(message));
  }
  ASSERT_TRUE(writer->WritesDone());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(answer.payload(), expected);
}

TEST_F(StreamsTest, AClientStreamWithoutMessagesIsAnswered) {
  grpc::ClientContext context;
  echo::Message answer;
  const auto writer = echo_->ClientStream(&context, &answer);
  ASSERT_TRUE(writer->WritesDone());
  ASSERT_TRUE(writer->Finish().ok());
  EXPECT_EQ(answer.payload(), "");
}

TEST_F(StreamsTest, AServerStreamComesWhole) {
  grpc::ClientContext context;
  echo::Repeat repeat;
  repeat.set_count(5000);
  repeat.set_payload(std::string(100, 'x'));
  const auto reader = echo_->ServerStream(&context, repeat);
  echo::Message message;
  unsigned count = 0;
  while (reader->Read(&message)) {
    ++count;
    ASSERT_EQ(message.payload(), repeat.payload());
  }
  ASSERT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 5000U);
}

TEST_F(StreamsTest, ABidirectionalStreamAnswersEachMessageAsItComes) {
  grpc::ClientContext context;
  const auto stream = echo_->BidiStream(&context);
  for (int i = 0; i < 200; ++i) {
    echo::Message message;
    message.set_payload(std::to_string(i));
    ASSERT_TRUE(stream->Write(message));
    echo::Message answer;
    ASSERT_TRUE(stream->Read(&answer));
    EXPECT_EQ(answer.payload(), message.payload());
  }
  ASSERT_TRUE(stream->WritesDone());
  echo::Message none;
  EXPECT_FALSE(stream->Read(&none));
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(StreamsTest, AStatusFollowsTheMessagesBeforeIt) {
  grpc::ClientContext context;
  test::FailRequest request;
  request.set_messages(3);
  request.set_code(5);
  request.set_message("no more");
  const auto reader = guest_->FailStream(&context, request);
  test::Empty message;
  int count = 0;
  while (reader->Read(&message)) ++count;
  EXPECT_EQ(count, 3);
  const grpc::Status status = reader->Finish();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_EQ(status.error_message(), "no more");
}

TEST_F(StreamsTest, HeadersMayLeaveBeforeTheFirstMessage) {
  grpc::ClientContext context;
  context.set_deadline(patience());
  test::SleepRequest request;
  request.set_milliseconds(600'000);
  const auto reader = guest_->EarlyHeaders(&context, request);
  reader->WaitForInitialMetadata();
  EXPECT_EQ(context.GetServerInitialMetadata().count("x-early"), 1U);
  context.TryCancel();
  EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::CANCELLED);
}

TEST_F(StreamsTest, LargeMessagesPassInBothDirections) {
  grpc::ClientContext context;
  const auto stream = echo_->BidiStream(&context);
  echo::Message message;
  for (const std::size_t size : {std::size_t{1} << 10, std::size_t{1} << 20, std::size_t{3} << 20}) {
    message.set_payload(std::string(size, static_cast<char>('a' + size % 26)));
    ASSERT_TRUE(stream->Write(message));
    echo::Message answer;
    ASSERT_TRUE(stream->Read(&answer));
    EXPECT_EQ(answer.payload(), message.payload());
  }
  stream->WritesDone();
  EXPECT_TRUE(stream->Finish().ok());
}

TEST_F(StreamsTest, AGuestWaitsForAClientThatDoesNotRead) {
  grpc::ClientContext context;
  context.set_deadline(patience());
  echo::Repeat repeat;
  repeat.set_count(2000);
  repeat.set_payload(std::string(16 << 10, 'y'));  // 32 MB, far above every window
  const auto reader = echo_->ServerStream(&context, repeat);
  echo::Message message;
  ASSERT_TRUE(reader->Read(&message));
  // While the client does not read, others are served.
  for (int i = 0; i < 10; ++i) {
    grpc::ClientContext other;
    other.set_deadline(patience());
    echo::Message answer;
    ASSERT_TRUE(echo_->Unary(&other, message, &answer).ok());
  }
  unsigned count = 1;
  while (reader->Read(&message)) ++count;
  EXPECT_TRUE(reader->Finish().ok());
  EXPECT_EQ(count, 2000U);
}

TEST_F(StreamsTest, AClientThatCancelsEndsTheGuest) {
  grpc::ClientContext context;
  const auto stream = guest_->PollCancel(&context);
  test::Empty message;
  ASSERT_TRUE(stream->Read(&message));
  context.TryCancel();
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);
  // Both workers serve others: the guest computes no more.
  for (int i = 0; i < 4; ++i) {
    grpc::ClientContext other;
    other.set_deadline(patience());
    test::NumberReply count;
    EXPECT_TRUE(guest_->Count(&other, {}, &count).ok());
  }
}

TEST_F(StreamsTest, AShutdownWithStreamsInProgressReturns) {
  grpc::ClientContext waiting;
  const auto stream = guest_->WaitCancel(&waiting);
  test::Empty message;
  ASSERT_TRUE(stream->Read(&message));
  grpc::ClientContext flooded;
  test::NumberRequest request;
  request.set_number(64 << 10);
  const auto flood = guest_->Flood(&flooded, request);
  test::TextRequest text;
  ASSERT_TRUE(flood->Read(&text));
  server_->Shutdown(std::chrono::system_clock::now());
  server_.reset();
  services_.reset();
  EXPECT_FALSE(stream->Finish().ok());
  while (flood->Read(&text)) {
  }
  EXPECT_FALSE(flood->Finish().ok());
}

}  // namespace
}  // namespace wasm_grpc::grpcpp
