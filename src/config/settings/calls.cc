#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

constexpr Setting settings[] = {
    {.key = "max-message-size",
     .kind = Kind::bytes,
     .range = {1, 0x7fffffff},
     .argument = "BYTES",
     .help = "Largest request message accepted, in bytes, also decompressed",
     .docs = "for a request message as it comes, and decompressed: a larger one is answered `RESOURCE_EXHAUSTED`. A "
             "reload takes that of a `[[listen]]`",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_message_size; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.max_message_size; }>()},
    {.key = "max-call-time",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long a call may take, in ms; 0: for ever",
     .docs =
         "a call that takes longer, from its headers to its answer, is answered `DEADLINE_EXCEEDED`, over HTTP 504 or "
         "broken off; guests see the shorter of this and the client's deadline. Of a module, or of a "
         "[method](config.md#methods), the nearest holds, be it longer. What is said for the server or an address "
         "holds for all others, health's `Watch` too. Counted in `calls_over_time`. 0: for ever",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.max_call_time; }>(),
     .module = slot<ModuleConfig, [](auto& module) -> auto& { return module.options.max_call_time; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.max_call_time; }>(),
     .method = slot<MethodOptions, [](auto& method) -> auto& { return method.max_call_time; }>()},
    {.key = "request-idle-timeout",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long a client may send nothing of a request that it has not ended, in ms; 0: for ever",
     .docs =
         "a call whose client sends nothing for so long (up to a quarter longer), and has not ended its request, is "
         "answered `DEADLINE_EXCEEDED`, over HTTP 408. Time in which it may not send does not count: its window is "
         "full, or the guest has not taken what there is. Clients that open a stream to listen are silent by right: "
         "end their side, or leave this off. Counted in `calls_idle`. 0: for ever",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.clients.request_idle_timeout; }>(),
     .listen =
         slot<ListenConfig, [](auto& listen) -> auto& { return listen.connections.clients.request_idle_timeout; }>()},
};

}  // namespace

constinit const Group calls = {"Limits of calls", "", settings};

}  // namespace wasm_grpc::config
