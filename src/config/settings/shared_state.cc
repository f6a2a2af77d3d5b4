#include <utility>

#include "client/outgoing/target_address.h"
#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr std::string_view backends[] = {"memory", "sqlite", "redis"};
constexpr std::string_view durabilities[] = {"full", "relaxed"};

Result<> check_address(std::string_view text) {
  auto address = client::parse_target_address(text);
  return address.ok() ? success() : Result<>(std::move(address).error());
}

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
     .help = "Where the counters and the key-value store of a module are kept: memory, sqlite or redis",
     .docs = "`memory`: they end with the server; `sqlite`: in a [file](store.md), and outlive it; `redis`: on a "
             "[server](store-redis.md), which several machines may share",
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
     .docs = "of the backend `sqlite`; `full`: when a guest is told that a change is done, it is on disk; `relaxed`: "
             "it outlives the process, but "
             "not a power cut at once",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.durability; }>()},
    {.table = "store",
     .key = "address",
     .kind = Kind::addresses,
     .argument = "ADDRESS",
     .help = "Where the server of the backend redis is: HOST:PORT or unix:PATH; several are tried in their order",
     .docs = "where the server of the backend `redis` is, which must have one: `HOST:PORT` or `unix:PATH`; several are "
             "tried in their order",
     .default_text = "none",
     .check = check_address,
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.addresses; }>()},
    {.table = "store",
     .key = "sentinel",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "The name of the master, as sentinels know it, whose addresses are given then",
     .docs = "the name of the master, as sentinels know it: the addresses are theirs then",
     .default_text = "none",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.sentinel; }>()},
    {.table = "store",
     .key = "login",
     .kind = Kind::variables,
     .argument = "NAME=VALUE",
     .help = "password, user, sentinel-password or sentinel-user, and what that server is told",
     .docs = "what that server is told: `password`, and maybe `user`; `sentinel-password` and `sentinel-user` for "
             "sentinels. In the file a table, whose values may be [secrets](config.md#secrets)",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.login; }>()},
    {.table = "store",
     .key = "database",
     .kind = Kind::count,
     .range = {0, 1'000'000},
     .argument = "N",
     .help = "The number of the database of that server",
     .docs = "the number of the database of that server",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.database; }>()},
    {.table = "store",
     .key = "prefix",
     .kind = Kind::text,
     .argument = "TEXT",
     .help = "What all keys there begin with, before a colon",
     .docs = "what all keys there begin with, before a colon",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.prefix; }>()},
    {.table = "store",
     .key = "tls",
     .kind = Kind::boolean,
     .help = "Speak TLS with that server; any of the files below says so too",
     .docs = "TLS is spoken with that server, and with its sentinels; any of the files below says so too",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.tls.enabled; }>()},
    {.table = "store",
     .key = "tls-ca",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "PEM file of the authorities that sign its certificate",
     .docs = "a PEM file of the authorities that sign its certificate",
     .default_text = "the system's",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.tls.ca_file; }>()},
    {.table = "store",
     .key = "tls-cert",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "PEM file of the certificate that it is shown, followed by its chain",
     .docs = "a PEM file of the certificate that it is shown, followed by its chain; with `store.tls-key`",
     .default_text = "none",
     .module =
         slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.tls.certificate_file; }>()},
    {.table = "store",
     .key = "tls-key",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "PEM file of the key of that certificate",
     .docs = "a PEM file of its key",
     .default_text = "none",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.tls.key_file; }>()},
    {.table = "store",
     .key = "tls-name",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "What its certificate must be for, instead of the host of its address",
     .docs = "what its certificate must be for, instead of the host of its address",
     .default_text = "the address's host",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.redis.tls_name; }>()},
    {.table = "store",
     .key = "timeout",
     .kind = Kind::time,
     .range = {1, longest_time},
     .argument = "MS",
     .help = "How long a guest waits for a store that is not in memory, in ms",
     .docs = "how long a guest waits for a store that is not in memory: it is answered `UNAVAILABLE` then",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.timeout; }>()},
    {.table = "store",
     .key = "max-waiting",
     .kind = Kind::count,
     .range = {1, 1'000'000},
     .argument = "N",
     .help = "Most operations of a module that may wait for a store that is not in memory",
     .docs = "operations of a module that wait for a store that is not in memory, each of those that look and of those "
             "that change something: what comes on top is answered `UNAVAILABLE` at once",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.max_waiting; }>()},
    {.table = "store",
     .key = "max-rate",
     .kind = Kind::count,
     .range = {0, 100'000'000},
     .argument = "N",
     .help = "Most operations a second that a module may ask of a store that is not in memory; 0: as many as it likes",
     .docs = "operations a second of a module on a store that is not in memory, of which a second's worth may come at "
             "once; several pairs are as many: what comes on top is answered `UNAVAILABLE` at once. 0: as many as it "
             "likes",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.max_rate; }>()},
    {.table = "store",
     .key = "health",
     .kind = Kind::boolean,
     .help = "Have a module be healthy, and the server ready, only while its store answers",
     .docs = "the services of a module are `NOT_SERVING` while its store, which is not in memory, does not answer "
             "([health](reflection-and-health.md#health))",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.store.health; }>()},
};

}  // namespace

constinit const Group shared_state = {"Shared state",
                                      "What the instances of a module [share through the host](host-modules.md), and "
                                      "[where it is kept](store.md). A reload cannot change where.",
                                      settings};

}  // namespace wasm_grpc::config
