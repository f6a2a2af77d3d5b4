#include "observe/otlp/message.h"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <optional>

#include "json/wire/input.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::observe::otlp {

namespace {

constexpr std::size_t most_message_bytes = 1024;  // of what a collector says

/// A random UUID (RFC 9562, version 4): each process is another instance of its service.
std::string random_uuid() {
  std::array<std::uint8_t, 16> bytes{};
  while (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
  }
  bytes[6] = static_cast<std::uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<std::uint8_t>((bytes[8] & 0x3f) | 0x80);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += digits[bytes[i] >> 4];
    text += digits[bytes[i] & 15];
  }
  return text;
}

/// A field of a message.
struct Field {
  std::uint32_t number = 0;
  std::uint32_t wire = 0;
  std::uint64_t value = 0;  // a varint, or how long `bytes` is
  std::string_view bytes;
};

/// Takes the next field from the front. Nothing when there is none, or what is there is none: `rest` is then not empty.
std::optional<Field> take_field(std::string_view& rest) {
  const auto* at = reinterpret_cast<const std::uint8_t*>(rest.data());
  const auto* const end = at + rest.size();
  std::uint64_t tag = 0;
  Field field;
  at = json::take_varint(at, end, tag);
  if (at == nullptr) return std::nullopt;
  field.number = static_cast<std::uint32_t>(tag >> 3);
  field.wire = static_cast<std::uint32_t>(tag & 7);
  switch (field.wire) {
    case 0:
      at = json::take_varint(at, end, field.value);
      if (at == nullptr) return std::nullopt;
      field.bytes = {};
      break;
    case 1:
      field.value = 8;
      break;
    case 2:
      at = json::take_varint(at, end, field.value);
      if (at == nullptr) return std::nullopt;
      break;
    case 5:
      field.value = 4;
      break;
    default:
      return std::nullopt;
  }
  if (field.wire != 0) {
    if (field.value > static_cast<std::uint64_t>(end - at)) return std::nullopt;
    field.bytes = {reinterpret_cast<const char*>(at), static_cast<std::size_t>(field.value)};
    at += field.value;
  }
  rest.remove_prefix(static_cast<std::size_t>(at - reinterpret_cast<const std::uint8_t*>(rest.data())));
  return field;
}

bool read_partial_success(std::string_view bytes, PartialSuccess& partial) {
  while (!bytes.empty()) {
    const auto field = take_field(bytes);
    if (!field) return false;
    if (field->number == 1 && field->wire == 0) partial.rejected = field->value;
    if (field->number == 2 && field->wire == 2) partial.message = wasm::printable(field->bytes, most_message_bytes);
  }
  return true;
}

}  // namespace

void Message::text(std::uint32_t field, std::string_view value) {
  if (wasm::is_printable(value)) {
    bytes(field, value);
  } else {
    bytes(field, wasm::printable(value));
  }
}

void Message::real(std::uint32_t field, double value) { fixed64(field, std::bit_cast<std::uint64_t>(value)); }

void Message::fixed64s(std::uint32_t field, std::span<const std::uint64_t> values) {
  message(field, [&] {
    for (const std::uint64_t value : values) out_.fixed64(value);
  });
}

void Message::reals(std::uint32_t field, std::span<const double> values) {
  message(field, [&] {
    for (const double value : values) out_.fixed64(std::bit_cast<std::uint64_t>(value));
  });
}

void Message::attribute(std::uint32_t field, std::string_view key, std::string_view value) {
  message(field, [&] {
    text(1, key);
    message(2, [&] { text(1, value); });
  });
}

void Message::attribute(std::uint32_t field, std::string_view key, std::int64_t value) {
  message(field, [&] {
    text(1, key);
    message(2, [&] { number(3, static_cast<std::uint64_t>(value)); });
  });
}

Resource Resource::of_process(const std::string& service_name, const std::string& version) {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  static const std::string instance = random_uuid();  // the same for all that the process tells
  Resource resource;
  resource.texts = {{"service.name", service_name},    {"service.instance.id", instance},
                    {"host.name", host.data()},        {"telemetry.sdk.name", "wasm-grpc"},
                    {"telemetry.sdk.language", "cpp"}, {"telemetry.sdk.version", version}};
  resource.numbers = {{"process.pid", getpid()}};
  return resource;
}

void Resource::write(Message& to) const {
  for (const auto& [key, value] : texts) to.attribute(1, key, value);
  for (const auto& [key, value] : numbers) to.attribute(1, key, value);
}

bool read_response(std::string_view bytes, PartialSuccess& partial) {
  while (!bytes.empty()) {
    const auto field = take_field(bytes);
    if (!field) return false;
    if (field->number == 1 && field->wire == 2 && !read_partial_success(field->bytes, partial)) return false;
  }
  return true;
}

}  // namespace wasm_grpc::observe::otlp
