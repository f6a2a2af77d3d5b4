#include "json/field.h"

#include "json/reader.h"
#include "json/writer.h"

namespace wasm_grpc::json {

std::optional<std::string> read_field(const Field& field, std::string_view text, std::vector<std::byte>& out,
                                      const ReadOptions& options) {
  return Reader(text, out, options).read(field);
}

std::optional<std::string> read_field_text(const Field& field, std::string_view text, std::vector<std::byte>& out,
                                           const ReadOptions& options) {
  return Reader(text, out, options).read_text(field, text);
}

bool has_text(const Field& field) noexcept {
  if (!is_fields(field.kind)) return true;
  if (field.is_map || field.kind == Kind::group) return false;
  switch (field.message->shape()) {
    case Shape::timestamp:
    case Shape::duration:
    case Shape::field_mask:
    case Shape::wrapper:
      return true;
    default:
      return false;
  }
}

std::optional<std::string> write_field(const MessageType& type, const Field& field, std::span<const std::byte> message,
                                       std::string& out, const WriteOptions& options) {
  return Writer(message, out, options).write(type, field);
}

}  // namespace wasm_grpc::json
