// wasm-grpc list: the services of a server, or the methods of one.

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>

#include "cli/client_flags.h"
#include "cli/commands.h"

namespace wasm_grpc::cli {

namespace {

namespace pb = google::protobuf;

struct ListFlags {
  ClientFlags client;
  std::string service;
};

std::string message(const pb::Descriptor* type, bool streams) { return (streams ? "stream " : "") + type->full_name(); }

int list(const ListFlags& flags) {
  const auto channel = flags.client.connect();
  if (!channel.ok()) return fail(channel.error().message);
  if (flags.service.empty()) {
    const auto metadata = flags.client.metadata();
    if (!metadata.ok()) return fail(metadata.error().message);
    const auto names = client::list_services(*channel.value(), metadata.value());
    if (!names.ok()) return fail(names.error().message);
    for (const std::string& name : names.value()) std::printf("%s\n", printable(name).c_str());
    return exit_ok;
  }
  const auto files = flags.client.describe(*channel.value(), flags.service);
  if (!files.ok()) return fail(files.error().message);
  const pb::ServiceDescriptor* service = files.value()->pool().FindServiceByName(flags.service);
  if (service == nullptr) return fail("there is no service " + flags.service);
  for (int i = 0; i < service->method_count(); ++i) {
    const pb::MethodDescriptor* method = service->method(i);
    std::printf("%s(%s) -> %s\n", method->name().c_str(),
                message(method->input_type(), method->client_streaming()).c_str(),
                message(method->output_type(), method->server_streaming()).c_str());
  }
  return exit_ok;
}

}  // namespace

void add_list(CLI::App& app, Command& run) {
  auto flags = std::make_shared<ListFlags>();
  CLI::App* command = app.add_subcommand("list", "List a server's services, or the methods of one");
  flags->client.add_to(*command);
  command->add_option("SERVICE", flags->service, "The service whose methods are listed, package.Service");
  command->callback([flags, &run] { run = [flags] { return list(*flags); }; });
}

}  // namespace wasm_grpc::cli
