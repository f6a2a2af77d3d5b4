#include "wasm/types.h"

#include <wasmtime.h>

#include <array>
#include <span>

namespace wasm_grpc::wasm {

namespace {

/// A value's type in the form of Wasmtime's own API, which knows all of them.
class ExactType {
 public:
  explicit ExactType(const wasm_valtype_t* type) noexcept { wasmtime_valtype_new(type, &type_); }
  ~ExactType() { wasmtime_valtype_delete(&type_); }
  ExactType(const ExactType&) = delete;
  ExactType& operator=(const ExactType&) = delete;

  [[nodiscard]] ValueKind kind() const noexcept {
    switch (type_.kind) {
      case WASMTIME_VALTYPE_KIND_I32:
        return ValueKind::i32;
      case WASMTIME_VALTYPE_KIND_I64:
        return ValueKind::i64;
      case WASMTIME_VALTYPE_KIND_F32:
        return ValueKind::f32;
      case WASMTIME_VALTYPE_KIND_F64:
        return ValueKind::f64;
      case WASMTIME_VALTYPE_KIND_V128:
        return ValueKind::v128;
      default:
        return ValueKind::reference;
    }
  }

  [[nodiscard]] std::string_view text() const noexcept {
    static constexpr std::array<std::string_view, 5> numbers = {"i32", "i64", "f32", "f64", "v128"};
    if (const ValueKind is = kind(); is != ValueKind::reference) return numbers[static_cast<std::size_t>(is)];
    const bool nullable = type_.reftype.nullable;
    switch (type_.reftype.heaptype.kind) {
      case WASMTIME_HEAPTYPE_KIND_FUNC:
        return nullable ? "funcref" : "(ref func)";
      case WASMTIME_HEAPTYPE_KIND_EXTERN:
        return nullable ? "externref" : "(ref extern)";
      default:
        return "ref";
    }
  }

 private:
  wasmtime_valtype_t type_{};
};

std::span<wasm_valtype_t* const> items(const wasm_valtype_vec_t* types) { return {types->data, types->size}; }

std::string values_text(const wasm_valtype_vec_t* types) {
  std::string out;
  for (const wasm_valtype_t* type : items(types)) {
    if (!out.empty()) out += ", ";
    out += ExactType(type).text();
  }
  return out;
}

}  // namespace

std::string_view name(ExternKind kind) noexcept {
  static constexpr std::array<std::string_view, 5> names = {"function", "global", "table", "memory", "tag"};
  return names[static_cast<std::size_t>(kind)];
}

ExternKind kind_of(const wasm_externtype_t* type) noexcept {
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
      return ExternKind::tag;
  }
}

std::vector<ValueKind> result_kinds(const wasm_functype_t* type) {
  std::vector<ValueKind> kinds;
  for (const wasm_valtype_t* result : items(wasm_functype_results(type))) kinds.push_back(ExactType(result).kind());
  return kinds;
}

std::string type_text(const wasm_functype_t* type) {
  const wasm_valtype_vec_t* results = wasm_functype_results(type);
  const std::string parameters = "(" + values_text(wasm_functype_params(type)) + ") -> ";
  return parameters + (results->size == 1 ? values_text(results) : "(" + values_text(results) + ")");
}

std::string type_text(const wasm_externtype_t* type) {
  if (const auto* function = wasm_externtype_as_functype_const(type)) return type_text(function);
  if (const auto* global = wasm_externtype_as_globaltype_const(type)) {
    const std::string_view mutability = wasm_globaltype_mutability(global) == WASM_VAR ? "mut " : "";
    return std::string(mutability) + std::string(ExactType(wasm_globaltype_content(global)).text());
  }
  if (const auto* table = wasm_externtype_as_tabletype_const(type)) {
    return std::string(ExactType(wasm_tabletype_element(table)).text());
  }
  return {};
}

}  // namespace wasm_grpc::wasm
