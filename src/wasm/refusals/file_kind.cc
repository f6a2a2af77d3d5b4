#include "wasm/refusals/file_kind.h"

#include <algorithm>
#include <iterator>

namespace wasm_grpc::wasm {

namespace {

using namespace std::string_view_literals;

struct FileKind {
  std::string_view begins_with;
  std::string_view what;
  std::string_view advice;
};

constexpr std::string_view compile_it = "compile it for wasm32-wasip1";
constexpr std::string_view download_it = "fetch the .wasm file itself";
constexpr std::string_view give_the_module = "give the .wasm file that lies beside it";

constexpr FileKind kinds[] = {
    {"\0asm\x0d\0\1\0"sv, "a component",
     "this host serves core modules of WASI preview 1: build for wasm32-wasip1 instead of wasm32-wasip2, without a "
     "step "
     "that makes a component, or take the core module out of it (wasm-tools component unbundle)"},
    {"\x7f"
     "ELF"sv,
     "a native program or library (ELF), or a module that Wasmtime has compiled (.cwasm)", compile_it},
    {"\xcf\xfa\xed\xfe"sv, "a native program (Mach-O)", compile_it},
    {"\xca\xfe\xba\xbe"sv, "a native program (Mach-O) or a Java class", compile_it},
    {"MZ"sv, "a native program (PE)", compile_it},
    {"!<arch>\n"sv, "a library that is not linked yet (.a)", "link it to a module, as a reactor"},
    {"BC\xc0\xde"sv, "LLVM bitcode", "link it to a module, as a reactor"},
    {"\x1f\x8b"sv, "compressed by gzip", "decompress it (gunzip)"},
    {"\x28\xb5\x2f\xfd"sv, "compressed by zstd", "decompress it (unzstd)"},
    {"BZh"sv, "compressed by bzip2", "decompress it (bunzip2)"},
    {"\xfd"
     "7zXZ\0"sv,
     "compressed by xz", "decompress it (unxz)"},
    {"PK\3\4"sv, "a zip archive", "unpack it, and give the .wasm file in it"},
    {"version https://git-lfs"sv, "a pointer of Git LFS", "fetch the file itself (git lfs pull)"},
    {"<"sv, "HTML or XML", download_it},
    {"{"sv, "JSON", download_it},
    {"#!"sv, "a script", give_the_module},
    {"var "sv, "JavaScript", give_the_module},
    {"import "sv, "JavaScript", give_the_module},
    {"export "sv, "JavaScript", give_the_module},
    {"\"use strict\""sv, "JavaScript", give_the_module},
};

}  // namespace

std::optional<std::string> known_as_no_module(std::string_view bytes) {
  if (bytes.empty()) return "not a WebAssembly module: the file is empty; it does not begin with \"\\0asm\"";
  const auto found =
      std::ranges::find_if(kinds, [&](const FileKind& kind) { return bytes.starts_with(kind.begins_with); });
  if (found == std::end(kinds)) return std::nullopt;
  return "it is " + std::string(found->what) + ", and not a core module of WebAssembly; " + std::string(found->advice);
}

}  // namespace wasm_grpc::wasm
