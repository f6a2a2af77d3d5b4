#include "config/settings/groups.h"
#include "wasm_grpc/rate_text.h"

namespace wasm_grpc::config {

namespace {

Result<> check_rate(std::string_view text) {
  auto rate = parse_rate_limit(text);
  return rate.ok() ? success() : Result<>(std::move(rate).error());
}

constexpr Setting settings[] = {
    {.table = "access",
     .key = "policy",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "Who may call what: a policy of gRPC (gRFC A43), in JSON",
     .docs = "a [policy](access.md) of gRPC (gRFC A43), in JSON; read again when the file changes",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access.policy_file; }>()},
    {.table = "access",
     .key = "issuer",
     .kind = Kind::texts,
     .argument = "NAME",
     .help = "Whose bearer tokens (JWT) are believed: their claim iss",
     .docs = "whose bearer tokens (JWT) are believed: their claim `iss`; may be given more than once",
     .config = slot<Config, [](auto& config) -> auto& { return config.access.issuers; }>()},
    {.table = "access",
     .key = "keys",
     .kind = Kind::paths,
     .argument = "FILE",
     .help = "Its public keys, a JWK set; as often as --access-issuer, in the same order",
     .docs = "its public keys, a JWK set, one for each issuer, in the same order; read again when the file changes",
     .config = slot<Config, [](auto& config) -> auto& { return config.access.keys; }>()},
    {.table = "access",
     .key = "audience",
     .kind = Kind::texts,
     .argument = "NAME",
     .help = "Who this server is: one of these must be in the claim aud of a token",
     .docs = "who this server is: one of these must be in the claim `aud` of a token",
     .config = slot<Config, [](auto& config) -> auto& { return config.access.audiences; }>()},
    {.table = "access",
     .key = "require-token",
     .kind = Kind::boolean,
     .help = "Whether a call must show a token, where there are issuers",
     .docs = "where there are issuers, a call without a token is answered `UNAUTHENTICATED`",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access.tokens.required; }>()},
    {.table = "access",
     .key = "forward-token",
     .kind = Kind::boolean,
     .help = "Let guests see the token itself",
     .docs = "guests see the token itself, in `authorization`, and not only what it says",
     .config = slot<Config, [](auto& config) -> auto& { return config.server.access.tokens.forward; }>()},
    {.table = "access",
     .key = "rate",
     .kind = Kind::texts,
     .argument = "RATE",
     .help = "How often each client may call: \"identity 100/s [burst 200] [/pkg.Service/*]\"",
     .docs = "how often each client may call, as `identity 100/s burst 200 /pkg.Service/*`: what is more is answered "
             "`RESOURCE_EXHAUSTED`; may be given more than once",
     .check = check_rate,
     .config = slot<Config, [](auto& config) -> auto& { return config.access.rates; }>()},
};

}  // namespace

constinit const Group access = {"Who may call what", "More in [access](access.md).", settings};

}  // namespace wasm_grpc::config
