// One field of a message, apart from the others: for what a URL or a body says of a message in part.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/read.h"
#include "json/table.h"
#include "json/write.h"

namespace wasm_grpc::json {

/// Appends the field with the value that `text` stands for, which is JSON; also arrays and objects where the field is
/// repeated or a map. Errors are as read() has them.
[[nodiscard]] std::optional<std::string> read_field(const Field& field, std::string_view text,
                                                    std::vector<std::byte>& out, const ReadOptions& options = {});

/// Appends the field with the one value that `text` says without being JSON: a string as it is, and else what JSON has
/// as a number, a boolean or in quotes. Of messages, those of google.protobuf that JSON has so (wrappers, times,
/// durations and field masks). Of a repeated field, one value more. Errors name
/// neither the field nor a place.
[[nodiscard]] std::optional<std::string> read_field_text(const Field& field, std::string_view text,
                                                         std::vector<std::byte>& out, const ReadOptions& options = {});
/// Whether there is such a text.
[[nodiscard]] bool has_text(const Field& field) noexcept;

/// Appends the JSON of one field of a message to `out`; of its default value where the message does not have it. Errors
/// are as write() has them.
[[nodiscard]] std::optional<std::string> write_field(const MessageType& type, const Field& field,
                                                     std::span<const std::byte> message, std::string& out,
                                                     const WriteOptions& options = {});

}  // namespace wasm_grpc::json
