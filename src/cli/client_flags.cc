#include "cli/client_flags.h"

#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>

namespace wasm_grpc::cli {

void ClientFlags::add_to(CLI::App& command) {
  command.add_option("ADDRESS", channel.address, "HOST:PORT, https://HOST:PORT or unix:PATH")->required();
  command.add_flag("--tls", channel.tls, "TLS, as with https://");
  command.add_option("--tls-ca", channel.ca_file, "Who signs the server's certificate, PEM; the system's if not given")
      ->type_name("FILE");
  CLI::Option* certificate =
      command.add_option("--tls-cert", channel.certificate_file, "The client's certificate and its chain, PEM")
          ->type_name("FILE");
  CLI::Option* key = command.add_option("--tls-key", channel.key_file, "Its private key, PEM")->type_name("FILE");
  certificate->needs(key);
  key->needs(certificate);
  command.add_flag("--insecure-skip-verify", channel.insecure_skip_verify, "Take any certificate of the server");
  command
      .add_option("--authority", channel.authority,
                  "What the server is asked for, and its certificate checked for, instead of the host")
      ->type_name("NAME");
  command.add_option("--connect-timeout", connect_timeout_ms, "How long connecting may take, in ms")
      ->check(CLI::Range(1L, 3'600'000L))
      ->capture_default_str()
      ->type_name("MS");
  command.add_option("--max-message-size", channel.max_message_size, "Largest response message accepted, in bytes")
      ->check(CLI::Range(std::size_t{1}, std::size_t{0x7fffffff}))
      ->capture_default_str()
      ->type_name("BYTES");
  command.add_option("--proto", protos, "What the services are, instead of the server's reflection")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command.add_option("-I,--include", folders, "Where --proto files and their imports are looked for")
      ->allow_extra_args(false)
      ->type_name("DIR");
}

Result<std::unique_ptr<client::Channel>> ClientFlags::connect() const {
  google::protobuf::SetLogHandler(nullptr);  // what is wrong with a message we say ourselves, in one line
  client::ChannelOptions options = channel;
  options.connect_timeout = std::chrono::milliseconds(connect_timeout_ms);
  options.tls =
      options.tls || !options.ca_file.empty() || !options.certificate_file.empty() || options.insecure_skip_verify;
  return client::Channel::connect(options);
}

Result<client::Files> ClientFlags::describe(client::Channel& to, const std::string& service) const {
  return protos.empty() ? client::describe_by_reflection(to, service) : client::describe_by_protos(protos, folders);
}

}  // namespace wasm_grpc::cli
