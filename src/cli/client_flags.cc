#include "cli/client_flags.h"

#include <google/protobuf/stubs/logging.h>

#include <CLI/CLI.hpp>
#include <cctype>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "cli/commands.h"
#include "client/symbols.h"
#include "client/web/web_target.h"

namespace wasm_grpc::cli {

namespace {

/// Ends the program when it is not done by then, whatever it waits for: the system's resolver, a server, or who reads
/// what it prints.
void give_up_after(std::chrono::milliseconds time) {
  std::thread([time] {
    std::this_thread::sleep_for(time);
    static_cast<void>(fail("not done within --max-time " + std::to_string(time.count()) + " (ms)"));
    std::_Exit(exit_failure);
  }).detach();
}

}  // namespace

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
  command
      .add_option("--protocol", protocol,
                  "What is spoken with the server, with reflection too: grpc-web and connect over HTTP/1.1")
      ->check(CLI::IsMember({"grpc", "grpc-web", "connect"}))
      ->capture_default_str()
      ->type_name("NAME");
  command.add_option("--proto", protos, "What the services are, instead of the server's reflection")
      ->allow_extra_args(false)
      ->type_name("FILE");
  command.add_option("-I,--include", folders, "Where --proto files and their imports are looked for")
      ->allow_extra_args(false)
      ->type_name("DIR");
  command.add_flag("--reflection", reflection, "With --proto: ask the server for what the files do not have");
  command.add_option("-H,--header", headers, "Metadata to send, with reflection too; the value of a -bin key as it is")
      ->allow_extra_args(false)
      ->type_name("KEY:VALUE");
  command
      .add_option("--max-time", max_time_ms,
                  "How long the whole command may take, with connecting and reflection, in ms; 0: as long as it likes")
      ->check(CLI::Range(std::int64_t{0}, std::int64_t{99'999'999}))
      ->type_name("MS");
}

Result<std::unique_ptr<client::Channel>> ClientFlags::connect() const {
  if (max_time_ms > 0) give_up_after(std::chrono::milliseconds(max_time_ms));
  google::protobuf::SetLogHandler(nullptr);  // what is wrong with a message we say ourselves, in one line
  client::ChannelOptions options = channel;
  options.connect_timeout = std::chrono::milliseconds(connect_timeout_ms);
  options.tls =
      options.tls || !options.ca_file.empty() || !options.certificate_file.empty() || options.insecure_skip_verify;
  options.tls_advice = "; --tls-ca names who signs its certificate, and without TLS there it is http://";
  if (protocol != "grpc") {
    const auto web = protocol == "connect" ? client::WebProtocol::connect : client::WebProtocol::grpc_web;
    options.other_target = [&options, web](const client::ChannelContext& context) {
      return client::make_web_target(context, options, web);
    };
  }
  return client::Channel::connect(options);
}

Result<client::Files> ClientFlags::describe(client::Channel& to, const std::string& symbol) const {
  const auto sent = metadata();
  if (!sent.ok()) return sent.error();
  if (protos.empty()) return client::describe_by_reflection(to, symbol, sent.value());
  auto files = client::describe_by_protos(protos, folders);
  if (!files.ok() || !reflection) return files;
  const auto more = client::describe_by_reflection(to, symbol, sent.value());
  if (more.ok()) return client::merged(files.value(), more.value());
  // What the server does not know, the files may.
  const bool is_known = client::find_symbol(*files.value(), symbol).has_value();
  return is_known ? std::move(files) : Result<client::Files>(more.error());
}

Result<client::Metadata> ClientFlags::metadata() const {
  client::Metadata metadata;
  for (const std::string& header : headers) {
    const std::size_t colon = header.find(':');
    std::string key = header.substr(0, colon);
    for (char& c : key) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    const bool good = key.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-.") == std::string::npos;
    if (colon == std::string::npos || key.empty() || !good) return Error{"-H \"" + header + "\": expected KEY: VALUE"};
    const std::size_t start = header.find_first_not_of(' ', colon + 1);
    metadata.emplace_back(key, start == std::string::npos ? std::string() : header.substr(start));
  }
  return metadata;
}

}  // namespace wasm_grpc::cli
