#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.table = "registry",
     .key = "poll",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How often registries are asked whether a tag has changed, in ms; 0: never",
     .docs =
         "how often the registry is asked whether the tag has changed, but no more than once a second; a module that "
         "has is [reloaded](reload.md) without a lost call. 0: never",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.registry.poll; }>()},
    {.table = "registry",
     .key = "key",
     .kind = Kind::paths,
     .argument = "FILE",
     .help = "A public key; modules of registries must be signed by one of them, as cosign signs",
     .docs = "public keys, PEM; a module that is signed by none of them, as [cosign](registry.md#signatures) signs, is "
             "refused",
     .default_text = "none: modules need not be signed",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.registry.keys; }>()},
    {.table = "registry",
     .key = "credentials",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Who we are to registries: a config.json of Docker",
     .docs = "who the server is to registries: a `config.json` as `docker login` writes it, helpers included",
     .default_text = "`$DOCKER_CONFIG/config.json`, else `~/.docker/config.json`",
     .config = slot<Config, [](auto& config) -> auto& { return config.registries.credentials; }>()},
    {.table = "registry",
     .key = "ca",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Who signs the certificates of registries, PEM; the system's if not given",
     .docs = "who signs the certificates of registries, PEM",
     .default_text = "the system's authorities",
     .config = slot<Config, [](auto& config) -> auto& { return config.registries.ca; }>()},
    {.table = "registry",
     .key = "plain-http",
     .kind = Kind::texts,
     .argument = "HOST[:PORT]",
     .help = "A registry that is spoken with in cleartext",
     .docs = "registries that are spoken with in cleartext",
     .config = slot<Config, [](auto& config) -> auto& { return config.registries.plain_http; }>()},
    {.table = "registry",
     .key = "timeout",
     .kind = Kind::time,
     .range = {1000, longest_time},
     .argument = "MS",
     .help = "The longest that fetching a module may take, in ms",
     .docs = "the longest that fetching one module may take; then it has failed",
     .config = slot<Config, [](auto& config) -> auto& { return config.registries.timeout; }>()},
    {.table = "registry",
     .key = "cache",
     .kind = Kind::path,
     .argument = "DIR",
     .help = "Where modules of registries are kept, for a start without them",
     .docs = "where what was fetched is kept, so that a start without the registry is possible",
     .default_text = "`registry/` in `$CACHE_DIRECTORY`, else `wasm-grpc/registry/` in `$XDG_CACHE_HOME` or `~/.cache`",
     .config = slot<Config, [](auto& config) -> auto& { return config.registries.cache; }>()},
    {.table = "registry",
     .key = "cache-size",
     .kind = Kind::bytes,
     .range = {0, TiB},
     .argument = "BYTES",
     .help = "The most bytes of modules kept there",
     .docs = "the most bytes of modules kept there; of more, those go that were not used for longest",
     .config = slot<Config, [](auto& config) -> auto& { return config.registries.cache_size; }>()},
};

}  // namespace

constinit const Group registries = {
    "Registries", "For modules whose path is `oci://HOST/NAME:TAG`. More in [modules from a registry](registry.md).",
    settings};

}  // namespace wasm_grpc::config
