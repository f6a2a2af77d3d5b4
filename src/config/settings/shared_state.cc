#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.key = "max-counters",
     .kind = Kind::count,
     .range = {0, 10'000'000},
     .argument = "N",
     .help = "Most counters the instances of one module may share",
     .docs = "of one module: the guest is answered `FULL`; 0: none",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.shared_state.max_counters; }>()},
    {.key = "max-kv-bytes",
     .kind = Kind::bytes,
     .range = {0, TiB},
     .argument = "BYTES",
     .help = "Most that the key-value store of one module may hold, over all its instances, in bytes",
     .docs =
         "in the key-value store of one module, keys, values and 320 for each pair: the guest is answered `FULL`; 0: "
         "none",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.shared_state.max_kv_bytes; }>()},
    {.key = "max-kv-value",
     .kind = Kind::bytes,
     .range = {0, GiB},
     .argument = "BYTES",
     .help = "Largest value of that store, in bytes",
     .docs = "in one value there: the guest is answered `TOO_LARGE`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.shared_state.max_kv_value; }>()},
};

}  // namespace

constinit const Group shared_state = {
    "Shared state", "What the instances of a module [share through the host](host-modules.md).", settings};

}  // namespace wasm_grpc::config
