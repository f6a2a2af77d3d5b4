#include "client/status_details.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>
#include <google/rpc/error_details.pb.h>

#include <span>

namespace wasm_grpc::client {

namespace pb = google::protobuf;

MessageJson MessageJson::of_error_details() {
  const pb::FileDescriptor* const files[] = {google::rpc::ErrorInfo::descriptor()->file()};
  return MessageJson(std::span(files));
}

std::string hexadecimal(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out = "0x";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    out += digits[value >> 4];
    out += digits[value & 15];
  }
  return out;
}

std::vector<std::string> details_as_text(std::string_view status, const MessageJson& json) {
  // google.rpc.Status: { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
  constexpr std::uint32_t details_tag = 3 << 3 | 2;
  std::vector<std::string> lines;
  if (status.empty()) return lines;
  const MessageJson usual = MessageJson::of_error_details();
  pb::io::CodedInputStream in(reinterpret_cast<const std::uint8_t*>(status.data()), static_cast<int>(status.size()));
  while (const std::uint32_t tag = in.ReadTag()) {
    if (tag != details_tag) {
      if (!pb::internal::WireFormatLite::SkipField(&in, tag)) break;
      continue;
    }
    std::uint32_t size = 0;
    std::string bytes;
    pb::Any detail;
    if (!in.ReadVarint32(&size) || !in.ReadString(&bytes, static_cast<int>(size)) || !detail.ParseFromString(bytes))
      break;
    const std::string type = detail.type_url().substr(detail.type_url().rfind('/') + 1);
    auto text = json.write(type, detail.value());
    if (!text.ok()) text = usual.write(type, detail.value());
    lines.push_back(type + " " + (text.ok() ? text.value() : hexadecimal(detail.value())));
  }
  return lines;
}

}  // namespace wasm_grpc::client
