#include "wasm/module.h"

#include <wasmtime.h>

#include <algorithm>

#include "wasm/code_cache.h"
#include "wasm/command_exports.h"
#include "wasm/engine.h"
#include "wasm/failure.h"
#include "wasm/refusals/features.h"
#include "wasm/refusals/file_kind.h"

namespace wasm_grpc::wasm {

namespace {

std::string text(const wasm_name_t* name) { return {name->data, name->size}; }

/// The bytes as a wasm binary: themselves, or translated when they are the text format, into `translated`.
Result<std::span<const std::byte>> to_binary(std::span<const std::byte> bytes, std::vector<std::byte>& translated) {
  static constexpr std::string_view magic{"\0asm", 4};
  const std::string_view view{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (auto other = known_as_no_module(view)) return Error{std::move(*other)};
  if (view.starts_with(magic)) return bytes;
  const std::size_t first = view.find_first_not_of(" \t\r\n");
  const bool looks_like_text =
      first != std::string_view::npos && (view.substr(first).starts_with("(") || view.substr(first).starts_with(";;"));
  if (!looks_like_text) {
    return Error{
        "not a WebAssembly module: it does not begin with \"\\0asm\", nor with \"(module\" as the text format"};
  }
  wasm_byte_vec_t binary;
  if (wasmtime_error_t* error = wasmtime_wat2wasm(view.data(), view.size(), &binary)) {
    return Error{"not a WebAssembly module: " + take_message(error)};
  }
  const auto* data = reinterpret_cast<const std::byte*>(binary.data);
  translated.assign(data, data + binary.size);
  wasm_byte_vec_delete(&binary);
  const std::string_view made{reinterpret_cast<const char*>(translated.data()), translated.size()};
  if (auto other = known_as_no_module(made)) return Error{std::move(*other)};  // a component as text
  return std::span<const std::byte>(translated);
}

}  // namespace

Result<std::shared_ptr<const Module>> Module::compile(const Engine& engine, std::string name,
                                                      std::span<const std::byte> bytes, const CodeCache* cache) {
  std::vector<std::byte> translated;
  const auto binary = to_binary(bytes, translated);
  if (!binary.ok()) return binary.error();
  const std::string file_name = cache == nullptr ? std::string() : CodeCache::file_name(binary.value());
  wasmtime_module_t* module = cache == nullptr ? nullptr : cache->load(engine, file_name);
  if (module == nullptr) {
    const auto* data = reinterpret_cast<const std::uint8_t*>(binary.value().data());
    if (wasmtime_error_t* error = wasmtime_module_new(engine.get(), data, binary.value().size(), &module)) {
      const std::string message = take_message(error);
      const auto advice = feature_advice(message);
      return Error{"not a module this host can run: " + message + (advice ? "; " + std::string(*advice) : "")};
    }
    if (cache != nullptr) cache->store(*module, file_name);
  }
  return std::shared_ptr<const Module>(new Module(engine, std::move(name), bytes.size(), binary.value(), module));
}

Module::Module(const Engine& engine, std::string name, std::size_t size, std::span<const std::byte> binary,
               wasmtime_module* module)
    : engine_(engine),
      name_(std::move(name)),
      size_(size),
      module_(module),
      custom_sections_(read_custom_sections(binary, "wasm_grpc.")) {
  wasm_importtype_vec_t imports;
  wasmtime_module_imports(module_, &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const wasm_externtype_t* type = wasm_importtype_type(imports.data[i]);
    imports_.push_back({text(wasm_importtype_module(imports.data[i])), text(wasm_importtype_name(imports.data[i])),
                        kind_of(type), type_text(type)});
  }
  wasm_importtype_vec_delete(&imports);
  const auto is_function = [](const ImportInfo& import) { return import.kind == ExternKind::function; };
  const auto functions = static_cast<std::uint32_t>(std::ranges::count_if(imports_, is_function));
  has_command_exports_ = wasm::has_command_exports(binary, functions);

  wasm_exporttype_vec_t exports;
  wasmtime_module_exports(module_, &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    const wasm_externtype_t* type = wasm_exporttype_type(exports.data[i]);
    exports_.push_back({text(wasm_exporttype_name(exports.data[i])), kind_of(type), type_text(type)});
    if (exports_.back().kind == ExternKind::memory && exports_.back().name == "memory") {
      const wasm_memorytype_t* memory = wasm_externtype_as_memorytype_const(type);
      MemoryInfo info;
      info.minimum_pages = wasmtime_memorytype_minimum(memory);
      std::uint64_t maximum = 0;
      if (wasmtime_memorytype_maximum(memory, &maximum)) info.maximum_pages = maximum;
      memory_ = info;
    }
  }
  wasm_exporttype_vec_delete(&exports);
}

Module::~Module() { wasmtime_module_delete(module_); }

std::string_view Module::custom_section(std::string_view section_name) const noexcept {
  const auto found = custom_sections_.find(section_name);
  return found == custom_sections_.end() ? std::string_view() : found->second;
}

const ExportInfo* Module::find_export(std::string_view export_name) const noexcept {
  const auto found = std::find_if(exports_.begin(), exports_.end(),
                                  [&](const ExportInfo& candidate) { return candidate.name == export_name; });
  return found == exports_.end() ? nullptr : &*found;
}

}  // namespace wasm_grpc::wasm
