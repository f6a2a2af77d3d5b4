// Fields within a request, by the paths of their names.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "facade/rest/routes.h"
#include "json/read.h"

namespace wasm_grpc::facade::rest {

/// Looks up "a.b.c": names as in JSON or in the .proto file, all but the last of messages that are there once, and the
/// last of one that a text can say. Fails with what is wrong.
[[nodiscard]] Result<Rule::FieldPath> find_field_path(const json::MessageType& type, std::string_view path);

/// Appends a message that has nothing but this field, with this value, to `out`: what has it already, and is in front
/// of it, has the value then, too, or one more where the field is repeated. Nothing, or what is wrong.
[[nodiscard]] std::optional<std::string> append_field(const Rule::FieldPath& path, std::string_view text,
                                                      std::vector<std::byte>& out, const json::ReadOptions& options);

}  // namespace wasm_grpc::facade::rest
