#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.key = "workers",
     .kind = Kind::count,
     .range = {0, 1024},
     .argument = "N",
     .help = "Threads that serve; 0: one for each core",
     .docs = "threads that serve. 0: one for each core",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.workers; }>()},
    {.key = "share-work",
     .kind = Kind::boolean,
     .help = "Whether a busy worker lends long calls to an idle one",
     .docs =
         "a busy worker lends long calls to an idle one ([cores](operate.md#cores)); off: calls in handler style run "
         "on the thread of their connection",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.share_work; }>()},
    {.key = "instances",
     .kind = Kind::count,
     .range = {1, 30'000},
     .argument = "N",
     .help = "Most instances alive at once, over all workers",
     .docs = "instances alive at once, on whichever worker; further calls "
             "[wait](operate.md#who-gets-an-instance)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_instances; }>()},
    {.key = "max-total-memory",
     .kind = Kind::bytes,
     .range = {0, std::int64_t{1} << 50},
     .argument = "BYTES",
     .help = "Most memory of all instances together, in bytes; 0: three quarters of the machine's or the cgroup's",
     .docs = "of all guests together: they do not grow, and calls wait for new instances; see "
             "[memory](operate.md#memory). 0: three quarters of the machine's memory, or of its cgroup's",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_total_memory; }>()},
    {.key = "kept-slot-memory",
     .kind = Kind::bytes,
     .range = {0, 4 * GiB},
     .argument = "BYTES",
     .help = "Memory of an ended instance to keep for the next one, in bytes (default: 0; with fresh instances 131072)",
     .docs = "what is kept of an ended instance's memory for the next one, overwritten, rather than given back to the "
             "system",
     .default_text = "0; 131072 where a module has `fresh` instances",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.kept_slot_memory; }>()},
    {.key = "code-cache",
     .kind = Kind::path,
     .argument = "DIR",
     .help = "Directory where compiled modules are kept for the next start; writable by this user alone",
     .docs = "compiled modules are kept there; see [the code cache](operate.md#the-code-cache)",
     .default_text = "none: compiled at every start",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.code_cache; }>()},
    {.key = "pid-file",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "A file that has the number of the process while it serves",
     .docs =
         "has the number of the process while it serves; a successor that [takes over](operate.md#restart) writes its "
         "own there, which stays",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.pid_file; }>()},
    {.key = "drain-timeout",
     .kind = Kind::time,
     .range = {0, 3'600'000},
     .argument = "MS",
     .help = "How long a stop waits for calls in progress, in ms",
     .docs = "a stop cuts off what still runs",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.drain_timeout; }>()},
    {.key = "health",
     .kind = Kind::boolean,
     .help = "Whether clients may ask whether services are healthy",
     .docs = "clients may ask whether services are healthy; see [health](reflection-and-health.md#health)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.health; }>()},
    {.key = "reflection",
     .kind = Kind::boolean,
     .help = "Whether clients may ask what the services are",
     .docs = "clients may ask what the services are; see [reflection](reflection-and-health.md)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.reflection; }>()},
};

}  // namespace

constinit const Group workers = {"The server", "", settings};

}  // namespace wasm_grpc::config
