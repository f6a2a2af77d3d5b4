#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.table = "metrics",
     .key = "endpoint",
     .kind = Kind::text,
     .argument = "ADDRESS",
     .help = "The collector that gets the metrics, by OTLP over gRPC; without, they are for who asks the admin address",
     .docs = "the collector that gets [the metrics](metrics.md#by-otlp), by OTLP over gRPC",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.metrics.endpoint; }>()},
    {.table = "metrics",
     .key = "interval",
     .kind = Kind::time,
     .range = {100, longest_time},
     .argument = "MS",
     .help = "How often it gets them, in ms",
     .docs = "how often it gets them",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.metrics.interval; }>()},
    {.table = "metrics",
     .key = "service",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "What that collector knows the server by: service.name",
     .docs = "what that collector knows the server by: `service.name`",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.metrics.service_name; }>()},
    {.table = "metrics",
     .key = "ca",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Who signs the certificate of an https:// collector of metrics, PEM",
     .docs = "who signs the certificate of an `https://` collector, PEM",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.metrics.ca_file; }>()},
    {.table = "metrics",
     .key = "metadata",
     .kind = Kind::variables,
     .argument = "KEY=VALUE",
     .help = "Sent with each export of metrics, such as a key for the collector",
     .docs = "sent with each export, such as a key for the collector; in the file a table, whose values may be "
             "[secrets](config.md#secrets)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.metrics.metadata; }>()},
};

}  // namespace

constinit const Group metrics = {"Metrics by OTLP", "More in [metrics](metrics.md#by-otlp).", settings};

}  // namespace wasm_grpc::config
