#include "json/wire/input.h"

#include <array>

namespace wasm_grpc::json {

namespace {

/// How deep groups that nobody knows may be nested.
constexpr std::size_t most_open_groups = 100;

std::uint64_t little_endian(const std::uint8_t* at, std::size_t size) noexcept {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{at[i]} << (8 * i);
  return value;
}

std::uint64_t decoded(Kind kind, std::uint64_t value) noexcept {
  switch (kind) {
    case Kind::boolean:
      return value != 0 ? 1 : 0;
    case Kind::sint32:
      value = static_cast<std::uint32_t>(value);
      return static_cast<std::uint32_t>((value >> 1) ^ (~(value & 1) + 1));
    case Kind::sint64:
      return (value >> 1) ^ (~(value & 1) + 1);
    case Kind::int32:
    case Kind::uint32:
    case Kind::enumeration:
      return static_cast<std::uint32_t>(value);
    default:
      return value;
  }
}

}  // namespace

const std::uint8_t* take_long_varint(const std::uint8_t* at, const std::uint8_t* end, std::uint64_t& value) noexcept {
  value = 0;
  for (unsigned shift = 0; shift < 70 && at != end; shift += 7) {
    const std::uint8_t byte = *at++;
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return at;
  }
  return nullptr;
}

bool take_bits(Kind kind, Piece& contents, std::uint64_t& value) noexcept {
  const WireType wire = wire_type(kind);
  if (wire == WireType::varint) {
    const std::uint8_t* const end = take_varint(contents.begin, contents.end, value);
    if (end == nullptr) return false;
    contents.begin = end;
    value = decoded(kind, value);
    return true;
  }
  const std::size_t size = wire == WireType::fixed32 ? 4 : 8;
  if (contents.size() < size) return false;
  value = little_endian(contents.begin, size);
  contents.begin += size;
  return true;
}

std::uint64_t bits_of(Kind kind, Piece contents) noexcept {
  std::uint64_t value = 0;
  static_cast<void>(take_bits(kind, contents, value));
  return value;
}

bool WireInput::next(Record& record) {
  while (at_ != end_) {
    std::uint64_t tag = 0;
    at_ = take_varint(at_, end_, tag);
    const auto wire = static_cast<WireType>(tag & 7);
    is_malformed_ = at_ == nullptr || tag > 0xFFFFFFFF || tag < 8 ||
                    !contents(wire, static_cast<std::uint32_t>(tag >> 3), record.contents);
    if (is_malformed_) return false;
    record.field = field_of(static_cast<std::uint32_t>(tag));
    record.wire = wire;
    if (record.field != nullptr) return true;
  }
  return false;
}

/// The field with that tag, if there is one and this is how it may be encoded.
const Field* WireInput::field_of(std::uint32_t tag) {
  const Field* const last = type_.fields().data() + type_.fields().size();
  if (likely_ != last && likely_->tag == tag) return likely_++;
  const Field* const field = type_.find(tag >> 3);
  if (field == nullptr) return nullptr;
  const bool is_packed =
      field->is_repeated && is_bits(field->kind) && static_cast<WireType>(tag & 7) == WireType::sized;
  if (field->tag != tag && !is_packed) return nullptr;
  likely_ = field + 1;
  return field;
}

bool WireInput::contents(WireType wire, std::uint32_t number, Piece& out) {
  std::uint64_t value = 0;
  out.begin = at_;
  switch (wire) {
    case WireType::varint:
      at_ = take_varint(at_, end_, value);
      if (at_ == nullptr) return false;
      break;
    case WireType::fixed64:
    case WireType::fixed32: {
      const std::ptrdiff_t size = wire == WireType::fixed64 ? 8 : 4;
      if (end_ - at_ < size) return false;
      at_ += size;
      break;
    }
    case WireType::sized:
      at_ = take_varint(at_, end_, value);
      if (at_ == nullptr || value > static_cast<std::uint64_t>(end_ - at_)) return false;
      out.begin = at_;
      at_ += value;
      break;
    case WireType::start_group:
      return group(number, out);
    default:
      return false;
  }
  out.end = at_;
  return true;
}

/// What is between the start of a group, which is behind, and its end.
bool WireInput::group(std::uint32_t number, Piece& out) {
  std::array<std::uint32_t, most_open_groups> open{};
  std::size_t depth = 0;
  open[depth++] = number;
  const std::uint8_t* const begin = at_;
  while (at_ != end_) {
    const std::uint8_t* const start = at_;
    std::uint64_t tag = 0;
    at_ = take_varint(at_, end_, tag);
    if (at_ == nullptr || tag > 0xFFFFFFFF || tag < 8) return false;
    const auto inner = static_cast<std::uint32_t>(tag >> 3);
    switch (static_cast<WireType>(tag & 7)) {
      case WireType::start_group:
        if (depth == open.size()) return false;
        open[depth++] = inner;
        break;
      case WireType::end_group:
        if (open[--depth] != inner) return false;
        if (depth == 0) {
          out = {begin, start};
          return true;
        }
        break;
      default: {
        Piece ignored;
        if (!contents(static_cast<WireType>(tag & 7), inner, ignored)) return false;
      }
    }
  }
  return false;
}

}  // namespace wasm_grpc::json
