#include "cli/module_source.h"

#include <algorithm>
#include <cstddef>
#include <span>
#include <utility>

#include "registry/fetch.h"

namespace wasm_grpc::cli {

Result<FoundModule> find_module(const config::Config& config, const config::ModuleConfig& module,
                                const std::stop_token& stop) {
  FoundModule found{{module.path, {}, module.options}, {}, {}};
  if (!registry::is_reference(module.path)) return found;
  auto reference = registry::Reference::parse(module.path);
  if (!reference.ok()) return std::move(reference).error();
  const registry::Demands demands{module.options.guests->max_module_bytes, module.registry.keys};
  auto fetched = registry::fetch_module(config.registries, reference.value(), demands, stop);
  if (!fetched.ok()) return std::move(fetched).error();
  registry::FetchedModule& whole = fetched.value();
  const auto bytes = std::as_bytes(std::span(whole.bytes));
  found.source.bytes.emplace(bytes.begin(), bytes.end());
  found.warnings = std::move(whole.warnings);
  if (module.registry.poll.count() > 0 && !reference.value().digest) {
    const auto poll = std::max<std::chrono::milliseconds>(module.registry.poll, std::chrono::seconds(1));
    found.tag = {std::move(reference).value(), whole.digest, poll};
  }
  return found;
}

Result<ModuleInfo> add_module(Server& server, const FoundModule& module) {
  for (const std::string& warning : module.warnings) server.log(LogLevel::warn, warning);
  const ModuleSource& source = module.source;
  if (!source.bytes) return server.add_module(source.path, source.options);
  auto added = server.add_module(*source.bytes, source.options);
  if (!added.ok()) return Error{source.path + ": " + added.error().message};
  return added;
}

}  // namespace wasm_grpc::cli
