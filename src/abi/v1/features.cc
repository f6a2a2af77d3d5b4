// What of ABI 1 a module may use, as `wasm-grpc inspect` tells it.

#include <algorithm>

#include "abi/v1/binding.h"
#include "wasm/module.h"

namespace wasm_grpc::abi::v1 {

namespace {

enum class By : std::uint8_t { import, export_, section };

struct Trait {
  std::string_view feature;
  By by;
  std::string_view name;
};

// Functions that every guest needs tell nothing.
constexpr Trait traits[] = {
    {"handlers", By::export_, call_export},
    {"events", By::export_, event_export},
    {"placement", By::import, "placement"},
    {"timers", By::import, "timer"},
    {"instance events", By::import, "alarm"},
    {"instance events", By::import, "ending"},
    {"waiting", By::import, "wait"},
    {"waiting", By::import, "wait_any"},
    {"waiting", By::import, "wait_fd"},
    {"metadata", By::import, "metadata_get"},
    {"metadata", By::import, "metadata_list"},
    {"metadata", By::import, "metadata_add"},
    {"headers", By::import, "headers_send"},
    {"compression", By::import, "compress"},
    {"call info", By::import, "info"},
    {"HTTP status", By::import, "http_status"},
    {"deadlines", By::import, "deadline"},
    {"log", By::import, "log"},
    {"log", By::import, "log_call"},
    {"health", By::import, "health_set"},
    {"descriptors", By::import, "descriptors"},
    {"descriptors", By::section, descriptors_section},
};

bool is_of_abi(const wasm::ImportInfo& import) {
  return import.module == import_module || import.module == optional_import_module;
}

bool has(const wasm::Module& module, const Trait& trait) {
  switch (trait.by) {
    case By::import:
      return std::ranges::any_of(module.imports(), [&](const wasm::ImportInfo& import) {
        return is_of_abi(import) && import.name == trait.name;
      });
    case By::export_:
      return module.find_export(trait.name) != nullptr;
    case By::section:
      return !module.custom_section(trait.name).empty();
  }
  return false;
}

}  // namespace

std::vector<std::string> Abi1::features(const wasm::Module& module) const {
  std::vector<std::string> found;
  for (const Trait& trait : traits) {
    const bool is_new = std::ranges::find(found, trait.feature) == found.end();
    if (is_new && has(module, trait)) found.emplace_back(trait.feature);
  }
  const auto optional = [](const wasm::ImportInfo& import) { return import.module == optional_import_module; };
  if (std::ranges::any_of(module.imports(), optional)) found.emplace_back("optional functions");
  return found;
}

}  // namespace wasm_grpc::abi::v1
