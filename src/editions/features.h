// What editions let each field and enum say for itself (protobuf.dev/editions/features).
#pragma once

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <cstdint>

namespace wasm_grpc::editions {

/// google.protobuf.Edition.
enum class Edition : std::int32_t { proto2 = 998, proto3 = 999, of_2023 = 1000, of_2024 = 1001 };

/// google.protobuf.FeatureSet, as far as it matters to a message's bytes and JSON.
struct Features {
  enum class Presence : std::uint8_t { explicitly = 1, implicitly = 2, required = 3 };
  Presence presence = Presence::explicitly;
  bool open_enum = true;
  bool packed = true;
  bool verify_utf8 = true;
  bool delimited = false;

  /// Those of a file that says nothing.
  [[nodiscard]] static Features of(Edition edition);
  /// Replaces what a serialized FeatureSet says. What is malformed or unknown in it says nothing.
  void merge(const std::string& feature_set);
  /// As a FeatureSet.
  [[nodiscard]] std::string serialize() const;
};

/// The number of the field `features` in the options of files, messages, fields, oneofs and enums.
inline constexpr int of_file_options = 50;
inline constexpr int of_message_options = 12;
inline constexpr int of_field_options = 21;
inline constexpr int of_oneof_options = 1;
inline constexpr int of_enum_options = 7;

// The same for files of all kinds, those that lower() has changed among them.

/// Whether a default value that was set differs from one that was not.
[[nodiscard]] bool has_presence(const google::protobuf::FieldDescriptor& field);
/// Whether numbers without a name go to the unknown fields. Of proto2 and proto3 it is the field's file that counts, as
/// in Google's C++.
[[nodiscard]] bool is_closed_enum(const google::protobuf::FieldDescriptor& field);
/// Whether a string that is not UTF-8 makes the message malformed.
[[nodiscard]] bool verifies_utf8(const google::protobuf::FieldDescriptor& field);

/// The serialized bytes of field `number` in the unknown fields of some options; empty where there are none.
[[nodiscard]] std::string feature_set_in(const google::protobuf::Message& options, int number);

}  // namespace wasm_grpc::editions
