// What is in .proto files, by its name, as text.
#pragma once

#include <optional>
#include <string>

#include "services/described_files.h"

namespace wasm_grpc::client {

/// What `name` is in the files, as .proto text with its comments: a service, method ("package.Service.Method", also
/// with a '/'), message, enum, enum value, field, oneof or extension. Nothing where there is no such name.
[[nodiscard]] std::optional<std::string> find_symbol(const services::DescribedFiles& files, std::string name);

/// A request of this type to be filled in: indented JSON in which each field has a value, of each oneof the first.
/// Messages within themselves, and those very deep, are empty. Nothing where there is no such message.
[[nodiscard]] std::optional<std::string> request_template(const services::DescribedFiles& files,
                                                          const std::string& message);

}  // namespace wasm_grpc::client
