#include "wasm/module.h"

#include <wasmtime.h>

#include <algorithm>

#include "wasm/code_cache.h"
#include "wasm/engine.h"
#include "wasm/failure.h"

namespace wasm_grpc::wasm {

namespace {

std::string text(const wasm_name_t* name) { return {name->data, name->size}; }

ExternKind kind_of(const wasm_externtype_t* type) {
  switch (wasm_externtype_kind(type)) {
    case WASM_EXTERN_FUNC:
      return ExternKind::function;
    case WASM_EXTERN_GLOBAL:
      return ExternKind::global;
    case WASM_EXTERN_TABLE:
      return ExternKind::table;
    case WASM_EXTERN_MEMORY:
      return ExternKind::memory;
    default:
      return ExternKind::other;
  }
}

// Not by wasm_valtype_kind(), which ends the process at a type that is not in wasm.h.
std::string_view value_name(const wasm_valtype_t* type) {
  wasmtime_valtype_t value;
  wasmtime_valtype_new(type, &value);
  const wasmtime_valtype_kind_t kind = value.kind;
  wasmtime_valtype_delete(&value);
  switch (kind) {
    case WASMTIME_VALTYPE_KIND_I32:
      return "i32";
    case WASMTIME_VALTYPE_KIND_I64:
      return "i64";
    case WASMTIME_VALTYPE_KIND_F32:
      return "f32";
    case WASMTIME_VALTYPE_KIND_F64:
      return "f64";
    case WASMTIME_VALTYPE_KIND_V128:
      return "v128";
    default:
      return "ref";
  }
}

std::string values_text(const wasm_valtype_vec_t* types) {
  std::string out;
  for (std::size_t i = 0; i < types->size; ++i) {
    if (i > 0) out += ", ";
    out += value_name(types->data[i]);
  }
  return out;
}

std::string type_of(const wasm_externtype_t* type) {
  const wasm_functype_t* function = wasm_externtype_as_functype_const(type);
  if (function == nullptr) return {};
  const wasm_valtype_vec_t* results = wasm_functype_results(function);
  std::string out = "(" + values_text(wasm_functype_params(function)) + ") -> ";
  return out + (results->size == 1 ? values_text(results) : "(" + values_text(results) + ")");
}

/// The bytes as a wasm binary: themselves, or translated when they are the text format, into `translated`.
Result<std::span<const std::byte>> to_binary(std::span<const std::byte> bytes, std::vector<std::byte>& translated) {
  static constexpr std::string_view magic{"\0asm", 4};
  const std::string_view view{reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  if (view.starts_with(magic)) return bytes;
  const std::size_t first = view.find_first_not_of(" \t\r\n");
  const bool looks_like_text =
      first != std::string_view::npos && (view.substr(first).starts_with("(") || view.substr(first).starts_with(";;"));
  if (!looks_like_text) return Error{"not a WebAssembly module: it does not begin with \"\\0asm\""};
  wasm_byte_vec_t binary;
  if (wasmtime_error_t* error = wasmtime_wat2wasm(view.data(), view.size(), &binary)) {
    return Error{"not a WebAssembly module: " + take_message(error)};
  }
  const auto* data = reinterpret_cast<const std::byte*>(binary.data);
  translated.assign(data, data + binary.size);
  wasm_byte_vec_delete(&binary);
  return std::span<const std::byte>(translated);
}

}  // namespace

std::string_view name(ExternKind kind) noexcept {
  switch (kind) {
    case ExternKind::function:
      return "function";
    case ExternKind::global:
      return "global";
    case ExternKind::table:
      return "table";
    case ExternKind::memory:
      return "memory";
    case ExternKind::other:
      break;
  }
  return "other";
}

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
      return Error{"not a module this host can run: " + take_message(error)};
    }
    if (cache != nullptr) cache->store(*module, file_name);
  }
  auto sections = read_custom_sections(binary.value(), "wasm_grpc.");
  return std::shared_ptr<const Module>(new Module(engine, std::move(name), bytes.size(), std::move(sections), module));
}

Module::Module(const Engine& engine, std::string name, std::size_t size, CustomSections custom_sections,
               wasmtime_module* module)
    : engine_(engine),
      name_(std::move(name)),
      size_(size),
      module_(module),
      custom_sections_(std::move(custom_sections)) {
  wasm_importtype_vec_t imports;
  wasmtime_module_imports(module_, &imports);
  for (std::size_t i = 0; i < imports.size; ++i) {
    const wasm_externtype_t* type = wasm_importtype_type(imports.data[i]);
    imports_.push_back({text(wasm_importtype_module(imports.data[i])), text(wasm_importtype_name(imports.data[i])),
                        kind_of(type), type_of(type)});
  }
  wasm_importtype_vec_delete(&imports);

  wasm_exporttype_vec_t exports;
  wasmtime_module_exports(module_, &exports);
  for (std::size_t i = 0; i < exports.size; ++i) {
    const wasm_externtype_t* type = wasm_exporttype_type(exports.data[i]);
    exports_.push_back({text(wasm_exporttype_name(exports.data[i])), kind_of(type), type_of(type)});
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
