#include "facade/status_details.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/wire_format_lite.h>

#include <cstdint>

namespace wasm_grpc::facade {

namespace {

using Input = google::protobuf::io::CodedInputStream;
using Wire = google::protobuf::internal::WireFormatLite;

/// Calls `found` with the number and the bytes of each field of a message that has bytes; false where it is none.
/// Not by generated code: libprotobuf would write a line to standard error for each string that is not UTF-8.
template <typename Found>
bool read_fields(std::string_view message, const Found& found) {
  Input input(reinterpret_cast<const std::uint8_t*>(message.data()), static_cast<int>(message.size()));
  while (const std::uint32_t tag = input.ReadTag()) {
    if (Wire::GetTagWireType(tag) != Wire::WIRETYPE_LENGTH_DELIMITED) {
      if (!Wire::SkipField(&input, tag)) return false;
      continue;
    }
    std::uint32_t size = 0;
    if (!input.ReadVarint32(&size)) return false;
    const auto begin = static_cast<std::size_t>(input.CurrentPosition());
    if (size > message.size() - begin || !input.Skip(static_cast<int>(size))) return false;
    found(Wire::GetTagFieldNumber(tag), message.substr(begin, size));
  }
  return input.ConsumedEntireMessage();
}

}  // namespace

std::vector<StatusDetail> status_details(const rpc::Response& response) {
  const auto status = response.trailers.get("grpc-status-details-bin");
  if (!status) return {};
  std::vector<StatusDetail> details;
  bool all_well = true;
  const bool is_status = read_fields(*status, [&](int number, std::string_view bytes) {
    if (number != 3) return;  // the code and the message are said elsewhere
    StatusDetail& detail = details.emplace_back();
    all_well &= read_fields(bytes, [&](int any_number, std::string_view value) {
      if (any_number == 1) detail.type = value.substr(value.rfind('/') + 1);
      if (any_number == 2) detail.value = value;
    });
  });
  if (!is_status || !all_well) details.clear();
  return details;
}

}  // namespace wasm_grpc::facade
