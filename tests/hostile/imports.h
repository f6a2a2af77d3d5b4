// Every import there is, with what its parameters mean, and a guest that calls any of them with any arguments. The
// tests here and the fuzz target `imports` use both.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace wasm_grpc::hostile {

/// What a parameter means.
enum class Role : std::uint8_t {
  number,   // an i32
  wide,     // an i64
  call,     // the id of a call
  file,     // a file descriptor, of an open file where there is one
  stdio,    // a file descriptor, of standard output
  folder,   // a file descriptor, of a granted directory
  bytes,    // a pointer to as many bytes as `length` says
  length,   // of the bytes before it
  place,    // a pointer to `size` bytes
  array,    // a pointer to `count` elements of `size` bytes; looked at late, when other arguments have been found good
  skipped,  // the same of a function that does not look at it, because it always fails before
  count,    // of the arrays before it
};

struct Parameter {
  Role role;
  std::uint32_t size = 0;
  /// What is passed where nothing hostile is.
  std::uint64_t usual = 0;
};

struct Import {
  std::string_view module;
  std::string_view name;
  std::vector<Parameter> parameters;
  /// "i32", "i64" or "".
  std::string_view result;
};

[[nodiscard]] const std::vector<Import>& imports();
/// Where it is in imports(). Throws when there is no such import.
[[nodiscard]] std::size_t import_index(std::string_view name);

inline constexpr std::string_view abi_module = "wasm_grpc_1";
inline constexpr std::string_view client_module = "wasm_grpc_client_1";
inline constexpr std::string_view atomics_module = "wasm_grpc_atomics_1";
inline constexpr std::string_view kv_module = "wasm_grpc_kv_1";
inline constexpr std::string_view trace_module = "wasm_grpc_trace_1";
inline constexpr std::string_view wasi_module = "wasi_snapshot_preview1";

// ---- The guest ----

inline constexpr std::uint32_t page = 65536;
inline constexpr std::uint32_t memory_bytes = 2 * page;

// What lies in its memory. The rest is zero.
namespace layout {
inline constexpr std::uint32_t arguments = 0;   // of the import to call, 8 bytes each
inline constexpr std::uint32_t result = 96;     // what it answered, 8 bytes
inline constexpr std::uint32_t in_start = 104;  // 1 + the import to call in wasm_grpc_start, i32
inline constexpr std::uint32_t in_init = 108;   // the same for _initialize
inline constexpr std::uint32_t grow = 112;      // pages to grow by before the import is called in a call, i32
inline constexpr std::uint32_t depth = 116;     // how deep to recurse before imports are called, i32
inline constexpr std::uint32_t reached = 120;   // how deep the recursion was, i32
inline constexpr std::uint32_t call = 124;      // the id of the call it is in, i32
inline constexpr std::uint32_t host_end = 128;  // the guest itself writes below this
inline constexpr std::uint32_t path = 256;      // "/test.Service/Method"
inline constexpr std::uint32_t path_size = 20;
inline constexpr std::uint32_t name = 320;  // "file": a path of WASI, and a metadata key
inline constexpr std::uint32_t name_size = 4;
inline constexpr std::uint32_t scratch = 1024;  // nothing; room for 1024 bytes
}  // namespace layout

/// An argument that the guest replaces by the id of the call it is in.
inline constexpr std::uint64_t this_call = 0x7777'7777'7777'7777;
/// Tags of wasm_grpc_call beyond the number of an import.
inline constexpr std::int32_t tag_nothing = 1'000'000;  // returns 0 at once
inline constexpr std::int32_t tag_recurse = 2'000'000;  // plus an import: see layout::depth

/// What else a guest may have, in WebAssembly text.
struct Parts {
  std::string_view imports = {};
  std::string_view definitions = {};
  std::string_view on_start = {};  // done at the end of wasm_grpc_start
  std::string_view on_call = {};   // done at the beginning of wasm_grpc_call
};

/// Its text. It declares one bidirectional method. wasm_grpc_call calls the import that `tag` says with the arguments
/// that lie in memory, notes the answer there and returns 0.
/// (call $perform (i32.const N)) calls import N so, (call $iN arguments...) with other arguments.
[[nodiscard]] std::string guest_text(const Parts& parts = {});

/// One argument for each parameter: the usual ones.
[[nodiscard]] std::vector<std::uint64_t> usual_arguments(const Import& import);

/// A piece of the guest's memory that an import was given.
struct Range {
  std::uint32_t pointer;
  std::uint64_t size;
  bool certain;  // the host looks at it whatever the other arguments are
};
/// The ranges that these arguments name.
[[nodiscard]] std::vector<Range> ranges(const Import& import, std::span<const std::uint64_t> arguments);

}  // namespace wasm_grpc::hostile
