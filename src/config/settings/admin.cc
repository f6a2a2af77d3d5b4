#include "config/settings/groups.h"
#include "net/address.h"

namespace wasm_grpc::config {

namespace {

Result<> check_address(std::string_view text) {
  auto address = net::parse_listen_address(text, false);
  return address.ok() ? success() : Result<>(std::move(address).error());
}

constexpr Setting settings[] = {
    {.table = "admin",
     .key = "listen",
     .kind = Kind::addresses,
     .argument = "ADDRESS",
     .help = "Where metrics, readiness and a page of what goes on are, ADDRESS:PORT or unix:PATH",
     .docs = "where metrics, readiness and a page of what goes on are; may be given more than once",
     .change = Change::restart,
     .check = check_address,
     .config = slot<Config, [](auto& config) -> auto& { return config.admin_listen; }>()},
    {.table = "admin",
     .key = "token-file",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "A file with the token that who asks there must send, but for readiness and health",
     .docs = "a file with the token that [who asks there](metrics.md#who-may-ask) must send, but for readiness and "
             "health",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.admin.token_file; }>()},
    {.table = "admin",
     .key = "without-token",
     .kind = Kind::boolean,
     .help = "Whether that address may be one that other machines reach, without a token",
     .docs = "that address may be one that other machines reach, without a token",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.admin.without_token; }>()},
    {.table = "admin",
     .key = "try-it",
     .kind = Kind::boolean,
     .help = "Whether who may see the page there may call methods from it",
     .docs = "who may see the page there may [call methods from it](metrics.md#try-it)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.admin.try_it; }>()},
    {.key = "count-methods",
     .kind = Kind::boolean,
     .help = "Whether calls are counted by their method, for metrics",
     .docs = "calls are counted [by their method](metrics.md#metrics)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.count_methods; }>()},
    {.key = "orca-trailers",
     .kind = Kind::boolean,
     .help = "Whether calls tell in a trailer how loaded the server is",
     .docs = "calls tell in a trailer [how loaded the server is](metrics.md#load-reports)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.orca_trailers; }>()},
    {.key = "orca-service",
     .kind = Kind::boolean,
     .help = "Whether clients may ask to be told so once in a while",
     .docs = "clients may ask to be told so once in a while",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.orca_service; }>()},
    {.key = "shutdown-delay",
     .kind = Kind::time,
     .range = {0, longest_time},
     .argument = "MS",
     .help = "How long a stop goes on serving while it says that it is not ready, in ms",
     .docs = "how long a stop goes on serving, while `/readyz` and health say that it is not "
             "[ready](metrics.md#readiness)",
     .change = Change::restart,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.shutdown_delay; }>()},
};

}  // namespace

constinit const Group admin = {"Metrics and readiness", "More in [metrics](metrics.md).", settings};

}  // namespace wasm_grpc::config
