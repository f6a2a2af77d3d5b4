// A grpc::Server with two native services and the guests http, echo, described and conformance, and a channel to it.
#pragma once

#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "conformance.grpc.pb.h"
#include "echo.grpc.pb.h"
#include "native.grpc.pb.h"
#include "wasm_grpc/grpcpp.h"

namespace wasm_grpc::grpcpp {

/// For what must not happen never: far more than a slow machine needs.
inline std::chrono::system_clock::time_point patience() {
  return std::chrono::system_clock::now() + std::chrono::seconds(30);
}

class Blocking final : public native::Blocking::Service {
  grpc::Status Upper(grpc::ServerContext*, const native::Text* request, native::Text* response) override {
    std::string text = request->text();
    std::transform(text.begin(), text.end(), text.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    response->set_text(text);
    return grpc::Status::OK;
  }
};

class Reacting final : public native::Reacting::CallbackService {
  grpc::ServerUnaryReactor* Reverse(grpc::CallbackServerContext* context, const native::Text* request,
                                    native::Text* response) override {
    response->set_text(std::string(request->text().rbegin(), request->text().rend()));
    grpc::ServerUnaryReactor* reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

class MixedServerTest : public testing::Test {
 protected:
  void SetUp() override {
    ServerOptions options;
    options.workers = 2;
    options.max_instances = 64;
    options.log_level = LogLevel::error;
    auto guests = Server::create(options);
    ASSERT_TRUE(guests.ok()) << guests.error().message;
    for (const char* name : {"http", "echo", "described", "conformance"}) {
      const auto added = guests.value()->add_module(std::string(WASM_GRPC_TEST_GUESTS "/") + name + ".wasm", {});
      ASSERT_TRUE(added.ok()) << added.error().message;
    }
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(&blocking_);
    builder.RegisterService(&reacting_);
    auto services = register_services(builder, std::move(guests).value());
    ASSERT_TRUE(services.ok()) << services.error().message;
    services_ = std::move(services).value();
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    channel_ = grpc::CreateChannel("127.0.0.1:" + std::to_string(port), grpc::InsecureChannelCredentials());
    echo_ = echo::Echo::NewStub(channel_);
    guest_ = test::Guest::NewStub(channel_);
  }
  void TearDown() override {
    if (server_ != nullptr) server_->Shutdown(std::chrono::system_clock::now());
  }

  Blocking blocking_;
  Reacting reacting_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<grpc::Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<echo::Echo::Stub> echo_;
  std::unique_ptr<test::Guest::Stub> guest_;
};

}  // namespace wasm_grpc::grpcpp
