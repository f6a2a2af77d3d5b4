#include "wasm/command_exports.h"

#include <optional>
#include <set>
#include <string_view>
#include <vector>

#include "wasm/binary.h"

namespace wasm_grpc::wasm {

namespace {

constexpr std::string_view name_suffix = ".command_export";

/// The numbers of the functions that are exported.
std::set<std::uint32_t> exported_functions(std::string_view section) {
  constexpr std::uint8_t function_kind = 0;
  std::set<std::uint32_t> found;
  BinaryReader reader(section);
  const auto count = reader.number();
  for (std::uint32_t i = 0; count && i < *count; ++i) {
    const auto name = reader.sized();
    const auto kind = reader.byte();
    const auto index = reader.number();
    if (!name || !kind || !index) break;
    if (*kind == function_kind) found.insert(*index);
  }
  return found;
}

/// True when one of these functions has a name that wasm-ld gives to wrappers.
bool names_a_wrapper(std::string_view name_section, const std::set<std::uint32_t>& functions) {
  constexpr std::uint8_t function_names = 1;
  BinaryReader subsections(name_section);
  while (!subsections.at_end()) {
    const auto id = subsections.byte();
    const auto content = subsections.sized();
    if (!content) break;
    if (*id != function_names) continue;
    BinaryReader reader(*content);
    const auto count = reader.number();
    for (std::uint32_t i = 0; count && i < *count; ++i) {
      const auto index = reader.number();
      const auto name = reader.sized();
      if (!index || !name) break;
      if (name->ends_with(name_suffix) && functions.contains(*index)) return true;
    }
  }
  return false;
}

/// Takes the type of a value. False where it is none.
bool skip_value_type(BinaryReader& reader) {
  constexpr std::uint8_t typed_reference = 0x63;
  constexpr std::uint8_t typed_reference_not_null = 0x64;
  const auto type = reader.byte();
  if (type == typed_reference || type == typed_reference_not_null) return reader.number().has_value();
  return type.has_value();
}

/// Of each type whether it is that of a function without parameters and results; as far as there are only functions.
std::vector<bool> find_plain_types(std::string_view section) {
  constexpr std::uint8_t function_form = 0x60;
  std::vector<bool> plain;
  BinaryReader reader(section);
  const auto count = reader.number();
  for (std::uint32_t i = 0; count && i < *count && reader.byte() == function_form; ++i) {
    std::uint32_t values = 0;
    for (int list = 0; list < 2; ++list) {  // parameters, results
      const auto size = reader.number();
      if (!size) return plain;
      for (std::uint32_t j = 0; j < *size; ++j) {
        if (!skip_value_type(reader)) return plain;
      }
      values += *size;
    }
    plain.push_back(values == 0);
  }
  return plain;
}

/// The types of the module's own functions.
std::vector<std::uint32_t> types_of_functions(std::string_view section) {
  std::vector<std::uint32_t> types;
  BinaryReader reader(section);
  const auto count = reader.number();
  for (std::uint32_t i = 0; count && i < *count; ++i) {
    const auto type = reader.number();
    if (!type) break;
    types.push_back(*type);
  }
  return types;
}

/// The function that a body calls before it does anything else.
std::optional<std::uint32_t> called_first(std::string_view body) {
  constexpr std::uint8_t call = 0x10;
  BinaryReader reader(body);
  const auto locals = reader.number();
  for (std::uint32_t i = 0; locals && i < *locals; ++i) {
    if (!reader.number() || !skip_value_type(reader)) return std::nullopt;
  }
  if (!locals || reader.byte() != call) return std::nullopt;
  return reader.number();
}

/// The function that each of these calls first; nothing where they do not agree, or are less than two.
std::optional<std::uint32_t> called_first_by_all(std::string_view code_section,
                                                 const std::set<std::uint32_t>& functions,
                                                 std::uint32_t imported_functions) {
  if (functions.size() < 2 || *functions.begin() < imported_functions) return std::nullopt;
  std::optional<std::uint32_t> common;
  BinaryReader reader(code_section);
  const auto count = reader.number();
  std::size_t seen = 0;
  for (std::uint32_t i = 0; count && i < *count && seen < functions.size(); ++i) {
    const auto body = reader.sized();
    if (!body) return std::nullopt;
    if (!functions.contains(imported_functions + i)) continue;
    const auto first = called_first(*body);
    if (!first || (common && common != first)) return std::nullopt;
    common = first;
    ++seen;
  }
  return seen == functions.size() ? common : std::nullopt;
}

}  // namespace

bool has_command_exports(std::span<const std::byte> binary, std::uint32_t imported_functions) {
  std::vector<bool> plain_types;
  std::vector<std::uint32_t> types;
  std::set<std::uint32_t> functions;
  std::optional<std::uint32_t> first;
  bool named = false;
  for_each_section(binary, [&](SectionId id, std::string_view content) {  // they come in this order
    if (id == SectionId::types) plain_types = find_plain_types(content);
    if (id == SectionId::functions) types = types_of_functions(content);
    if (id == SectionId::exports) functions = exported_functions(content);
    if (id == SectionId::code) first = called_first_by_all(content, functions, imported_functions);
    if (id != SectionId::custom || functions.empty()) return;
    BinaryReader reader(content);
    if (reader.sized() == "name") named = named || names_a_wrapper(reader.rest(), functions);
  });
  if (named) return true;
  if (!first || *first < imported_functions || *first - imported_functions >= types.size()) return false;
  const std::uint32_t type = types[*first - imported_functions];
  return type < plain_types.size() && plain_types[type];
}

}  // namespace wasm_grpc::wasm
