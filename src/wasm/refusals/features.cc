#include "wasm/refusals/features.h"

#include <algorithm>
#include <iterator>

namespace wasm_grpc::wasm {

namespace {

struct Feature {
  std::string_view complaint;  // a part of the engine's message (wasmparser, wasmtime)
  std::string_view advice;
};

constexpr std::string_view threads =
    "it uses threads, which this host does not offer: compile without -pthread and -matomics, for wasm32-wasip1 rather "
    "than wasm32-wasip1-threads";
constexpr std::string_view exceptions =
    "it uses exceptions, which this host does not offer: compile with -fno-exceptions, without -fwasm-exceptions and "
    "setjmp; in Rust with panic=abort";
constexpr std::string_view collection =
    "it uses garbage collection or externref, which this host does not offer: in wasm-bindgen leave out "
    "--reference-types; languages that need it (Kotlin, Dart) cannot be served";
constexpr std::string_view memory64 =
    "it uses 64-bit memory, which this host does not offer: compile for wasm32, without -m64 or MEMORY64";
constexpr std::string_view tables = "a module has one table here: do not merge modules (wasm-merge)";

constexpr Feature features[] = {
    {"threads must be enabled", threads},
    {"threads support is not enabled", threads},
    {"shared-everything-threads", threads},
    {"exceptions proposal not enabled", exceptions},
    {"exceptions support is not enabled", exceptions},
    {"exceptions feature required", exceptions},
    {"exception refs not supported", exceptions},
    {"memory64 must be enabled", memory64},
    {"multiple memories", "a module has one memory here: do not merge modules with several (wasm-merge, multimemory)"},
    {"gc types are", collection},
    {"gc support is not enabled", collection},
    {"requires gc", collection},
    {"wide arithmetic support", "it uses wide arithmetic: compile with -mno-wide-arithmetic"},
    {"custom page sizes proposal", "it has pages of another size than 64 KiB: link without --page-size"},
    {"stack switching", "it uses stack switching, which this host does not offer"},
    {"defined tables count", tables},
    {"minimum element size", "its table is larger than an instance may have (--max-table-elements)"},
    {"minimum byte size",
     "its memory is larger than an instance may have (--max-memory); see --initial-memory of its linker"},
};

}  // namespace

std::optional<std::string_view> feature_advice(std::string_view message) {
  const auto found = std::ranges::find_if(
      features, [&](const Feature& feature) { return message.find(feature.complaint) != std::string_view::npos; });
  if (found == std::end(features)) return std::nullopt;
  return found->advice;
}

}  // namespace wasm_grpc::wasm
