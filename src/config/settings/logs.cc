#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr std::string_view levels[] = {"trace", "debug", "info", "warn", "error"};
constexpr std::string_view formats[] = {"text", "json"};
constexpr std::string_view access_logs[] = {"none", "errors", "all"};
constexpr std::int64_t most_lines = 1'000'000'000;

constexpr Setting settings[] = {
    {.table = "log",
     .key = "level",
     .kind = Kind::choice,
     .choices = levels,
     .argument = "LEVEL",
     .help = "Least severe lines to log: trace, debug, info, warn or error",
     .docs = "the least severe lines to log: `trace`, `debug`, `info`, `warn`, `error`",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.log_level; }>(),
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.log_level; }>()},
    {.table = "log",
     .key = "burst",
     .kind = Kind::count,
     .range = {0, most_lines},
     .argument = "N",
     .help = "Lines that the guests of one module may log at once; 0: none at all",
     .docs =
         "for the guests of each module, of lines that are not below that level, a line once for each KiB of it: more "
         "are dropped, the log and `ModuleCounters::log_lines_over_limit` say how many. 0: none are logged",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.log.burst; }>()},
    {.table = "log",
     .key = "lines-per-second",
     .kind = Kind::count,
     .range = {0, most_lines},
     .argument = "N",
     .help = "Lines they may log a second after that; 0: no limit",
     .docs = "how many of them a second after that. 0: no limit",
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.log.lines_per_second; }>()},
    {.table = "log",
     .key = "format",
     .kind = Kind::choice,
     .choices = formats,
     .argument = "FORMAT",
     .help = "How lines are written, those of calls too: text or json",
     .docs = "how lines are written, those of calls too ([logs](logs.md))",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.log_format; }>()},
    {.table = "log",
     .key = "file",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Where lines are written to; SIGUSR1 opens it again by its name",
     .docs = "where lines are written to, by default standard error; SIGUSR1 opens it again by its name",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.log_file; }>()},
    {.table = "access-log",
     .key = "calls",
     .kind = Kind::choice,
     .choices = access_logs,
     .argument = "CALLS",
     .help = "Which calls are logged when they end: none, errors or all",
     .docs = "which calls are logged when they end ([logs](logs.md))",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access_log.calls; }>()},
    {.table = "access-log",
     .key = "slower-than",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "Calls that took longer are logged too, in ms; 0: they are not",
     .docs = "calls that took longer are logged too; 0: they are not",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access_log.slower_than; }>()},
    {.table = "access-log",
     .key = "sample",
     .kind = Kind::fraction,
     .argument = "PART",
     .help = "The part of all calls that is logged; failed and slow ones always are",
     .docs = "the part of all calls that is logged; failed and slow ones always are",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access_log.sample; }>()},
    {.table = "access-log",
     .key = "file",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Where lines of calls are written to",
     .docs = "where lines of calls are written to, by default standard error",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access_log.file; }>()},
};

}  // namespace

constinit const Group logs = {"Logs", "", settings};

}  // namespace wasm_grpc::config
