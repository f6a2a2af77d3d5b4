// The echo service on grpc++, in its favour: the generic callback service, whose messages are byte buffers that are
// neither parsed nor copied where the method does not ask for it.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "echo_messages.h"
#include "grpc_cpp/serve.h"

namespace wasm_grpc::bench {
namespace {

using grpc::ByteBuffer;
using grpc::Status;
using grpc::StatusCode;

// Calls `use` with the bytes of the buffer; false when they cannot be read.
template <typename Use>
bool with_bytes(const ByteBuffer& buffer, Use use) {
  grpc::Slice slice;
  if (!buffer.DumpToSingleSlice(&slice).ok()) return false;
  return use(ByteView(slice.begin(), slice.size()));
}

ByteBuffer buffer_of(const Bytes& bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return ByteBuffer(&slice, 1);
}

class Unary final : public grpc::ServerGenericBidiReactor {
 public:
  Unary() { StartRead(&message_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(Status(StatusCode::INTERNAL, "no request message"));
    StartWriteAndFinish(&message_, grpc::WriteOptions(), Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  ByteBuffer message_;
};

class ClientStream final : public grpc::ServerGenericBidiReactor {
 public:
  ClientStream() { StartRead(&message_); }

  void OnReadDone(bool ok) override {
    if (!ok) {
      message_ = buffer_of(message(payloads_));
      return StartWriteAndFinish(&message_, grpc::WriteOptions(), Status::OK);
    }
    const bool appended = with_bytes(message_, [this](ByteView bytes) {
      const auto payload = parse_payload(bytes);
      if (payload) payloads_.insert(payloads_.end(), payload->begin(), payload->end());
      return payload.has_value();
    });
    if (!appended) return Finish(Status(StatusCode::INVALID_ARGUMENT, "a request is not an echo.Message"));
    StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  ByteBuffer message_;
  Bytes payloads_;
};

class ServerStream final : public grpc::ServerGenericBidiReactor {
 public:
  ServerStream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok || !parse()) return Finish(Status(StatusCode::INVALID_ARGUMENT, "the request is not an echo.Repeat"));
    write_next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(Status(StatusCode::CANCELLED, "the client is gone"));
    write_next();
  }
  void OnDone() override { delete this; }

 private:
  bool parse() {
    return with_bytes(request_, [this](ByteView bytes) {
      const auto repeat = parse_repeat(bytes);
      if (!repeat) return false;
      left_ = repeat->count;
      reply_ = buffer_of(message(repeat->payload));
      return true;
    });
  }

  void write_next() {
    if (left_ == 0) return Finish(Status::OK);
    --left_;
    message_ = reply_;  // a reference, not a copy of the bytes
    StartWrite(&message_);
  }

  ByteBuffer request_;
  ByteBuffer reply_;
  ByteBuffer message_;
  std::uint64_t left_ = 0;
};

class BidiStream final : public grpc::ServerGenericBidiReactor {
 public:
  BidiStream() { StartRead(&message_); }

  void OnReadDone(bool ok) override {
    if (!ok) return Finish(Status::OK);
    StartWrite(&message_);
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(Status(StatusCode::CANCELLED, "the client is gone"));
    StartRead(&message_);
  }
  void OnDone() override { delete this; }

 private:
  ByteBuffer message_;
};

class Unknown final : public grpc::ServerGenericBidiReactor {
 public:
  Unknown() { Finish(Status(StatusCode::UNIMPLEMENTED, "unknown method")); }
  void OnDone() override { delete this; }
};

class Echo final : public grpc::CallbackGenericService {
 public:
  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
    const std::string& method = context->method();
    if (method == "/echo.Echo/Unary") return new Unary;
    if (method == "/echo.Echo/ClientStream") return new ClientStream;
    if (method == "/echo.Echo/ServerStream") return new ServerStream;
    if (method == "/echo.Echo/BidiStream") return new BidiStream;
    return new Unknown;
  }
};

int run(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--version") {
    std::printf("grpc++ %s\n", grpc::Version().c_str());
    return 0;
  }
  if (argc != 3 || std::string_view(argv[1]) != "--listen") {
    std::fprintf(stderr, "usage: %s --listen IPV4:PORT | --version\n", argv[0]);
    return 2;
  }
  Echo service;
  return serve(argv[0], argv[2], [&](grpc::ServerBuilder& builder) {
    builder.RegisterCallbackGenericService(&service);
    return true;
  });
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) { return wasm_grpc::bench::run(argc, argv); }
