// What to tell of an import that the host does not offer.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::wasm {

struct ImportInfo;

/// What is offered: by import module, the types of its functions by name.
using OfferedFunctions = std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>>;

/// How to build a module anew that imports this, where the import tells what made it: for JavaScript, for another WASI,
/// or not linked to its end.
[[nodiscard]] std::optional<std::string_view> build_advice(const ImportInfo& import);
/// The same for the first of a module's imports that tells; such as "it imports "gojs.x": ..."
[[nodiscard]] std::optional<std::string> build_advice(const std::vector<ImportInfo>& imports);

/// The function that may be meant: the one of this name in another import module, or the one with the most similar
/// name.
[[nodiscard]] std::optional<std::string> similar_function(const ImportInfo& import, const OfferedFunctions& offered);

/// The names of an import in quotes, made printable and cut.
[[nodiscard]] std::string quoted(const ImportInfo& import);

}  // namespace wasm_grpc::wasm
