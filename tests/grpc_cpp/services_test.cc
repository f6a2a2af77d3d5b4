// Unary calls of guests in a grpc::Server, and what is around calls: metadata, statuses, deadlines, the end.
#include <grpcpp/generic/generic_stub.h>

#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "described.grpc.pb.h"
#include "health.grpc.pb.h"
#include "mixed_server.h"

namespace wasm_grpc::grpcpp {
namespace {

using ServicesTest = MixedServerTest;

TEST_F(ServicesTest, GuestsAndNativeServicesAnswerInOneServer) {
  grpc::ClientContext first;
  echo::Message message;
  message.set_payload("hello");
  echo::Message answer;
  ASSERT_TRUE(echo_->Unary(&first, message, &answer).ok());
  EXPECT_EQ(answer.payload(), "hello");

  native::Text text;
  text.set_text("abc");
  native::Text reply;
  grpc::ClientContext second;
  ASSERT_TRUE(native::Blocking::NewStub(channel_)->Upper(&second, text, &reply).ok());
  EXPECT_EQ(reply.text(), "ABC");
  grpc::ClientContext third;
  ASSERT_TRUE(native::Reacting::NewStub(channel_)->Reverse(&third, text, &reply).ok());
  EXPECT_EQ(reply.text(), "cba");
}

TEST_F(ServicesTest, CallsFromManyThreadsGetTheirOwnAnswers) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 8; ++client) {
    clients.emplace_back([this, client] {
      for (int i = 0; i < 100; ++i) {
        grpc::ClientContext context;
        context.set_deadline(patience());
        echo::Message message;
        message.set_payload(std::to_string(client) + "/" + std::to_string(i));
        echo::Message answer;
        const grpc::Status status = echo_->Unary(&context, message, &answer);
        EXPECT_TRUE(status.ok()) << status.error_message();
        EXPECT_EQ(answer.payload(), message.payload());
      }
    });
  }
  for (std::thread& client : clients) client.join();
}

TEST_F(ServicesTest, MetadataGoesBothWays) {
  const std::string binary("\0\xff raw", 6);
  grpc::ClientContext context;
  context.AddMetadata("x-plain", "text");
  context.AddMetadata("x-raw-bin", binary);
  test::MetadataReply reply;
  ASSERT_TRUE(guest_->EchoMetadata(&context, {}, &reply).ok());
  EXPECT_EQ(reply.refused(), 0U);
  for (const auto* metadata : {&context.GetServerInitialMetadata(), &context.GetServerTrailingMetadata()}) {
    ASSERT_EQ(metadata->count("x-plain"), 1U);
    EXPECT_EQ(metadata->find("x-plain")->second, "text");
    ASSERT_EQ(metadata->count("x-raw-bin"), 1U);
    const auto value = metadata->find("x-raw-bin")->second;
    EXPECT_EQ(std::string(value.data(), value.size()), binary);
  }
}

TEST_F(ServicesTest, AStatusComesWithItsTextAndDetails) {
  grpc::ClientContext context;
  test::FailRequest request;
  request.set_code(9);
  request.set_message("not now: ä");
  request.set_details(std::string("\x08\x09", 2));
  test::Empty reply;
  const grpc::Status status = guest_->Fail(&context, request, &reply);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(status.error_message(), "not now: ä");
  EXPECT_NE(status.error_details().find(std::string("\x08\x09", 2)), std::string::npos);
}

TEST_F(ServicesTest, AGuestThatTrapsIsInternalAndTheNextCallIsServed) {
  grpc::ClientContext first;
  test::Empty reply;
  EXPECT_EQ(guest_->Trap(&first, {}, &reply).error_code(), grpc::StatusCode::INTERNAL);
  grpc::ClientContext second;
  test::NumberReply count;
  EXPECT_TRUE(guest_->Count(&second, {}, &count).ok());
}

TEST_F(ServicesTest, WhatNobodyServesIsUnimplementedAndSoIsWhatAGuestServesOverHttp) {
  grpc::TemplatedGenericStub<echo::Message, echo::Message> stub(channel_);
  for (const char* path : {"/no.Such/Method", "/echo", "/echo/more"}) {
    grpc::ClientContext context;
    context.set_deadline(patience());
    const echo::Message request;
    echo::Message reply;
    std::promise<grpc::Status> ended;
    stub.UnaryCall(&context, path, grpc::StubOptions(), &request, &reply,
                   [&](grpc::Status status) { ended.set_value(std::move(status)); });
    EXPECT_EQ(ended.get_future().get().error_code(), grpc::StatusCode::UNIMPLEMENTED) << path;
  }
}

