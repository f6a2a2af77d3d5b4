// A compiled module and what can be known of it without running it.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm/custom_sections.h"
#include "wasm/types.h"
#include "wasm_grpc/result.h"

struct wasmtime_module;

namespace wasm_grpc::wasm {

class CodeCache;
class Engine;

struct ImportInfo {
  std::string module;
  std::string name;
  ExternKind kind;
  std::string type;  // see type_text()
};

struct ExportInfo {
  std::string name;
  ExternKind kind;
  std::string type;
};

/// The size of a linear memory, in pages of 64 KiB.
struct MemoryInfo {
  std::uint64_t minimum_pages = 0;
  std::optional<std::uint64_t> maximum_pages;
};

/// Compiled code, shared by all instances of it. Thread-safe. The engine outlives it.
class Module {
 public:
  /// Compiles a module from its binary or text form. The error says why it is not one, in one line. With a cache, code
  /// that is there is taken, and code that is not is put there.
  [[nodiscard]] static Result<std::shared_ptr<const Module>> compile(const Engine& engine, std::string name,
                                                                     std::span<const std::byte> bytes,
                                                                     const CodeCache* cache = nullptr);
  ~Module();
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;

  /// How logs and messages name it.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Bytes of the file it came from.
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] const std::vector<ImportInfo>& imports() const noexcept { return imports_; }
  [[nodiscard]] const std::vector<ExportInfo>& exports() const noexcept { return exports_; }
  [[nodiscard]] const ExportInfo* find_export(std::string_view export_name) const noexcept;
  /// What its custom sections of that name hold, one after the other; empty without one. Only of those whose names
  /// begin with "wasm_grpc.": the others are not kept.
  [[nodiscard]] std::string_view custom_section(std::string_view section_name) const noexcept;
  /// Whether each of its exported functions runs its constructors: see has_command_exports().
  [[nodiscard]] bool has_command_exports() const noexcept { return has_command_exports_; }
  /// Its exported memory, if there is one named "memory".
  [[nodiscard]] const std::optional<MemoryInfo>& memory() const noexcept { return memory_; }
  [[nodiscard]] const Engine& engine() const noexcept { return engine_; }
  [[nodiscard]] const wasmtime_module* get() const noexcept { return module_; }

 private:
  /// `size` is that of the file, which may have been text.
  Module(const Engine& engine, std::string name, std::size_t size, std::span<const std::byte> binary,
         wasmtime_module* module);

  const Engine& engine_;
  std::string name_;
  std::size_t size_;
  wasmtime_module* module_;
  std::vector<ImportInfo> imports_;
  std::vector<ExportInfo> exports_;
  std::optional<MemoryInfo> memory_;
  CustomSections custom_sections_;
  bool has_command_exports_ = false;
};

}  // namespace wasm_grpc::wasm
