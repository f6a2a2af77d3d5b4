#include "wasm/refusals/imports.h"

#include <algorithm>
#include <iterator>
#include <tuple>

#include "text/similar_name.h"
#include "wasm/guest_text.h"
#include "wasm/module.h"

namespace wasm_grpc::wasm {

namespace {

/// What imports tell of how a module was made. A pattern may end in "*", or begin with it; the first that fits counts.
struct Origin {
  std::string_view module;
  std::string_view name;
  std::string_view advice;
};

constexpr std::string_view wasm_bindgen =
    "wasm-bindgen made it, for JavaScript: build for wasm32-wasip1 without wasm-bindgen (crates such as getrandom and "
    "chrono bring it in by the features js and wasmbind)";
constexpr std::string_view go =
    "Go built it for JavaScript: build with GOOS=wasip1 GOARCH=wasm and -buildmode=c-shared";
constexpr std::string_view wasi_2 =
    "an interface of WASI 0.2, and this host offers preview 1: build for wasm32-wasip1 instead of wasm32-wasip2";
constexpr std::string_view threads =
    "threads are not offered: build for wasm32-wasip1 instead of wasm32-wasip1-threads, without -pthread";
constexpr std::string_view emscripten =
    "Emscripten built it for JavaScript: link with -sSTANDALONE_WASM --no-entry, which leaves WASI only";
constexpr std::string_view own_memory =
    "it is to have a memory of its own: leave out --import-memory (IMPORTED_MEMORY)";
constexpr std::string_view own_table = "it is to have a table of its own: leave out --import-table";
constexpr std::string_view shared_library =
    "it is a library to be loaded into another module: link it as a module of its own, without -shared and SIDE_MODULE";
constexpr std::string_view exceptions =
    "C++ exceptions are not offered: compile with -fno-exceptions and link with libc++abi";
constexpr std::string_view assembly_script =
    "AssemblyScript imports it from JavaScript: leave it out, or bind it otherwise (asc --use NAME=OTHER)";
constexpr std::string_view undefined =
    "in C, C++, Rust and Zig that is a function which is declared and defined nowhere (--allow-undefined): link what "
    "defines it, or name the module to import it from";

constexpr Origin origins[] = {
    {"wbg", "*", wasm_bindgen},
    {"__wbindgen_*", "*", wasm_bindgen},
    {"*_bg.js", "*", wasm_bindgen},
    {"gojs", "*", go},
    {"go", "*", go},
    {"wasi_unstable", "*", "WASI of before 2020: build with a newer toolchain, for wasi_snapshot_preview1"},
    {"wasi_snapshot_preview2", "*", wasi_2},
    {"wasi:*", "*", wasi_2},
    {"wasi", "thread-spawn", threads},
    {"wasix_*", "*", "WASIX is not offered: build for plain WASI (wasm32-wasip1)"},
    {"wasm:*", "*", "builtins of JavaScript engines: build for wasm32-wasip1"},
    {"GOT.*", "*", shared_library},
    {"a", "?", emscripten},
    {"a", "??", emscripten},
    {"env", "__linear_memory", "it is an object file: link it to a module, as a reactor (clang without -c)"},
    {"env", "memory", own_memory},
    {"env", "__indirect_function_table", own_table},
    {"env", "__memory_base", shared_library},
    {"env", "__table_base", shared_library},
    {"env", "__stack_pointer", shared_library},
    {"env", "__cxa_*", exceptions},
    {"env", "_Unwind_*", exceptions},
    {"env", "__cpp_exception", exceptions},
    {"env", "__c_longjmp", "setjmp and longjmp are not offered: leave them out"},
    {"env", "__wasm_setjmp*", "setjmp and longjmp are not offered: leave them out"},
    {"env", "__wasm_longjmp", "setjmp and longjmp are not offered: leave them out"},
    {"env", "emscripten_*", emscripten},
    {"env", "_emscripten_*", emscripten},
    {"env", "_abort_js", emscripten},
    {"env", "_tzset_js", emscripten},
    {"env", "invoke_*", emscripten},
    {"env", "__syscall_*", emscripten},
    {"env", "__assert_fail", emscripten},
    {"env", "*.*", assembly_script},
    {"env", "globalThis", assembly_script},
    {"env", "*", undefined},
};

/// Whether text is what a pattern says: "*" at its end is any text, at its beginning too, "?" is one character.
bool fits(std::string_view text, std::string_view pattern) {
  if (pattern == "*.*") return text.find('.') != std::string_view::npos;
  if (pattern.ends_with('*')) return text.starts_with(pattern.substr(0, pattern.size() - 1));
  if (pattern.starts_with('*')) return text.ends_with(pattern.substr(1));
  if (pattern.starts_with('?')) return text.size() == pattern.size();
  return text == pattern;
}

std::string full_name(std::string_view module, std::string_view name) {
  return "\"" + std::string(module) + "." + std::string(name) + "\"";
}

}  // namespace

std::optional<std::string_view> build_advice(const ImportInfo& import) {
  const auto found = std::ranges::find_if(origins, [&](const Origin& origin) {
    return fits(import.module, origin.module) && fits(import.name, origin.name);
  });
  if (found == std::end(origins) || (found->advice == undefined && import.kind != ExternKind::function)) {
    return std::nullopt;
  }
  return found->advice;
}

std::optional<std::string> build_advice(const std::vector<ImportInfo>& imports) {
  for (const ImportInfo& import : imports) {
    const auto advice = build_advice(import);
    if (advice && *advice != undefined) return "it imports " + quoted(import) + ": " + std::string(*advice);
  }
  return std::nullopt;
}

std::optional<std::string> similar_function(const ImportInfo& import, const OfferedFunctions& offered) {
  if (import.name.size() > text::longest_compared_name || import.module.size() > text::longest_compared_name)
    return std::nullopt;
  const std::size_t most = text::most_name_distance(import.name);
  const std::size_t most_of_module = text::most_name_distance(import.module);
  std::optional<std::tuple<bool, std::size_t, std::string>> best;  // is it in another module; by how much it differs
  for (const auto& [module, functions] : offered) {
    const std::size_t of_module = text::name_distance(import.module, module);
    for (const auto& [name, type] : functions) {
      const std::size_t of_name = text::name_distance(import.name, name);
      // In a module of quite another name only the very name counts.
      if (of_module <= most_of_module ? of_name > most : of_name != 0) continue;
      std::tuple candidate(of_module > 0, of_module + of_name, full_name(module, name));
      if (!best || candidate < *best) best = std::move(candidate);
    }
  }
  if (!best) return std::nullopt;
  return std::get<2>(*best);
}

std::string quoted(const ImportInfo& import) {
  return full_name(printable(import.module, most_of_name), printable(import.name, most_of_name));
}

}  // namespace wasm_grpc::wasm
