#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.table = "trace",
     .key = "endpoint",
     .kind = Kind::text,
     .argument = "ADDRESS",
     .help = "The collector that gets a span of each sampled call, by OTLP over gRPC; nothing is traced without",
     .docs = "the collector that gets a span of each sampled call, by OTLP over gRPC ([traces](traces.md))",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.trace.endpoint; }>()},
    {.table = "trace",
     .key = "sample",
     .kind = Kind::fraction,
     .argument = "PART",
     .help = "The part of the calls that is sampled whose client says nothing of it",
     .docs = "the part of the calls that is sampled whose client says nothing of it",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.trace.sample; }>()},
    {.table = "trace",
     .key = "follow-clients",
     .kind = Kind::boolean,
     .help = "Whether a call is sampled when its client says so, and not when it says not",
     .docs = "a call is sampled when its client says so, and not when it says not",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.trace.follow_clients; }>()},
    {.table = "trace",
     .key = "service",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "What the collector knows the server by: service.name",
     .docs = "what the collector knows the server by: `service.name`",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.trace.service_name; }>()},
    {.table = "trace",
     .key = "ca",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Who signs the certificate of an https:// collector, PEM",
     .docs = "who signs the certificate of an `https://` collector, PEM",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.trace.ca_file; }>()},
    {.table = "trace",
     .key = "metadata",
     .kind = Kind::variables,
     .argument = "KEY=VALUE",
     .help = "Sent with each export, such as a key for the collector",
     .docs = "sent with each export, such as a key for the collector; in the file a table, whose values may be "
             "[secrets](config.md#secrets)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.trace.metadata; }>()},
};

}  // namespace

constinit const Group traces = {"Traces", "More in [traces](traces.md).", settings};

}  // namespace wasm_grpc::config
