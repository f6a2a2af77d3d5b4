#include "http1/parser.h"

#include <cstddef>

namespace wasm_grpc::http1 {

namespace {

// As in engine/src/http1.rs.
struct RawText {
  const char* data;
  std::size_t size;
};
struct RawField {
  RawText name;
  RawText value;
};
struct RawRequest {
  RawText method;
  RawText target;
  std::uint8_t minor_version;
  std::size_t fields;
};

extern "C" {
std::ptrdiff_t wasm_grpc_http1_parse_request(const std::byte* bytes, std::size_t size, RawField* fields,
                                             std::size_t max_fields, RawRequest* out) noexcept;
std::ptrdiff_t wasm_grpc_http1_parse_trailers(const std::byte* bytes, std::size_t size) noexcept;
std::ptrdiff_t wasm_grpc_http1_parse_chunk_size(const std::byte* bytes, std::size_t size,
                                                std::uint64_t* chunk) noexcept;
}

std::string_view view(const RawText& text) { return {text.data, text.size}; }

Parse outcome_of(std::ptrdiff_t result) {
  if (result > 0) return Parse::complete;
  switch (result) {
    case 0:
      return Parse::incomplete;
    case -2:
      return Parse::too_many_fields;
    case -3:
      return Parse::wrong_version;
    default:
      return Parse::malformed;
  }
}

Parsed parsed(std::ptrdiff_t result, std::uint64_t value) {
  return {outcome_of(result), result > 0 ? static_cast<std::size_t>(result) : 0, value};
}

}  // namespace

Parse HeadParser::parse(std::span<const std::byte> bytes) noexcept {
  std::array<RawField, max_fields> fields;  // not initialized: written as far as there are fields
  RawRequest request;
  const auto result = wasm_grpc_http1_parse_request(bytes.data(), bytes.size(), fields.data(), fields.size(), &request);
  if (result <= 0) return outcome_of(result);
  size_ = static_cast<std::size_t>(result);
  method_ = view(request.method);
  target_ = view(request.target);
  minor_version_ = request.minor_version;
  field_count_ = request.fields;
  for (std::size_t i = 0; i < field_count_; ++i) fields_[i] = {view(fields[i].name), view(fields[i].value)};
  return Parse::complete;
}

Parsed parse_chunk_size(std::span<const std::byte> bytes) noexcept {
  std::uint64_t chunk = 0;
  const auto result = wasm_grpc_http1_parse_chunk_size(bytes.data(), bytes.size(), &chunk);
  return parsed(result, chunk);
}

Parsed parse_trailers(std::span<const std::byte> bytes) noexcept {
  return parsed(wasm_grpc_http1_parse_trailers(bytes.data(), bytes.size()), 0);
}

}  // namespace wasm_grpc::http1
