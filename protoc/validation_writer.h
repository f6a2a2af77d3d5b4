// Writes code that holds messages to the rules in their .proto (buf.validate).
#pragma once

#include <google/protobuf/descriptor.h>

#include <set>
#include <string>
#include <vector>

#include "field.h"
#include "message_writer.h"

namespace wasm_grpc::protoc {

/// Whether the message, or one within it, has rules: there is code that checks it then.
[[nodiscard]] bool has_rules(const google::protobuf::Descriptor& message);

/// What is among the rules of the message that is not enforced, "package.Message.field: string.uri"; nothing where all
/// is.
[[nodiscard]] std::vector<std::string> rules_not_enforced(const google::protobuf::Descriptor& message);

/// Declares, and defines, `validate_fields(message, violations)` and `broken_rules(message)`, for a message that
/// has_rules().
void write_validation_declarations(Printer& out, const Message& message);
void write_validation(Printer& out, const Message& message);

}  // namespace wasm_grpc::protoc
