#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.key = "max-memory",
     .kind = Kind::bytes,
     .range = {64 * KiB, 4 * GiB},
     .argument = "BYTES",
     .help = "Most memory of one instance, in bytes",
     .docs = "`memory.grow` fails; what follows is the guest's doing",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_memory_bytes; }>()},
    {.key = "max-table-elements",
     .kind = Kind::count,
     .range = {1, 10'000'000},
     .argument = "N",
     .help = "Most elements of each table of an instance",
     .docs = "`table.grow` fails",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_table_elements; }>()},
    {.key = "max-stack",
     .kind = Kind::bytes,
     .range = {16 * KiB, 64 * MiB},
     .argument = "BYTES",
     .help = "Most stack of a running guest, in bytes",
     .docs = "it traps: `INTERNAL`. Logged as an error, counted as `stack overflow`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_stack_bytes; }>()},
    {.key = "max-cpu-time",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long the guest of one call may compute, in ms, waits not counted; 0: for ever",
     .docs =
         "for one call, waits not counted: killed, `RESOURCE_EXHAUSTED`; 0: for ever. In event style for one event, "
         "and for all events of a call with a tenth of a core besides: that call ends with `RESOURCE_EXHAUSTED`, its "
         "instance lives on. Logged as a warning, counted as `cpu time`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_cpu_time; }>()},
    {.key = "max-event-time",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long a guest in event style may take for one event, waits counted, in ms; 0: for ever",
     .docs =
         "in event style, for one event, waits counted: the instance is destroyed, its calls end with `UNAVAILABLE`; "
         "0: for ever. Logged as a warning, counted as `event time`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_event_time; }>()},
    {.key = "max-instance-cpu",
     .kind = Kind::percent,
     .range = {0, 100},
     .argument = "PERCENT",
     .help = "Percent of a core that an instance in event style may use over time; 0: all of one",
     .docs = "in event style, over time, one second at once: the instance is paused. 0: all of one core",
     .module =
         slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_instance_cpu_percent; }>()},
    {.key = "time-slice",
     .kind = Kind::time,
     .range = {1, 1000},
     .argument = "MS",
     .help = "How long a guest runs before others have their turn, in ms",
     .docs = "others have their turn",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.guests.time_slice; }>()},
    {.key = "start-timeout",
     .kind = Kind::time,
     .range = {1, longest_time},
     .argument = "MS",
     .help = "How long an instance may take to start, in ms",
     .docs =
         "of a new instance: the call is answered `UNAVAILABLE`; when loaded: the module is not served. Logged as an "
         "error, counted as `failed start`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->start_timeout; }>()},
    {.key = "max-response-size",
     .kind = Kind::bytes,
     .range = {1, 0x7fffffff},
     .argument = "BYTES",
     .help = "Largest response message of a guest, in bytes",
     .docs = "`RESOURCE_EXHAUSTED`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_response_size; }>()},
    {.key = "max-module-size",
     .kind = Kind::bytes,
     .range = {1, 0x7fffffff},
     .argument = "BYTES",
     .help = "Largest module file accepted, in bytes",
     .docs = "the module is not loaded",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_module_bytes; }>()},
    {.key = "max-instances-per-module",
     .kind = Kind::count,
     .range = {0, 30'000},
     .argument = "N",
     .help = "Most instances of one module; 0: all but what is kept for other modules",
     .docs =
         "further calls wait. 0: all, less half of them where there are other modules, for which it is kept in equal "
         "parts, one at least each. Logged as a warning, counted as `instances_alive`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_instances; }>()},
    {.key = "max-waiting-calls",
     .kind = Kind::count,
     .range = {0, 1'000'000},
     .argument = "N",
     .help = "Most calls of one module on one worker that wait for an instance",
     .docs = "for each module and worker, of calls that [wait for an instance](operate.md#who-gets-an-instance), or in "
             "event style for the guest to take them: `RESOURCE_EXHAUSTED`. Counted as `calls_refused`",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.guests->max_waiting_calls; }>()},
};

}  // namespace

constinit const Group guests = {"Limits of guests",
                                "What is counted is in `ModuleCounters`. What happens to a guest is in [limits of "
                                "guests](operate.md#limits-of-guests).",
                                settings};

}  // namespace wasm_grpc::config
