// The echo service on grpc++, in its favour: the generic callback service, whose messages are byte buffers that are
// never parsed nor copied, except for the request of a server stream.
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "peer.h"

namespace wasm_grpc::bench {
namespace {

using grpc::ByteBuffer;
using grpc::Status;
using grpc::StatusCode;

// A call in which one message is answered at its end: unary, or client stream with its last message.
class AnswerLast final : public grpc::ServerGenericBidiReactor {
 public:
  explicit AnswerLast(bool unary) : unary_(unary) { StartRead(&incoming_); }

  void OnReadDone(bool ok) override {
    if (ok) {
      last_.Swap(&incoming_);
      got_one_ = true;
      if (!unary_) return StartRead(&incoming_);
    }
    if (!got_one_) return Finish(Status(StatusCode::INTERNAL, "no request message"));
    StartWriteAndFinish(&last_, grpc::WriteOptions(), Status::OK);
  }
  void OnDone() override { delete this; }

 private:
  bool unary_;
  bool got_one_ = false;
  ByteBuffer incoming_;
  ByteBuffer last_;
};

class ServerStream final : public grpc::ServerGenericBidiReactor {
 public:
  ServerStream() { StartRead(&request_); }

  void OnReadDone(bool ok) override {
    if (!ok || !parse()) return Finish(Status(StatusCode::INVALID_ARGUMENT, "expected count = 1, payload = 2"));
    write_next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok) return Finish(Status(StatusCode::CANCELLED, "the client is gone"));
    write_next();
  }
  void OnDone() override { delete this; }

 private:
  // message ServerStreamRequest { uint32 count = 1; bytes payload = 2; }
  bool parse() {
    grpc::Slice slice;
    if (!request_.DumpToSingleSlice(&slice).ok()) return false;
    const std::span<const std::uint8_t> bytes(slice.begin(), slice.size());
    std::vector<std::uint8_t> reply;
    for (std::size_t at = 0; at < bytes.size();) {
      std::uint64_t tag = 0;
      std::uint64_t value = 0;
      if (!read_varint(bytes, at, tag) || !read_varint(bytes, at, value)) return false;
      if (tag == (1 << 3 | 0)) {
        left_ = value;
      } else if (tag == (2 << 3 | 2) && value <= bytes.size() - at) {
        reply = {1 << 3 | 2};
        append_varint(reply, value);
        reply.insert(reply.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                     bytes.begin() + static_cast<std::ptrdiff_t>(at + value));
        at += value;
      } else {
        return false;
      }
    }
    const grpc::Slice shared(reply.data(), reply.size());
    reply_ = ByteBuffer(&shared, 1);
    return true;
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
    if (method == "/echo.Echo/Unary") return new AnswerLast(true);
    if (method == "/echo.Echo/ClientStream") return new AnswerLast(false);
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
  const std::string address = argv[2];
  Echo service;
  grpc::ServerBuilder builder;
  int port = 0;
  builder.AddListeningPort(address, grpc::InsecureServerCredentials(), &port);
  builder.RegisterCallbackGenericService(&service);
  // The windows the yardstick has.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_STREAM_LOOKAHEAD_BYTES, 4 * 1024 * 1024);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr || port == 0) {
    std::fprintf(stderr, "grpc_cpp_echo: cannot listen on %s\n", address.c_str());
    return 1;
  }
  std::printf("listening on %s:%d\n", address.substr(0, address.rfind(':')).c_str(), port);
  std::fflush(stdout);
  server->Wait();
  return 0;
}

}  // namespace
}  // namespace wasm_grpc::bench

int main(int argc, char** argv) { return wasm_grpc::bench::run(argc, argv); }
