#include "client/outgoing/targets.h"

#include <string>
#include <utility>
#include <vector>

#include "client/code_named.h"
#include "client/outgoing/http/http_address.h"
#include "client/outgoing/target_address.h"
#include "config/settings/groups.h"
#include "wasm_grpc/rpc/metadata.h"

namespace wasm_grpc::config {

namespace {

Result<> check_name(std::string_view text) {
  return text.empty() ? Result<>(Error{"a target needs a name"}) : success();
}

Result<> check_address(std::string_view text) {
  if (const auto module = client::module_of_address(text)) {
    return module->empty() ? Result<>(Error{"it names no module; expected \"module:NAME\""}) : success();
  }
  if (client::is_http_address(text)) {
    const auto http = client::parse_http_address(text);
    return http.ok() ? success() : Result<>(http.error());
  }
  auto address = client::parse_target_address(text);
  return address.ok() ? success() : Result<>(std::move(address).error());
}

Result<> check_methods(std::string_view text) {
  return text.starts_with('/')
             ? success()
             : Result<>(Error{in_quotes(text) + " begins no path; expected one such as \"/package.Service/\""});
}

Result<> check_key(std::string_view text) {
  return rpc::is_valid_key(text)
             ? success()
             : Result<>(Error{in_quotes(text) + " is no key of metadata; expected one such as \"authorization\""});
}

Result<> check_code(std::string_view text) {
  const auto code = client::code_named(text);
  return code && *code != rpc::StatusCode::ok
             ? success()
             : Result<>(Error{in_quotes(text) + " is no status that a call fails with; expected one such as "
                                                "\"UNAVAILABLE\""});
}

/// A list of statuses, which the file has by their names.
template <auto Field>
constexpr Slot<TargetOptions> codes_slot() {
  return {[](const TargetOptions& target) {
            std::vector<std::string> names;
            for (const rpc::StatusCode code : Field(target)) names.emplace_back(rpc::name(code));
            return Value(std::move(names));
          },
          [](TargetOptions& target, const Value& value) {
            auto& codes = Field(target);
            codes.clear();
            for (const std::string& name : std::get<std::vector<std::string>>(value)) {
              if (const auto code = client::code_named(name)) codes.push_back(*code);
            }
          }};
}

constexpr std::string_view balancing[] = {"pick-first", "round-robin"};
constexpr std::string_view http_versions[] = {"auto", "1.1", "2"};

constexpr Setting settings[] = {
    {.key = "name",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "How modules name it; no two targets have the same",
     .docs = "how modules name it, of a `[[target]]`, which must have one; guests know nothing else of it",
     .change = Change::restart,
     .only_within = true,
     .check = check_name,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.name; }>()},
    {.key = "address",
     .kind = Kind::address,
     .argument = "ADDRESS",
     .help = "Where it is: dns:///HOST:PORT, ipv4:ADDRESS:PORT,…, ipv6:[ADDRESS]:PORT,…, unix:PATH or module:NAME",
     .docs = "where it is, of a `[[target]]`, which must have one: `dns:///HOST:PORT`, `ipv4:ADDRESS:PORT,…`, "
             "`ipv6:[ADDRESS]:PORT,…`, `unix:PATH`, `module:NAME` for [a module of this server](targets.md), or "
             "`http://HOST` or `https://HOST` for [plain HTTP](targets.md#plain-http)",
     .change = Change::restart,
     .only_within = true,
     .check = check_address,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.address; }>()},
    {.table = "tls",
     .key = "enabled",
     .kind = Kind::boolean,
     .help = "Whether TLS is spoken; any of its files says so too",
     .docs = "TLS is spoken with it; any of the files below says so too",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.tls.enabled; }>()},
    {.table = "tls",
     .key = "ca",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "PEM file of the authorities that sign its certificates",
     .docs = "a PEM file of the authorities that sign its certificates",
     .default_text = "the system's",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.tls.ca_file; }>()},
    {.table = "tls",
     .key = "cert",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "PEM file of the certificate that it is shown, followed by its chain",
     .docs = "a PEM file of the certificate that it is shown, followed by its chain; with `tls.key`",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.tls.certificate_file; }>()},
    {.table = "tls",
     .key = "key",
     .kind = Kind::path,
     .argument = "FILE",
     .help = "PEM file of the key of that certificate",
     .docs = "a PEM file of its key",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.tls.key_file; }>()},
    {.key = "authority",
     .kind = Kind::text,
     .argument = "NAME",
     .help = "What its servers are asked for, and their certificates must be for, instead of the address's host",
     .docs = "what its servers are asked for (`:authority`), and their certificates must be for, instead of the "
             "address's host",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.authority; }>()},
    {.key = "balancing",
     .kind = Kind::choice,
     .choices = balancing,
     .argument = "POLICY",
     .help = "Among several addresses: one connection to the first that answers, or one to each and calls in turn",
     .docs = "among several addresses: `pick-first` is one connection to the first that can be reached, `round-robin` "
             "one to each, and calls in turn; of each worker",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.balancing; }>()},
    {.key = "http-version",
     .kind = Kind::choice,
     .choices = http_versions,
     .argument = "VERSION",
     .help = "Of a target of plain HTTP: HTTP/1.1 or HTTP/2; with auto HTTP/2 where it is chosen by TLS (ALPN)",
     .docs =
         "of a target of [plain HTTP](targets.md#plain-http): `auto` is HTTP/2 where the server chooses it over TLS "
         "(ALPN), else HTTP/1.1; with `2` a server without TLS is taken to speak HTTP/2",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.http_version; }>()},
    {.key = "connect-timeout",
     .kind = Kind::time,
     .range = {.least = 1, .most = longest_time},
     .argument = "TIME",
     .help = "How long making a connection to it may take, TLS included",
     .docs = "how long making a connection to it may take, TLS included",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.connect_timeout; }>()},
    {.table = "retry",
     .key = "max-attempts",
     .kind = Kind::count,
     .range = {.least = 1, .most = client::most_attempts},
     .argument = "ATTEMPTS",
     .help = "Attempts of a call of the target that fails, the first included; 1: it is not made again",
     .docs =
         "attempts of a call, the first included: one that fails [is made again](targets.md#calls-that-are-made-again) "
         "(gRFC A6). 1: none is",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry.max_attempts; }>()},
    {.table = "retry",
     .key = "initial-backoff",
     .kind = Kind::time,
     .range = {.least = 1, .most = longest_time},
     .argument = "TIME",
     .help = "The pause before the second attempt of a call of the target",
     .docs = "the pause before the second attempt; it varies by a fifth",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry.initial_backoff; }>()},
    {.table = "retry",
     .key = "max-backoff",
     .kind = Kind::time,
     .range = {.least = 1, .most = longest_time},
     .argument = "TIME",
     .help = "The longest pause between attempts of a call of the target",
     .docs = "the longest pause",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry.max_backoff; }>()},
    {.table = "retry",
     .key = "multiplier",
     .kind = Kind::count,
     .range = {.least = 1, .most = client::most_multiplier},
     .argument = "TIMES",
     .help = "How many times as long each pause between attempts is as the one before",
     .docs = "how many times as long each pause is as the one before",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry.multiplier; }>()},
    {.table = "retry",
     .key = "attempt-timeout",
     .kind = Kind::time,
     .range = {.least = 0, .most = longest_time},
     .argument = "TIME",
     .help =
         "How long an attempt may take until something comes of it; it then counts as failed; 0: as long as it likes",
     .docs =
         "how long an attempt may take until its headers come; it is then given up, and counts as failed. 0: as long "
         "as the call may",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry.attempt_timeout; }>()},
    {.table = "retry",
     .key = "codes",
     .kind = Kind::texts,
     .argument = "STATUS",
     .help = "The statuses after which a call of the target is made again",
     .docs = "the statuses after which a call is made again, such as `UNAVAILABLE`",
     .change = Change::restart,
     .only_within = true,
     .check = check_code,
     .target = codes_slot<[](auto& target) -> auto& { return target.retry.codes; }>()},
    {.table = "retry",
     .key = "methods",
     .kind = Kind::texts,
     .argument = "PREFIX",
     .help = "The methods whose calls are made again, by the beginnings of their paths; all without it",
     .docs = "the methods whose calls are made again, by the beginnings of their paths",
     .default_text = "all",
     .change = Change::restart,
     .only_within = true,
     .check = check_methods,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry.methods; }>()},
    {.table = "hedging",
     .key = "max-attempts",
     .kind = Kind::count,
     .range = {.least = 1, .most = client::most_attempts},
     .argument = "ATTEMPTS",
     .help = "Attempts of a call of the target at the same time, of which the first answer is taken; 1: there is one",
     .docs = "attempts of a call beside each other, the first included, of which [the first answer is "
             "taken](targets.md#calls-that-are-made-again) (gRFC A6); it comes before `retry`. 1: there is one",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.hedging.max_attempts; }>()},
    {.table = "hedging",
     .key = "delay",
     .kind = Kind::time,
     .range = {.least = 0, .most = longest_time},
     .argument = "TIME",
     .help = "How long after an attempt the next begins beside it; 0: all begin at once",
     .docs = "how long after an attempt the next begins; 0: all begin at once",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.hedging.delay; }>()},
    {.table = "hedging",
     .key = "non-fatal-codes",
     .kind = Kind::texts,
     .argument = "STATUS",
     .help = "The statuses of an attempt that do not end the call while there are other attempts",
     .docs = "the statuses of an attempt that do not end the call while there are others; after one the next begins at "
             "once",
     .change = Change::restart,
     .only_within = true,
     .check = check_code,
     .target = codes_slot<[](auto& target) -> auto& { return target.hedging.non_fatal_codes; }>()},
    {.table = "hedging",
     .key = "methods",
     .kind = Kind::texts,
     .argument = "PREFIX",
     .help = "The methods whose calls are made beside themselves, by the beginnings of their paths; all without it",
     .docs = "the methods whose calls are, by the beginnings of their paths",
     .default_text = "all",
     .change = Change::restart,
     .only_within = true,
     .check = check_methods,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.hedging.methods; }>()},
    {.table = "retry-throttling",
     .key = "max-tokens",
     .kind = Kind::count,
     .range = {.least = 0, .most = client::most_tokens},
     .argument = "TOKENS",
     .help = "Each attempt that fails takes one; none is made again while half of them are gone; 0: no limit",
     .docs =
         "each attempt that fails takes one, on each worker, and no call is made again while half of them are gone; "
         "0: no limit",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry_throttling.max_tokens; }>()},
    {.table = "retry-throttling",
     .key = "token-ratio",
     .kind = Kind::fraction,
     .argument = "TOKENS",
     .help = "What a call that succeeds gives back of the tokens",
     .docs = "what a call that succeeds gives back of them",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.retry_throttling.token_ratio; }>()},
    {.table = "outlier-ejection",
     .key = "consecutive-failures",
     .kind = Kind::count,
     .range = {.least = 0, .most = 1'000'000},
     .argument = "CALLS",
     .help = "Failures in a row after which an address of the target gets no calls for a while; 0: never",
     .docs = "failures in a row after which an address [is left out](targets.md#addresses-that-fail) for a while, with "
             "`round-robin`; 0: never",
     .change = Change::restart,
     .only_within = true,
     .target =
         slot<TargetOptions, [](auto& target) -> auto& { return target.outlier_ejection.consecutive_failures; }>()},
    {.table = "outlier-ejection",
     .key = "base-time",
     .kind = Kind::time,
     .range = {.least = 1, .most = longest_time},
     .argument = "TIME",
     .help = "How long an address that fails is left out the first time; longer each time",
     .docs = "how long it is left out, times how often it was without a success in between",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.outlier_ejection.base_time; }>()},
    {.table = "outlier-ejection",
     .key = "max-time",
     .kind = Kind::time,
     .range = {.least = 1, .most = longest_time},
     .argument = "TIME",
     .help = "How long an address that fails is left out at most",
     .docs = "how long it is left out at most",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.outlier_ejection.max_time; }>()},
    {.table = "outlier-ejection",
     .key = "max-percent",
     .kind = Kind::percent,
     .range = {.least = 0, .most = 100},
     .argument = "PERCENT",
     .help = "Of a hundred addresses of the target at most so many are left out; the last one never is",
     .docs = "of a hundred addresses at most so many are left out at once; the last one never is",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.outlier_ejection.max_percent; }>()},
    {.key = "wait-for-ready",
     .kind = Kind::boolean,
     .help = "Calls of the target wait until it can be reached, and do not fail before",
     .docs = "calls wait until there is a connection, rather than end with `UNAVAILABLE` where none can be made",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.wait_for_ready; }>()},
    {.key = "max-waiting",
     .kind = Kind::count,
     .range = {.least = 1, .most = client::most_waiting_calls},
     .argument = "CALLS",
     .help = "Calls of each worker that may wait for a connection to the target, or for it to take one more",
     .docs = "calls of each worker that may wait for a connection, or for the server to let one more be open (it says "
             "how many it lets); one more ends with `UNAVAILABLE`",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.max_waiting; }>()},
    {.key = "forward-metadata",
     .kind = Kind::texts,
     .argument = "KEY",
     .help = "Metadata of the call that a guest serves which the calls of the target have that it makes for it",
     .docs = "keys of metadata of the call that a guest serves, which [the calls have that it makes for "
             "it](targets.md#metadata-that-goes-on) too",
     .default_text = "none",
     .change = Change::restart,
     .only_within = true,
     .check = check_key,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.forward_metadata; }>()},
    {.key = "methods",
     .kind = Kind::texts,
     .argument = "PREFIX",
     .help = "The methods a module may call of the target, by the beginnings of their paths; all without it",
     .docs = "the methods that the module may call of it, by the beginnings of their paths, such as "
             "`/pay.v1.Payments/`; else the call ends with `PERMISSION_DENIED`",
     .default_text = "all",
     .only_within = true,
     .check = check_methods,
     .grant = slot<TargetGrant, [](auto& grant) -> auto& { return grant.methods; }>()},
    {.key = "max-concurrent",
     .kind = Kind::count,
     .range = {.least = 0, .most = 1'000'000},
     .argument = "CALLS",
     .help = "Calls of the target that the module may have at once; 0: as many as its instances may have",
     .docs =
         "calls of it that the module may have at once, on all workers; one more ends with `RESOURCE_EXHAUSTED`. 0: "
         "as many as its instances may have",
     .only_within = true,
     .grant = slot<TargetGrant, [](auto& grant) -> auto& { return grant.max_concurrent; }>()},
    {.key = "max-time",
     .kind = Kind::time,
     .range = {.least = 0, .most = longest_time},
     .argument = "TIME",
     .help = "How long a call of the target may take, whatever the guest says; 0: as long as it likes",
     .docs =
         "how long a call of it may take, whatever the guest says; it then ends with `DEADLINE_EXCEEDED`. 0: as long "
         "as it likes",
     .only_within = true,
     .grant = slot<TargetGrant, [](auto& grant) -> auto& { return grant.max_time; }>()},
};

}  // namespace

constinit const Group targets = {
    "Targets",
    "Whom modules may call ([targets.md](targets.md)): a `[[target]]` for each, and in the table `targets` of a "
    "`[[module]]` one by its name, which may be empty: `targets = { payments = {} }`. Nothing else may be called.",
    settings};

}  // namespace wasm_grpc::config
