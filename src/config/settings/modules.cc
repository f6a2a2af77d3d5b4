#include "config/settings/groups.h"
#include "registry/reference.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.key = "path",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "The .wasm file, or oci://HOST/NAME:TAG",
     .docs = "the `.wasm` file of a `[[module]]`, which must have one; or its name in a [registry](registry.md), "
             "`oci://HOST/NAME:TAG`",
     .only_within = true,
     .check = registry::check_path,
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.path; }>()},
    {.key = "name",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "How logs and metrics name it; no two have the same",
     .docs = "how logs and metrics name it; no two have the same",
     .default_text = "the file's, without `.wasm`; of a registry the last word of the name",
     .only_within = true,
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.name; }>()},
    {.key = "dir",
     .kind = Kind::directories,
     .argument = "DIR",
     .help = "Directory the modules may see, HOST[:GUEST][:ro|:rw]; read-only if not said",
     .docs = "a directory the modules may see, `HOST[:GUEST][:ro\\|:rw]`; read-only if not said otherwise",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.directories; }>()},
    {.key = "env",
     .kind = Kind::variables,
     .argument = "NAME=VALUE",
     .help = "Environment variable the modules see, NAME=VALUE",
     .docs = "what the modules see of an environment; in the file a table, whose values may be "
             "[secrets](config.md#secrets). A flag adds to it, or replaces one of the same name",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.environment; }>()},
    {.key = "arg",
     .kind = Kind::texts,
     .argument = "TEXT",
     .help = "Argument the modules get, after their name",
     .docs = "arguments the modules get, after their name",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.arguments; }>()},
    {.key = "require-compatible",
     .kind = Kind::boolean,
     .help = "Whether a reload is refused that takes from callers what they have",
     .docs = "a [reload](reload.md) is refused that takes a method from its callers, or changes its kind, or a field "
             "of its "
             "messages by number or type; off: there are warnings",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.require_compatible; }>()},
    {.key = "watch",
     .kind = Kind::boolean,
     .help = "Reload the modules when their files change, as SIGHUP does: without a lost call",
     .docs = "modules are [reloaded](reload.md) when their files, or the config file, change; SIGHUP does it without",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.watch; }>()},
};

}  // namespace

constinit const Group modules = {
    "Modules", "As flags, or at the top of the file, they hold for all modules; in a `[[module]]` for that one.",
    settings};

}  // namespace wasm_grpc::config
