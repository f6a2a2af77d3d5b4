#include "cli/access_flags.h"

#include <CLI/CLI.hpp>
#include <utility>

#include "wasm_grpc/rate_text.h"

namespace wasm_grpc::cli {

void AccessFlags::add_to(CLI::App& command) {
  const auto list = [&](const char* flag, std::vector<std::string>& values, const char* help, const char* type) {
    command.add_option(flag, values, help)->allow_extra_args(false)->type_name(type);
  };
  command.add_option("--access-policy", policy, "Who may call what: a policy of gRPC (gRFC A43), in JSON")
      ->type_name("FILE");
  list("--access-issuer", issuers, "Whose bearer tokens (JWT) are believed: their claim iss", "NAME");
  list("--access-keys", keys, "Its public keys, a JWK set; as often as --access-issuer, in the same order", "FILE");
  list("--access-audience", audiences, "Who this server is: one of these must be in the claim aud of a token", "NAME");
  command.add_flag("--access-require-token,!--no-access-require-token", requires_token,
                   "Whether a call must show a token, where there are issuers");
  command.add_flag("--access-forward-token", forwards_token, "Let guests see the token itself");
  list("--access-rate", rates, "How often each client may call: \"identity 100/s [burst 200] [/pkg.Service/*]\"",
       "RATE");
}

Result<AccessOptions> AccessFlags::options() const {
  AccessOptions options;
  options.policy_file = policy;
  if (issuers.size() != keys.size()) {
    return Error{"--access-issuer is given " + std::to_string(issuers.size()) + " times and --access-keys " +
                 std::to_string(keys.size()) + " times; expected a file of keys for each issuer"};
  }
  for (std::size_t i = 0; i < issuers.size(); ++i) options.tokens.issuers.push_back({issuers[i], audiences, keys[i]});
  options.tokens.required = requires_token;
  options.tokens.forward = forwards_token;
  for (const std::string& rate : rates) {
    auto limit = parse_rate_limit(rate);
    if (!limit.ok()) return Error{"--access-rate " + limit.error().message};
    options.rates.push_back(std::move(limit).value());
  }
  return options;
}

}  // namespace wasm_grpc::cli
