// wasm-grpc inspect: says what a module is, without serving it. Its start is run once, sandboxed as when it is served;
// or it is not, and its methods are those that its descriptors tell of.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/commands.h"
#include "cli/module_source.h"
#include "cli/setting_flags.h"
#include "config/read.h"
#include "openapi/document.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::cli {

namespace {

struct InspectFlags {
  std::string module;
  bool json = false;
  bool openapi = false;
  bool start = true;
  SettingFlags settings;
};

std::string_view name(MethodStyle style) { return style == MethodStyle::events ? "events" : "handler"; }

std::string_view name(InstancePlacement placement) {
  switch (placement) {
    case InstancePlacement::worker:
      return "worker";
    case InstancePlacement::process:
      return "process";
    case InstancePlacement::key:
      return "key";
  }
  return "unknown";
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

/// A method as one line of text.
std::string describe(const MethodInfo& method) {
  std::string text = method.path + " (" + std::string(rpc::name(method.kind));
  if (method.style == MethodStyle::events) text += ", events";
  return text + ")";
}

std::string message(const std::string& type, bool streams) { return streams ? "stream " + type : type; }

void print_text(const ModuleInfo& info) {
  std::printf("name:     %s\nabi:      %s\nsize:     %zu bytes\n", info.name.c_str(), info.abi.c_str(), info.size);
  if (!info.features.empty()) std::printf("features: %s\n", joined(info.features).c_str());
  if (info.placement) {
    const std::string key = info.placement_key.empty() ? "" : " " + info.placement_key;
    std::printf("placement: %s%s\n", std::string(name(*info.placement)).c_str(), key.c_str());
  }
  std::printf("memory:   %llu bytes at first, %llu at most\n",
              static_cast<unsigned long long>(info.memory_minimum_bytes),
              static_cast<unsigned long long>(info.memory_maximum_bytes));
  if (!info.needed_targets.empty()) std::printf("needs targets: %s\n", printable(joined(info.needed_targets)).c_str());
  std::printf("descriptors: %zu bytes\nmethods:\n", info.descriptor_bytes);
  for (const MethodInfo& method : info.methods) {
    std::printf("  %s", describe(method).c_str());
    if (!method.request_type.empty()) {
      std::printf(" %s -> %s", message(method.request_type, rpc::streams_requests(method.kind)).c_str(),
                  message(method.response_type, rpc::streams_responses(method.kind)).c_str());
    }
    std::printf("\n");
  }
  std::printf("imports:\n");
  for (const ModuleInfo::Import& import : info.imports) {
    std::printf("  %s.%s %s\n", import.module.c_str(), import.name.c_str(), import.type.c_str());
  }
}

void print_json(const ModuleInfo& info) {
  nlohmann::ordered_json out;
  out["name"] = info.name;
  out["abi"] = info.abi;
  out["size"] = info.size;
  out["features"] = info.features;
  if (info.placement) {
    out["placement"] = {{"instance", name(*info.placement)}};
    if (info.placement == InstancePlacement::key) out["placement"]["key"] = info.placement_key;
  }
  out["memory"] = {{"minimum_bytes", info.memory_minimum_bytes}, {"maximum_bytes", info.memory_maximum_bytes}};
  out["descriptor_bytes"] = info.descriptor_bytes;
  out["methods"] = nlohmann::ordered_json::array();
  for (const MethodInfo& method : info.methods) {
    nlohmann::ordered_json entry = {{"path", method.path}};
    if (const auto path = rpc::parse_method_path(method.path); path && method.kind != rpc::MethodKind::http) {
      entry["service"] = path->service;
      entry["method"] = path->method;
    }
    entry["kind"] = rpc::name(method.kind);
    entry["client_streaming"] = rpc::streams_requests(method.kind);
    entry["server_streaming"] = rpc::streams_responses(method.kind);
    if (method.style) entry["style"] = name(*method.style);
    if (!method.request_type.empty()) {
      entry["request_type"] = method.request_type;
      entry["response_type"] = method.response_type;
    }
    out["methods"].push_back(std::move(entry));
  }
  out["needed_targets"] = info.needed_targets;
  out["warnings"] = info.warnings;
  out["imports"] = nlohmann::ordered_json::array();
  for (const ModuleInfo::Import& import : info.imports) {
    out["imports"].push_back({{"module", import.module}, {"name", import.name}, {"type", import.type}});
  }
  std::printf("%s\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace).c_str());
}

int print_openapi(const ModuleInfo& info) {
  if (info.descriptors.empty()) return fail("module " + info.name + " has no descriptors to make a document of");
  std::vector<std::string> methods;
  for (const MethodInfo& method : info.methods) methods.push_back(method.path);
  // A module has no version: the document's is as good as any.
  const auto document = openapi::document_of_module(info.descriptors, methods, {.title = info.name, .version = "1"});
  if (!document.ok()) return fail("module " + info.name + ": " + document.error().message);
  std::fputs(document.value().c_str(), stdout);
  return exit_ok;
}

int inspect(const InspectFlags& flags) {
  config::Reading reading = config::read({{flags.module}, flags.settings.given()});
  if (!reading.ok()) return fail(reading.problems.front());
  ServerOptions& options = reading.config->server;
  options.workers = 1;
  options.max_instances = 1;
  auto server = Server::create(options);
  if (!server.ok()) return fail(server.error().message);
  config::ModuleConfig& module = reading.config->modules.front();
  module.options.may_lack_targets = true;
  if (registry::is_reference(module.path) && !flags.start) {
    return fail("--no-start is for a file; get this module by `wasm-grpc pull` first");
  }
  const auto found = find_module(*reading.config, module);
  if (!found.ok()) return fail(found.error().message);
  const auto info =
      flags.start ? add_module(*server.value(), found.value()) : server.value()->inspect_module(module.path);
  if (!info.ok()) return fail(info.error().message);
  if (flags.openapi) return print_openapi(info.value());
  if (flags.json) {
    print_json(info.value());
  } else {
    print_text(info.value());
  }
  return exit_ok;
}

}  // namespace

void add_inspect(CLI::App& app, Command& run) {
  auto flags = std::make_shared<InspectFlags>();
  CLI::App* command = app.add_subcommand("inspect", "Show a module's ABI, services, imports, memory and size");
  command->add_option("MODULE", flags->module, "The .wasm file, or oci://HOST/NAME:TAG")->required();
  auto* const json = command->add_flag("--json", flags->json, "Print JSON");
  command
      ->add_flag("--openapi", flags->openapi,
                 "Print the OpenAPI 3.1 document of its methods as HTTP and JSON have them")
      ->excludes(json);
  command->add_flag("!--no-start", flags->start, "Do not run its start: show the methods its custom section describes");
  for (const char* name : {"code-cache", "dir", "env", "arg", "log-level", "registry-key", "registry-credentials",
                           "registry-ca", "registry-plain-http", "registry-timeout", "registry-cache"}) {
    flags->settings.add(*command, name);
  }
  command->callback([flags, &run] { run = [flags] { return inspect(*flags); }; });
}

}  // namespace wasm_grpc::cli
