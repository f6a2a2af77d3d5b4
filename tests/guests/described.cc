// described.Mirror (described.proto): gives back what it gets, and gives the host its descriptors.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace described {
extern const std::string_view described_descriptors;
}

namespace {

Reply unary(Context& context, Bytes request) {
  if (const auto value = context.metadata("x-echo")) (void)context.add_header("x-echo", *value);
  if (context.metadata("x-compress")) (void)context.compress(true);
  (void)context.add_trailer("x-trailer", "the end");
  return request;
}

Reply client_stream(Context&, Reader& in) {
  std::string last;
  for (Bytes message : in) last = message.copy();
  return last;
}

Status server_stream(Context& context, Bytes request, Writer& out) {
  (void)context.add_trailer("x-trailer", "the end");
  std::uint64_t count = 0;
  wire::Reader fields(request);
  while (fields.next()) {
    if (fields.tag() == wire::varint_tag(2)) count = fields.uint64();
  }
  if (!fields.ok()) return Status::invalid_argument("not a described.Message");
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!out.write(request)) return Status::cancelled();
  }
  return Status::ok();
}

Status bidi_stream(Context&, Reader& in, Writer& out) {
  for (Bytes message : in) {
    if (!out.write(message)) return Status::cancelled();
  }
  return Status::ok();
}

Status fail(Context&, Bytes request, Writer& out) {
  std::uint64_t code = 0;
  std::uint64_t messages = 0;
  std::string text;
  std::string details;
  wire::Reader fields(request);
  while (fields.next()) {
    if (fields.tag() == wire::varint_tag(1)) code = fields.uint64();
    if (fields.tag() == wire::bytes_tag(2)) text = fields.text();
    if (fields.tag() == wire::bytes_tag(3)) details = fields.bytes().copy();
    if (fields.tag() == wire::varint_tag(4)) messages = fields.uint64();
  }
  if (!fields.ok()) return Status::invalid_argument("not a described.Failure");
  for (std::uint64_t i = 0; i < messages; ++i) {
    if (!out.write(Bytes())) return Status::cancelled();
  }
  Status status(static_cast<StatusCode>(code), text);
  return details.empty() ? status : std::move(status).with_details(details);
}

Reply set_serving_of(Context& context, Bytes request) {
  std::string_view service;
  bool serving = false;
  wire::Reader fields(request);
  while (fields.next()) {
    if (fields.tag() == wire::bytes_tag(1)) service = fields.text();
    if (fields.tag() == wire::varint_tag(2)) serving = fields.boolean();
  }
  if (!fields.ok()) return Status::invalid_argument("not a described.Serving");
  std::string& reply = context.scratch();
  reply = request.copy();
  if (set_serving(service, serving)) reply.append("\x18\x01");  // known = true
  return Bytes(reply);
}

}  // namespace

WASM_GRPC_SERVICES(registry) {
  // A test says so by a file in a folder that it grants.
  if (std::fopen("/flags/cannot-start", "r") != nullptr) std::abort();
  const std::string_view files = described::described_descriptors;
  if (!registry.descriptors(Bytes(files))) log(LogLevel::error, "the descriptors were refused");
  registry.service("described.Mirror")
      .unary("Unary", unary)
      .unary("Look", unary)
      .client_stream("ClientStream", client_stream)
      .server_stream("ServerStream", server_stream)
      .bidi_stream("BidiStream", bidi_stream)
      .server_stream("Fail", fail)
      .unary("SetServing", set_serving_of);
}
