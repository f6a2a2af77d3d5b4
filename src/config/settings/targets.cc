#include "client/outgoing/targets.h"

#include <string>

#include "client/outgoing/target_address.h"
#include "config/settings/groups.h"

namespace wasm_grpc::config {

namespace {

Result<> check_name(std::string_view text) {
  return text.empty() ? Result<>(Error{"a target needs a name"}) : success();
}

Result<> check_address(std::string_view text) {
  if (const auto module = client::module_of_address(text)) {
    return module->empty() ? Result<>(Error{"it names no module; expected \"module:NAME\""}) : success();
  }
  auto address = client::parse_target_address(text);
  return address.ok() ? success() : Result<>(std::move(address).error());
}

Result<> check_methods(std::string_view text) {
  return text.starts_with('/')
             ? success()
             : Result<>(Error{in_quotes(text) + " begins no path; expected one such as \"/package.Service/\""});
}

constexpr std::string_view balancing[] = {"pick-first", "round-robin"};

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
             "`ipv6:[ADDRESS]:PORT,…`, `unix:PATH`, or `module:NAME` for [a module of this server](targets.md)",
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
    {.key = "connect-timeout",
     .kind = Kind::time,
     .range = {.least = 1, .most = longest_time},
     .argument = "TIME",
     .help = "How long making a connection to it may take, TLS included",
     .docs = "how long making a connection to it may take, TLS included",
     .change = Change::restart,
     .only_within = true,
     .target = slot<TargetOptions, [](auto& target) -> auto& { return target.connect_timeout; }>()},
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
