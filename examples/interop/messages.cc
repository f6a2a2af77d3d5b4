#include "messages.h"

namespace interop {

using namespace wasm_grpc::guest;

namespace {

/// The value of a BoolValue.
bool parse(wire::Reader in, bool& value) {
  value = false;
  while (in.next()) {
    if (in.tag() == wire::varint_tag(1)) value = in.boolean();
  }
  return in.ok();
}

bool parse(wire::Reader in, EchoStatus& status) {
  while (in.next()) {
    switch (in.tag()) {
      case wire::varint_tag(1):
        status.code = in.int32();
        break;
      case wire::bytes_tag(2):
        status.message = in.text();
        break;
    }
  }
  return in.ok();
}

bool parse(wire::Reader in, ResponseParameters& parameters) {
  while (in.next()) {
    switch (in.tag()) {
      case wire::varint_tag(1):
        parameters.size = in.int32();
        break;
      case wire::varint_tag(2):
        parameters.interval_us = in.int32();
        break;
      case wire::bytes_tag(3):
        if (!parse(in.message(), parameters.compressed)) return false;
        break;
    }
  }
  return in.ok();
}

/// The body of a Payload.
bool parse(wire::Reader in, Bytes& body) {
  while (in.next()) {
    if (in.tag() == wire::bytes_tag(2)) body = in.bytes();
  }
  return in.ok();
}

}  // namespace

bool parse(wire::Reader in, SimpleRequest& request) {
  Bytes payload;
  while (in.next()) {
    switch (in.tag()) {
      case wire::varint_tag(1):
        request.response_type = in.int32();
        break;
      case wire::varint_tag(2):
        request.response_size = in.int32();
        break;
      case wire::bytes_tag(3):
        if (!parse(in.message(), payload)) return false;
        break;
      case wire::bytes_tag(6):
        if (!parse(in.message(), request.response_compressed)) return false;
        break;
      case wire::bytes_tag(7):
        if (!parse(in.message(), request.response_status.emplace())) return false;
        break;
      case wire::bytes_tag(8):
        if (!parse(in.message(), request.expect_compressed.emplace())) return false;
        break;
    }
  }
  return in.ok();
}

bool parse(wire::Reader in, StreamingInputCallRequest& request) {
  while (in.next()) {
    switch (in.tag()) {
      case wire::bytes_tag(1):
        if (!parse(in.message(), request.payload)) return false;
        break;
      case wire::bytes_tag(2):
        if (!parse(in.message(), request.expect_compressed.emplace())) return false;
        break;
    }
  }
  return in.ok();
}

bool parse(wire::Reader in, StreamingOutputCallRequest& request) {
  Bytes payload;
  while (in.next()) {
    switch (in.tag()) {
      case wire::varint_tag(1):
        request.response_type = in.int32();
        break;
      case wire::bytes_tag(2):
        if (!parse(in.message(), request.response_parameters.emplace_back())) return false;
        break;
      case wire::bytes_tag(3):
        if (!parse(in.message(), payload)) return false;
        break;
      case wire::bytes_tag(7):
        if (!parse(in.message(), request.response_status.emplace())) return false;
        break;
    }
  }
  return in.ok();
}

Bytes write_zeros(std::size_t size, std::string& out) {
  wire::Writer(out).message(1, [&](wire::Writer& payload) {
    // Payload.body, in place: it may be large.
    payload.write_varint(wire::bytes_tag(2));
    payload.write_varint(size);
    out.resize(out.size() + size);
  });
  return out;
}

Bytes write_payload(Bytes body, std::string& out) {
  wire::Writer(out).message(1, [&](wire::Writer& payload) { payload.bytes(2, body); });
  return out;
}

Bytes write_aggregated_size(std::int32_t size, std::string& out) {
  wire::Writer writer(out);
  if (size != 0) writer.int32(1, size);
  return out;
}

}  // namespace interop
