#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr std::string_view modes[] = {"shared", "fresh"};

constexpr Setting settings[] = {
    {.key = "instance-mode",
     .kind = Kind::choice,
     .choices = modes,
     .argument = "MODE",
     .help = "Whether instances serve one call after the other (shared), or each call gets a new one (fresh)",
     .docs =
         "`shared`: an instance serves one call after the other, and a guest's memory lasts in between; `fresh`: a new "
         "instance for every call, destroyed after it: nothing of one call can reach another",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.instances.mode; }>()},
    {.key = "warm-instances",
     .kind = Kind::count,
     .range = {0, 30'000},
     .argument = "N",
     .help = "Instances of each module and worker to start ahead and keep",
     .docs = "started ahead, in the background, and kept",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.instances.warm; }>()},
    {.key = "max-instance-calls",
     .kind = Kind::count,
     .argument = "N",
     .help = "Replace instances after so many calls; 0: never",
     .docs = "an instance is replaced after so many calls. 0: no limit",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.instances.max_calls; }>()},
    {.key = "max-instance-age",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "Replace instances older than this, in ms; 0: never",
     .docs = "an instance older than this serves no further call. 0: no limit",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.instances.max_age; }>()},
    {.key = "max-kept-memory",
     .kind = Kind::bytes,
     .range = {0, std::int64_t{1} << 50},
     .argument = "BYTES",
     .help = "Replace instances whose memory has grown past this, in bytes; 0: never",
     .docs =
         "an instance whose memory has grown past this, and past what its start took, is replaced after the call; 0: "
         "never",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.instances.max_kept_memory; }>()},
    {.key = "instance-idle-timeout",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "Destroy instances not needed for this long, in ms; 0: never",
     .docs =
         "instances beyond the warm ones that were not needed for this long, up to twice as long, are destroyed; 0: "
         "never. Instances by key without calls too, unless they have an [alarm](abi.md#of-the-instance)",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.instances.idle_timeout; }>()},
};

}  // namespace

constinit const Group instances = {
    "The life of instances", "All numbers are for each module and worker; [more](operate.md#the-life-of-instances).",
    settings};

}  // namespace wasm_grpc::config
