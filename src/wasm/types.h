// The types of what a module imports and exports. Nothing else asks the C API for the kind of a value: it ends the
// process at one that wasm.h does not know (v128, typed references), and a guest chooses its types.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

struct wasm_externtype_t;
struct wasm_functype_t;
struct wasm_valtype_vec_t;

namespace wasm_grpc::wasm {

/// What kind of thing a module imports or exports.
enum class ExternKind : std::uint8_t { function, global, table, memory, tag };
[[nodiscard]] std::string_view name(ExternKind kind) noexcept;
[[nodiscard]] ExternKind kind_of(const wasm_externtype_t* type) noexcept;

/// As far as the host tells values apart.
enum class ValueKind : std::uint8_t { i32, i64, f32, f64, v128, reference };
[[nodiscard]] std::vector<ValueKind> result_kinds(const wasm_functype_t* type);

/// The type as text: of a function "(i32, i64) -> i32", of a global "mut i32", of a table "funcref"; empty for others.
/// Of references to types that the module defines only that they are: "ref".
[[nodiscard]] std::string type_text(const wasm_externtype_t* type);
[[nodiscard]] std::string type_text(const wasm_functype_t* type);

}  // namespace wasm_grpc::wasm
