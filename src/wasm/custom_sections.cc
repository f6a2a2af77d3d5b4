#include "wasm/custom_sections.h"

#include "wasm/binary.h"

namespace wasm_grpc::wasm {

CustomSections read_custom_sections(std::span<const std::byte> binary, std::string_view prefix) {
  CustomSections found;
  for_each_section(binary, [&](SectionId id, std::string_view content) {
    if (id != SectionId::custom) return;
    BinaryReader reader(content);
    const auto name = reader.sized();
    if (name && name->starts_with(prefix)) found[std::string(*name)].append(reader.rest());
  });
  return found;
}

}  // namespace wasm_grpc::wasm
