#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.key = "handshake-timeout",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long a new connection may take to open, TLS included, in ms; 0: for ever",
     .docs =
         "a connection that is not open by then (TLS, HTTP/2 preface and SETTINGS, or a first request of HTTP/1.1) is "
         "closed; 0: never",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.handshake_timeout; }>(),
     .listen =
         slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.handshake_timeout; }>()},
    {.key = "header-timeout",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long the headers of a request may take to come, in ms; 0: for ever",
     .docs = "a request whose headers take longer ends its connection; 0: never",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.header_timeout; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.header_timeout; }>()},
    {.key = "keepalive-time",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "Ping clients that were silent for this long, in ms; 0: never",
     .docs = "a client that was silent for this long (up to twice as long) is sent a ping; 0: never",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.keepalive_time; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.keepalive_time; }>()},
    {.key = "keepalive-timeout",
     .kind = Kind::time,
     .range = {1, longest_time},
     .argument = "MS",
     .help = "How long such a client may take to answer, in ms",
     .docs = "it is dropped when it does not answer within this. With a client of HTTP/1.1 it is TCP's keepalive that "
             "asks, in whole seconds",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.keepalive_timeout; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.keepalive_timeout; }>()},
    {.key = "min-ping-interval",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How often clients may ping during calls, in ms; 0: as they like",
     .docs = "how often clients may ping during calls, without calls every 2 h; 0: as they like",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.min_ping_interval; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.min_ping_interval; }>()},
    {.key = "permit-pings-without-calls",
     .kind = Kind::boolean,
     .help = "Whether --min-ping-interval holds for clients without calls too",
     .docs = "that interval holds without calls too",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.pings_without_calls; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.pings_without_calls; }>()},
    {.key = "max-connection-idle",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "End connections without calls for this long, in ms; 0: never",
     .docs = "a connection without calls for this long is ended. 0: never",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_connection_idle; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.max_connection_idle; }>()},
    {.key = "max-connection-age",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "End connections older than this, in ms, gracefully; 0: never",
     .docs = "a connection this old, give or take a tenth, is ended. 0: never",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_connection_age; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.max_connection_age; }>()},
    {.key = "max-connection-age-grace",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "What is left to their calls then, in ms; 0: no limit",
     .docs = "what the calls on it have left then. 0: no limit",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_connection_age_grace; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.max_connection_age_grace; }>()},
};

}  // namespace

constinit const Group connections = {
    "The life of connections", "How they end is in [the life of connections](operate.md#the-life-of-connections).",
    settings};

}  // namespace wasm_grpc::config
