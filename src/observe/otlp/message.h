// The messages of OTLP as they are on the wire: as much of them as is sent (opentelemetry-proto 1.x: common.proto,
// resource.proto, and trace.proto, metrics.proto and their services).
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "json/wire/output.h"

namespace wasm_grpc::observe::otlp {

/// Writes the fields of a message. Texts are made UTF-8, as a collector refuses all of a message with one that is not.
class Message {
 public:
  explicit Message(std::vector<std::byte>& bytes) : out_(bytes) {}

  void text(std::uint32_t field, std::string_view value);
  void bytes(std::uint32_t field, std::string_view value) {
    tag(field, 2);
    out_.sized(value);
  }
  void number(std::uint32_t field, std::uint64_t value) {
    tag(field, 0);
    out_.varint(value);
  }
  void fixed32(std::uint32_t field, std::uint32_t value) {
    tag(field, 5);
    out_.fixed32(value);
  }
  void fixed64(std::uint32_t field, std::uint64_t value) {
    tag(field, 1);
    out_.fixed64(value);
  }
  void real(std::uint32_t field, double value);
  /// A packed field.
  void fixed64s(std::uint32_t field, std::span<const std::uint64_t> values);
  void reals(std::uint32_t field, std::span<const double> values);
  /// A field that is a message, which `fields` writes.
  template <typename Fields>
  void message(std::uint32_t field, Fields fields) {
    const Region region = begin(field);
    fields();
    end(region);
  }
  /// The same in two steps: what is written between them belongs to it.
  using Region = json::ByteOutput::Region;
  [[nodiscard]] Region begin(std::uint32_t field) {
    tag(field, 2);
    return out_.open();
  }
  void end(Region region) { out_.close(region); }
  /// KeyValue.
  void attribute(std::uint32_t field, std::string_view key, std::string_view value);
  void attribute(std::uint32_t field, std::string_view key, std::int64_t value);

  [[nodiscard]] std::size_t size() const noexcept { return out_.size(); }
  /// The vector is right once this was called.
  void finish() { out_.finish(); }

 private:
  void tag(std::uint32_t field, std::uint32_t wire) { out_.varint(field << 3 | wire); }

  json::ByteOutput out_;
};

/// Who tells: the resource of all that is exported.
struct Resource {
  std::vector<std::pair<std::string, std::string>> texts;
  std::vector<std::pair<std::string, std::int64_t>> numbers;

  /// This process, as a service of that name.
  [[nodiscard]] static Resource of_process(const std::string& service_name, const std::string& version);
  /// Writes the message Resource.
  void write(Message& to) const;
};

/// What a collector answers of things it has not taken: partial_success of the responses of all signals.
struct PartialSuccess {
  std::uint64_t rejected = 0;
  std::string message;
};
/// False when it is no such message.
[[nodiscard]] bool read_response(std::string_view bytes, PartialSuccess& partial);

}  // namespace wasm_grpc::observe::otlp
