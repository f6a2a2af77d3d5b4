// How fields are read and written, by the codecs of wire_codec.h, for generated code (protoc-gen-wasm-grpc).
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "wasm_grpc/guest/indirect.h"
#include "wasm_grpc/guest/large_oneof.h"
#include "wasm_grpc/guest/wire_codec.h"
#include "wasm_grpc/guest/wire_decode.h"
#include "wasm_grpc/guest/wire_encode.h"
#include "wasm_grpc/guest/wire_format.h"
#include "wasm_grpc/guest/wire_writer.h"

namespace wasm_grpc::guest::wire {

// ---- The place of a value that may be absent, made when it is ----

template <typename Value>
[[nodiscard]] Value& present(Value& value) noexcept {
  return value;
}
template <typename Value>
[[nodiscard]] Value& present(std::optional<Value>& value) {
  return value ? *value : value.emplace();
}
template <typename Value>
[[nodiscard]] Value& present(Indirect<Value>& value) {
  return value ? *value : value.emplace();
}
/// The alternative of a oneof, which becomes the one that is set.
template <std::size_t index, typename... Values>
[[nodiscard]] auto& alternative(std::variant<Values...>& oneof) {
  if (auto* value = std::get_if<index>(&oneof)) return present(*value);
  return present(oneof.template emplace<index>());
}

template <typename Value>
[[nodiscard]] Value& alternative(LargeOneof& oneof, std::size_t index) {
  if (auto* value = oneof.get<Value>(index)) return *value;
  return oneof.emplace<Value>(index, Value());
}

// ---- Reading ----

/// One element of a repeated field.
template <typename Codec>
const char* read_element(const char* at, const char* end, int depth, std::vector<typename Codec::Value>& values) {
  if constexpr (std::is_same_v<typename Codec::Value, bool>) {
    bool value = false;
    at = Codec::read(at, end, depth, value);
    values.push_back(value);
    return at;
  } else {
    return Codec::read(at, end, depth, values.emplace_back());
  }
}

/// All elements of a packed field.
template <typename Codec>
const char* read_packed(const char* at, const char* end, std::vector<typename Codec::Value>& values) {
  std::size_t length = 0;
  at = read_length(at, end, length);
  if (at == nullptr) return nullptr;
  const char* const last = at + length;
  if constexpr (Codec::type == Type::varint) {
    if (values.empty()) values.reserve(count_varints(at, length));
    while (at != last) {
      at = read_element<Codec>(at, last, 0, values);
      if (at == nullptr) return nullptr;
    }
  } else if (length != 0) {
    constexpr std::size_t size = sizeof(typename Codec::Value);
    if (length % size != 0) return nullptr;
    const std::size_t had = values.size();
    values.resize(had + length / size);
    std::memcpy(values.data() + had, at, length);
  }
  return last;
}

/// An entry of a map: a message with the key as field 1 and the value as field 2, either of which may be missing. It
/// takes the place of one with the same key. In two passes, as the value is read where it stays, and its key may come
/// after it.
template <typename Key, typename Mapped, typename Map>
const char* read_entry(const char* at, const char* end, int depth, Map& map) {
  std::size_t length = 0;
  at = read_length(at, end, length);
  if (at == nullptr || depth-- == 0) return nullptr;
  const char* const last = at + length;
  typename Key::Value key{};
  std::uint32_t found = 0;
  for (const char* pass = at; pass != last;) {
    pass = read_tag(pass, last, found);
    if (pass == nullptr) return nullptr;
    pass = found == tag(1, Key::type) ? Key::read(pass, last, depth, key) : skip_value(pass, last, found, depth);
    if (pass == nullptr) return nullptr;
  }
  typename Mapped::Value& value = map[std::move(key)];
  value = typename Mapped::Value{};
  while (at != last) {
    at = read_tag(at, last, found);
    at = found == tag(2, Mapped::type) ? Mapped::read(at, last, depth, value) : skip_value(at, last, found, depth);
    if (at == nullptr) return nullptr;
  }
  return last;
}

// ---- Enums of proto2 are closed: a number without a name goes to the unknown fields ----

/// `set(value)` is called when it has a name. `field` is where the tag begins.
template <typename Enum, typename Set>
const char* read_closed(const char* field, const char* at, const char* end, std::string& unknown, Set set) {
  Enum value{};
  at = Varint<Enum>::read(at, end, 0, value);
  if (at == nullptr) return nullptr;
  if (is_known(value)) {
    set(value);
  } else {
    unknown.append(field, static_cast<std::size_t>(at - field));
  }
  return at;
}

/// A packed field; each number without a name becomes a field of its own, with all of its bits.
template <typename Enum>
const char* read_packed_closed(const char* at, const char* end, std::uint32_t field, std::vector<Enum>& values,
                               std::string& unknown) {
  std::size_t length = 0;
  at = read_length(at, end, length);
  if (at == nullptr) return nullptr;
  const char* const last = at + length;
  while (at != last) {
    std::uint64_t number = 0;
    at = read_varint(at, last, number);
    if (at == nullptr) return nullptr;
    if (const auto value = static_cast<Enum>(static_cast<std::int32_t>(number)); is_known(value)) {
      values.push_back(value);
    } else {
      Writer(unknown).uint64(field, number);
    }
  }
  return last;
}

/// An entry of a map to a closed enum; one whose value has no name goes to the unknown fields as a whole.
template <typename Key, typename Mapped, typename Map>
const char* read_closed_entry(const char* field, const char* at, const char* end, int depth, Map& map,
                              std::string& unknown) {
  Map entry;
  at = read_entry<Key, Mapped>(at, end, depth, entry);
  if (at == nullptr) return nullptr;
  auto& [key, value] = *entry.begin();
  if (is_known(value)) {
    map[key] = value;
  } else {
    unknown.append(field, static_cast<std::size_t>(at - field));
  }
  return at;
}

// ---- Writing ----

/// A field with its tag.
template <typename Codec, typename Value>
[[nodiscard]] char* write_field(char* at, Encoder& out, std::uint32_t field, const Value& value) {
  return Encoder::put_varint(Codec::write(at, out, value), tag(field, Codec::type));
}

/// A field of which proto3 leaves out the default.
template <typename Codec>
[[nodiscard]] char* write_unless_zero(char* at, Encoder& out, std::uint32_t field, const typename Codec::Value& value) {
  return Codec::is_zero(value) ? at : write_field<Codec>(at, out, field, value);
}

/// A field that may be absent: a std::optional or an Indirect.
template <typename Codec, typename Optional>
[[nodiscard]] char* write_optional(char* at, Encoder& out, std::uint32_t field, const Optional& value) {
  return value ? write_field<Codec>(at, out, field, *value) : at;
}

/// A field of a oneof, when it is the one that is set.
template <std::size_t index, typename Codec, typename... Values>
[[nodiscard]] char* write_alternative(char* at, Encoder& out, std::uint32_t field,
                                      const std::variant<Values...>& oneof) {
  const auto* const value = std::get_if<index>(&oneof);
  if (value == nullptr) return at;
  if constexpr (requires { value->get(); }) {  // an Indirect
    return write_field<Codec>(at, out, field, *value ? **value : typename Codec::Value());
  } else {
    return write_field<Codec>(at, out, field, *value);
  }
}

template <typename Codec>
[[nodiscard]] char* write_alternative(char* at, Encoder& out, std::uint32_t field, const LargeOneof& oneof,
                                      std::size_t index) {
  const auto* const value = oneof.get<typename Codec::Value>(index);
  return value == nullptr ? at : write_field<Codec>(at, out, field, *value);
}

template <typename Codec>
[[nodiscard]] char* write_repeated(char* at, Encoder& out, std::uint32_t field,
                                   const std::vector<typename Codec::Value>& values) {
  for (auto value = values.rbegin(); value != values.rend(); ++value) at = write_field<Codec>(at, out, field, *value);
  return at;
}

template <typename Codec>
[[nodiscard]] char* write_packed(char* at, Encoder& out, std::uint32_t field,
                                 const std::vector<typename Codec::Value>& values) {
  if (values.empty()) return at;
  const std::size_t before = out.size(at);
  if constexpr (Codec::type == Type::varint) {
    for (auto value = values.rbegin(); value != values.rend(); ++value) at = Codec::write(at, out, *value);
  } else {
    at = out.bytes(at, {reinterpret_cast<const char*>(values.data()), values.size() * sizeof values[0]});
  }
  return Encoder::put_varint(out.length_since(at, before), bytes_tag(field));
}

template <typename Key, typename Mapped, typename Map>
[[nodiscard]] char* write_map(char* at, Encoder& out, std::uint32_t field, const Map& map) {
  for (auto entry = map.rbegin(); entry != map.rend(); ++entry) {
    const std::size_t before = out.size(at);
    at = write_field<Mapped>(at, out, 2, entry->second);
    at = write_field<Key>(at, out, 1, entry->first);
    at = Encoder::put_varint(out.length_since(at, before), bytes_tag(field));
  }
  return at;
}

}  // namespace wasm_grpc::guest::wire
