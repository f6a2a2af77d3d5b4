#include "cli/admin_flags.h"

#include <CLI/CLI.hpp>

namespace wasm_grpc::cli {

void AdminFlags::add_to(CLI::App& command, AdminOptions& options) {
  command
      .add_option("--admin-listen", listen,
                  "Where metrics, readiness and a page of what goes on are, ADDRESS:PORT or unix:PATH")
      ->allow_extra_args(false)
      ->type_name("ADDRESS");
  command
      .add_option("--admin-token-file", options.token_file,
                  "A file with the token that who asks there must send, but for readiness and health")
      ->type_name("FILE");
  command.add_flag("--admin-without-token", options.without_token,
                   "Whether that address may be one that other machines reach, without a token");
}

Result<std::string> AdminFlags::open(Server& server) const {
  std::string lines;
  for (const std::string& address : listen) {
    auto listening = server.listen_admin(address);
    if (!listening.ok()) return std::move(listening).error();
    lines +=
        "admin at " + std::string(listening.value().starts_with("unix:") ? "" : "http://") + listening.value() + "\n";
  }
  return lines;
}

}  // namespace wasm_grpc::cli
