#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

// Beyond which no count of frames or streams makes sense.
constexpr std::int64_t most = 1'000'000'000;

constexpr Setting settings[] = {
    {.key = "max-connections",
     .kind = Kind::count,
     .range = {0, 1'000'000},
     .argument = "N",
     .help = "Client connections at once; 0: no limit",
     .docs = "at once, over all workers: a further connection is closed as it comes; of a `[[listen]]` at its address, "
             "within the server's. 0: no limit but that of open files",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.max_connections; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.max_connections; }>()},
    {.key = "max-concurrent-streams",
     .kind = Kind::count,
     .range = {1, 1'000'000},
     .argument = "N",
     .help = "Most streams one connection may have open at once",
     .docs = "for each connection; the client waits",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_concurrent_streams; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.max_concurrent_streams; }>()},
    {.key = "stream-window",
     .kind = Kind::bytes,
     .range = {64 * KiB, GiB},
     .argument = "BYTES",
     .help = "Bytes a client may send on one stream before its guest takes them",
     .docs = "what a client may send on a stream before the guest takes it; a single larger message is let in whole",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.stream_window; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.stream_window; }>()},
    {.key = "max-window-growth",
     .kind = Kind::bytes,
     .range = {0, TiB},
     .argument = "BYTES",
     .help = "Bytes that the windows of all streams may grow by for clients far away; 0: they do not grow",
     .docs =
         "of all streams together: where more is on its way from a client within a round trip than its stream's "
         "window allows, and the guest takes what comes, the window grows, up to 4 MiB; at the limit windows stay as "
         "they are. 0: they never grow",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.max_window_growth; }>()},
    {.key = "max-large-input",
     .kind = Kind::bytes,
     .range = {1, TiB},
     .argument = "BYTES",
     .help = "Bytes that request messages larger than --stream-window may take, for one connection",
     .docs = "for each connection, of messages larger than that window; further ones wait for their turn",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.max_large_input; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.max_large_input; }>()},
    {.key = "max-header-size",
     .kind = Kind::bytes,
     .range = {KiB, MiB},
     .argument = "BYTES",
     .help = "Largest headers of a request accepted, in bytes and 32 for each",
     .docs =
         "for one request, 32 for each field included: `RESOURCE_EXHAUSTED`; four times as much ends the connection",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.max_header_list_size; }>(),
     .listen =
         slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.max_header_list_size; }>()},
    {.key = "max-continuations",
     .kind = Kind::count,
     .range = {1, most},
     .argument = "N",
     .help = "CONTINUATION frames the headers of a request may take",
     .docs = "for the headers of one request; one more CONTINUATION frame ends the connection",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.max_continuations; }>(),
     .listen =
         slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.max_continuations; }>()},
    {.key = "reset-burst",
     .kind = Kind::count,
     .range = {1, most},
     .argument = "N",
     .help = "Streams a client may reset at once",
     .docs =
         "a client that resets more streams right after it has opened them (within 20 ms), or makes the server reset "
         "them, loses its connection",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.reset_burst; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.reset_burst; }>()},
    {.key = "resets-per-second",
     .kind = Kind::count,
     .range = {1, most},
     .argument = "N",
     .help = "Streams it may reset a second after that",
     .docs = "how many of them a second after that",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.resets_per_second; }>(),
     .listen =
         slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.resets_per_second; }>()},
    {.key = "overhead-burst",
     .kind = Kind::count,
     .range = {1, most},
     .argument = "N",
     .help = "Frames that carry no part of a call a client may send at once",
     .docs = "a client that sends more frames that carry no part of a call loses its connection",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.overhead_burst; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.overhead_burst; }>()},
    {.key = "overhead-per-second",
     .kind = Kind::count,
     .range = {1, most},
     .argument = "N",
     .help = "How many of them a second after that",
     .docs = "how many of them a second after that",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.overhead_per_second; }>(),
     .listen =
         slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.overhead_per_second; }>()},
    {.key = "max-unread-output",
     .kind = Kind::bytes,
     .range = {0, std::int64_t{1} << 50},
     .argument = "BYTES",
     .help = "Bytes of answers that clients may leave unread, all together; 0: a quarter of the memory there is",
     .docs =
         "answers that all clients together may leave unread: when there are more, the connection that has most is "
         "ended, or one that has more than half of it. A client may pause as long as it likes while there is room. 0: "
         "a quarter of the machine's memory, or of its cgroup's",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_unread_output; }>()},
    {.key = "stall-timeout",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long a client may leave all its answers untaken, in ms; 0: for ever",
     .docs = "a client that takes none of its answers for so long loses its connection. 0: never",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.stall_timeout; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.stall_timeout; }>()},
};

}  // namespace

constinit const Group clients = {
    "Limits of clients",
    "What a client may do before its connection is ended; [security](security.md) shows them "
    "together.",
    settings};

}  // namespace wasm_grpc::config