TEST_F(ServicesTest, AGuestSeesTheDeadlineAndASpinningOneIsCutOffAtIt) {
  grpc::ClientContext first;
  first.set_deadline(patience());
  test::DeadlineReply left;
  ASSERT_TRUE(guest_->Deadline(&first, {}, &left).ok());
  EXPECT_TRUE(left.set());
  EXPECT_GT(left.nanoseconds(), 0);
  EXPECT_LE(left.nanoseconds(), 31'000'000'000);

  grpc::ClientContext second;
  test::DeadlineReply none;
  ASSERT_TRUE(guest_->Deadline(&second, {}, &none).ok());
  EXPECT_FALSE(none.set());

  grpc::ClientContext third;
  third.set_deadline(std::chrono::system_clock::now() + std::chrono::milliseconds(200));
  test::Empty reply;
  EXPECT_EQ(guest_->Spin(&third, {}, &reply).error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  // TearDown() would wait for ever for a guest that still spins.
}

TEST_F(ServicesTest, AGuestIsToldOfTheCall) {
  grpc::ClientContext context;
  test::InfoReply info;
  ASSERT_TRUE(guest_->Info(&context, {}, &info).ok());
  EXPECT_EQ(info.path(), "/test.Guest/Info");
  EXPECT_TRUE(info.peer().starts_with("127.0.0.1:")) << info.peer();
  EXPECT_FALSE(info.authority().empty());
  EXPECT_EQ(info.tls_peer(), "");
}

TEST_F(ServicesTest, AWatchedHealthIsToldOfAsItChanges) {
  grpc::ClientContext watching;
  watching.set_deadline(patience());
  grpc::health::v1::HealthCheckRequest asked;
  asked.set_service("described.Mirror");
  const auto watch = grpc::health::v1::Health::NewStub(channel_)->Watch(&watching, asked);
  grpc::health::v1::HealthCheckResponse health;
  ASSERT_TRUE(watch->Read(&health));
  EXPECT_EQ(health.status(), grpc::health::v1::HealthCheckResponse::SERVING);
  // The server pauses between what it tells: from the second on, the worker has to wake by itself.
  const auto mirror = described::Mirror::NewStub(channel_);
  for (const bool serving : {false, true, false}) {
    grpc::ClientContext context;
    described::Serving said;
    said.set_service("described.Mirror");
    said.set_serving(serving);
    described::Serving known;
    ASSERT_TRUE(mirror->SetServing(&context, said, &known).ok());
    EXPECT_TRUE(known.known());
    ASSERT_TRUE(watch->Read(&health));
    EXPECT_EQ(health.status(), serving ? grpc::health::v1::HealthCheckResponse::SERVING
                                       : grpc::health::v1::HealthCheckResponse::NOT_SERVING);
  }
}

TEST_F(ServicesTest, ClientsThatGiveUpAnywhereAreNoTrouble) {
  std::vector<std::thread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([this, client] {
      for (int i = 0; i < 150; ++i) {
        grpc::ClientContext context;
        context.set_deadline(std::chrono::system_clock::now() + std::chrono::microseconds(200 + 97 * i));
        echo::Message message;
        message.set_payload(std::string(static_cast<std::size_t>(i) * 300, 'x'));
        if (client % 2 == 0) {
          echo::Message answer;
          (void)echo_->Unary(&context, message, &answer);
        } else {
          const auto stream = echo_->BidiStream(&context);
          echo::Message answer;
          while (stream->Write(message) && stream->Read(&answer)) {
          }
          (void)stream->Finish();
        }
      }
    });
  }
  for (std::thread& client : clients) client.join();
  grpc::ClientContext context;
  context.set_deadline(patience());
  echo::Message answer;
  EXPECT_TRUE(echo_->Unary(&context, {}, &answer).ok());
}

TEST(Services, OfAServerThatIsNeverBuiltGoAway) {
  for (const bool build : {false, true}) {
    auto guests = Server::create({});
    ASSERT_TRUE(guests.ok()) << guests.error().message;
    std::unique_ptr<Services> services;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("not an address", grpc::InsecureServerCredentials());
    auto registered = register_services(builder, std::move(guests).value());
    ASSERT_TRUE(registered.ok()) << registered.error().message;
    services = std::move(registered).value();
    if (build) {
      EXPECT_EQ(builder.BuildAndStart(), nullptr);
    }
  }
}

TEST(Services, AServerMayGoAsSoonAsItHasCome) {
  for (int round = 0; round < 20; ++round) {
    ServerOptions options;
    options.workers = 2;
    auto guests = Server::create(options);
    ASSERT_TRUE(guests.ok()) << guests.error().message;
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials());
    const auto services = register_services(builder, std::move(guests).value());
    ASSERT_TRUE(services.ok()) << services.error().message;
    const auto server = builder.BuildAndStart();
    ASSERT_NE(server, nullptr);
    if (round % 2 == 0) server->Shutdown(std::chrono::system_clock::now());
  }
}

TEST(Services, AServerThatHasStartedIsRefused) {
  auto guests = Server::create({});
  ASSERT_TRUE(guests.ok()) << guests.error().message;
  ASSERT_TRUE(guests.value()->start().ok());
  grpc::ServerBuilder builder;
  const auto registered = register_services(builder, std::move(guests).value());
  ASSERT_FALSE(registered.ok());
  EXPECT_NE(registered.error().message.find("has started"), std::string::npos) << registered.error().message;
}

TEST_F(ServicesTest, AShutdownOfTheServerEndsCallsInProgress) {
  auto call = std::async(std::launch::async, [this] {
    grpc::ClientContext context;
    context.set_deadline(patience());
    test::SleepRequest request;
    request.set_milliseconds(600'000);
    test::Empty reply;
    return guest_->Sleep(&context, request, &reply);
  });
  const auto is_running = [this] {
    const ModuleCounters conformance = services_->server().counters().modules.back();
    return conformance.instances_alive > conformance.instances_idle;
  };
  while (!is_running()) std::this_thread::yield();
  server_->Shutdown(std::chrono::system_clock::now());
  const auto code = call.get().error_code();
  EXPECT_TRUE(code == grpc::StatusCode::CANCELLED || code == grpc::StatusCode::UNAVAILABLE) << code;
}

}  // namespace
}  // namespace wasm_grpc::grpcpp
