#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr std::string_view backends[] = {"memory", "sqlite"};
constexpr std::string_view durabilities[] = {"full", "relaxed"};

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
    {.table = "store",
     .key = "backend",
     .kind = Kind::choice,
     .choices = backends,
     .argument = "BACKEND",
     .help = "Where the counters and the key-value store of a module are kept: memory, or sqlite",
     .docs = "`memory`: they end with the server; `sqlite`: in a [file](store.md), and outlive it",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.backend; }>()},
    {.table = "store",
     .key = "path",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "The file of the backend sqlite; it is made when it is missing",
     .docs = "the file of the backend `sqlite`, which must have one. It is made when it is missing; modules that share "
             "it keep apart in it, by their names",
     .default_text = "none",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.path; }>()},
    {.table = "store",
     .key = "durability",
     .kind = Kind::choice,
     .choices = durabilities,
     .argument = "WHEN",
     .help = "Whether a change is on disk when the guest is told that it is done (full), or soon after (relaxed)",
     .docs =
         "`full`: when a guest is told that a change is done, it is on disk; `relaxed`: it outlives the process, but "
         "not a power cut at once",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.durability; }>()},
    {.table = "store",
     .key = "timeout",
     .kind = Kind::time,
     .range = {1, longest_time},
     .argument = "MS",
     .help = "How long a guest waits for a store that is not in memory, in ms",
     .docs = "how long a guest waits for a store that is not in memory: it is answered `UNAVAILABLE` then",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.timeout; }>()},
};

}  // namespace

constinit const Group shared_state = {"Shared state",
                                      "What the instances of a module [share through the host](host-modules.md), and "
                                      "[where it is kept](store.md). A reload cannot change where.",
                                      settings};

}  // namespace wasm_grpc::config
