#include <array>
#include <string>

#include "config/settings/groups.h"
#include "facade/cors.h"
#include "net/address.h"
#include "net/networks.h"

namespace wasm_grpc::config {

namespace {

Result<> check_address(std::string_view text) {
  auto address = net::parse_listen_address(text, false);
  return address.ok() ? success() : Result<>(std::move(address).error());
}

Result<> check_network(std::string_view text) {
  const std::array one = {std::string(text)};
  auto networks = net::Networks::parse(one);
  return networks.ok() ? success() : Result<>(std::move(networks).error());
}

Result<> check_origin(std::string_view text) {
  const std::array one = {std::string(text)};
  auto cors = facade::Cors::parse(one);
  return cors.ok() ? success() : Result<>(std::move(cors).error());
}

Result<> check_protocol(std::string_view text) {
  for (const std::string_view known : {"grpc", "grpc-web", "connect", "rest", "http", "http1"}) {
    if (text == known) return success();
  }
  return Error{
      in_quotes(text) +
      " is no protocol of ours; expected \"grpc\", \"grpc-web\", \"connect\", \"rest\", \"http\" or \"http1\""};
}

constexpr Slot<Config> all_addresses = {[](const Config& config) {
                                          std::vector<std::string> addresses;
                                          for (const ListenConfig& listen : config.listen)
                                            addresses.push_back(listen.address);
                                          return Value(std::move(addresses));
                                        },
                                        [](Config& config, const Value& value) {
                                          config.listen.clear();
                                          for (const std::string& address : std::get<std::vector<std::string>>(value)) {
                                            config.listen.emplace_back().address = address;
                                          }
                                        }};

constexpr Setting settings[] = {
    {.key = "listen",
     .kind = Kind::addresses,
     .argument = "ADDRESS",
     .help = "Where to listen, ADDRESS:PORT, http://… without TLS, unix:PATH[?mode=0660&user=NAME&group=NAME], or "
             "fd://[NAME] "
             "for sockets that were passed; port 0 picks a free one",
     .docs = "may be given more than once; see [Addresses](operate.md#addresses)",
     .change = Change::restart,
     .check = check_address,
     .config = all_addresses},
    {.key = "address",
     .kind = Kind::address,
     .argument = "ADDRESS",
     .help = "Where to listen",
     .docs = "where to listen, of a `[[listen]]`, which must have one",
     .change = Change::restart,
     .only_within = true,
     .check = check_address,
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.address; }>()},
    {.key = "protocols",
     .kind = Kind::texts,
     .argument = "PROTOCOL",
     .help = "What is spoken with clients: grpc, grpc-web, connect, rest, http or http1",
     .docs =
         "what is spoken; may be given more than once. `grpc` goes by HTTP/2 alone; `connect` is Connect and its JSON, "
         "`rest` methods by their `google.api.http` rules, `http` what modules serve by plain HTTP; with `http1` all "
         "but gRPC goes by HTTP/1.1 too. See [what an address is for](operate.md#what-an-address-is-for)",
     .default_text = "all",
     .check = check_protocol,
     .config = slot<Config, [](auto& config) -> auto& { return config.protocols; }>(),
     .listen = slot<ListenConfig, [](auto& listen) -> auto& { return listen.protocols; }>()},
    {.key = "proxy-protocol",
     .kind = Kind::texts,
     .argument = "NETWORK",
     .help = "Where proxies are that speak the PROXY protocol, such as 10.0.0.0/8, 192.0.2.7 or unix:",
     .docs = "may be given more than once; see [behind a proxy of TCP](operate.md#behind-a-proxy-of-tcp)",
     .change = Change::restart,
     .check = check_network,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.proxies; }>()},
    {.key = "forwarded-client-cert",
     .kind = Kind::texts,
     .argument = "NETWORK",
     .help = "Where proxies are that are believed what x-forwarded-client-cert says of their clients",
     .docs = "as with `--proxy-protocol`; see [behind a proxy that has spoken TLS with the "
             "client](operate.md#behind-a-proxy-that-has-spoken-tls-with-the-client)",
     .change = Change::restart,
     .check = check_network,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.certificate_forwarders; }>()},
    {.key = "cors-origin",
     .kind = Kind::texts,
     .argument = "ORIGIN",
     .help = "A web page's origin that may call, https://app.example.com, https://*.example.com or *",
     .docs = "may be given more than once; [more](web.md#pages-of-other-origins)",
     .check = check_origin,
     .config = slot<Config, [](auto& config) -> auto& { return config.server.cors_origins; }>()},
};

}  // namespace

constinit const Group addresses = {"Addresses", "", settings};

}  // namespace wasm_grpc::config
