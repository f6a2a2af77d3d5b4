// wasm-grpc call: one call of any kind, JSON in and JSON out.

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "cli/client_flags.h"
#include "cli/commands.h"
#include "client/json.h"
#include "client/status_details.h"

namespace wasm_grpc::cli {

namespace {

namespace pb = google::protobuf;

struct CallFlags {
  ClientFlags client;
  std::string method;
  std::string json;
  std::vector<std::string> headers;
  std::int64_t deadline_ms = 0;
  bool verbose = false;
};

/// "pkg.Service/Method", also with a slash before it, or a dot in its middle.
Result<std::string> path_of(const std::string& text) {
  std::string path = text.starts_with('/') ? text : "/" + text;
  if (path.find('/', 1) == std::string::npos) {
    if (const auto dot = path.rfind('.'); dot != std::string::npos) path[dot] = '/';
  }
  if (!rpc::parse_method_path(path)) return Error{"\"" + text + "\" is no method: expected package.Service/Method"};
  return path;
}

Result<client::Metadata> metadata_of(const std::vector<std::string>& headers) {
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

/// Request messages from JSON values: those of a text, or those of standard input as they come.
class JsonSource {
 public:
  JsonSource(const pb::Descriptor* type, const std::string& json) : type_(type), from_stdin_(json == "-") {
    if (from_stdin_) return;
    values_.add(json);
    values_.end();
  }

  Result<std::optional<std::string>> next(const std::stop_token& stop) {
    while (true) {
      if (const auto value = values_.next()) {
        ++count_;
        auto message = client::from_json(type_, *value);
        if (!message.ok()) return std::move(message).error();
        return std::optional(std::move(message).value());
      }
      if (!from_stdin_ || stop.stop_requested()) return std::optional<std::string>();
      if (auto more = read_more(); !more.ok()) return std::move(more).error();
    }
  }
  [[nodiscard]] std::size_t count() const noexcept { return count_; }

 private:
  /// Waits for some of standard input, for a moment.
  Result<> read_more() {
    constexpr int moment_ms = 50;
    pollfd waiting{STDIN_FILENO, POLLIN, 0};
    if (poll(&waiting, 1, moment_ms) == 0) return success();
    std::array<char, 64 * 1024> part{};
    const ssize_t size = read(STDIN_FILENO, part.data(), part.size());
    if (size < 0 && errno != EINTR) return Error{std::string("standard input: ") + std::strerror(errno)};
    if (size > 0) values_.add({part.data(), static_cast<std::size_t>(size)});
    if (size == 0) {
      values_.end();
      from_stdin_ = false;
    }
    return success();
  }

  const pb::Descriptor* type_;
  client::JsonSplitter values_;
  bool from_stdin_;
  std::size_t count_ = 0;
};

void print_metadata(const char* what, const client::Metadata& metadata) {
  for (const auto& [key, value] : metadata) {
    std::fprintf(stderr, "%s %s: %s\n", what, key.c_str(),
                 (key.ends_with("-bin") ? client::hexadecimal(value) : printable(value)).c_str());
  }
}

int call(const CallFlags& flags) {
  const auto path = path_of(flags.method);
  if (!path.ok()) return fail(path.error().message);
  const auto metadata = metadata_of(flags.headers);
  if (!metadata.ok()) return fail(metadata.error().message);
  const auto channel = flags.client.connect();
  if (!channel.ok()) return fail(channel.error().message);

  const auto parts = rpc::parse_method_path(path.value());
  const std::string service_name(parts->service);
  const auto files = flags.client.describe(*channel.value(), service_name);
  if (!files.ok()) return fail(files.error().message);
  const pb::ServiceDescriptor* service = files.value()->pool().FindServiceByName(service_name);
  if (service == nullptr) return fail("there is no service " + service_name);
  const pb::MethodDescriptor* method = service->FindMethodByName(std::string(parts->method));
  if (method == nullptr) {
    return fail("the service " + service_name + " has no method " + std::string(parts->method) +
                " (wasm-grpc list ADDRESS " + service_name + " shows those it has)");
  }

  std::string json = flags.json;
  if (json.empty() && !method->client_streaming()) json = "{}";
  JsonSource source(method->input_type(), json);
  const client::RequestSource requests = [&](const std::stop_token& stop) -> Result<std::optional<std::string>> {
    auto next = source.next(stop);
    if (method->client_streaming() || !next.ok()) return next;
    if (next.value().has_value() && source.count() > 1) {
      return Error{"the method takes one message, and there is more than one JSON value"};
    }
    if (!next.value().has_value() && source.count() == 0)
      return Error{"the method takes one message, and there is none"};
    return next;
  };
  std::size_t responses = 0;
  client::CallEvents events;
  events.headers = [&](const client::Metadata& headers) {
    if (flags.verbose) print_metadata("<", headers);
  };
  events.message = [&](std::string_view message) -> Result<> {
    const auto text = client::to_json(method->output_type(), message);
    if (!text.ok()) return text.error();
    ++responses;
    std::printf("%s\n", text.value().c_str());
    return std::fflush(stdout) == 0 ? success() : Result<>(Error{"standard output could not be written"});
  };
  client::CallOptions options{path.value(), metadata.value(), std::nullopt, !method->client_streaming()};
  if (flags.deadline_ms > 0) options.deadline = std::chrono::milliseconds(flags.deadline_ms);
  const auto end = channel.value()->call(options, requests, events);
  if (std::ferror(stdout) != 0) return exit_failure;  // main says why
  if (!end.ok()) return fail(end.error().message);
  if (flags.verbose) print_metadata("<", end.value().trailers);
  const rpc::Status& status = end.value().status;
  if (flags.verbose || !status.ok()) {
    std::fprintf(stderr, "status: %s%s%s\n", std::string(rpc::name(status.code)).c_str(),
                 status.message.empty() ? "" : ": ", printable(status.message).c_str());
  }
  for (const std::string& detail : client::details_as_text(end.value().details, files.value()->pool())) {
    std::fprintf(stderr, "detail: %s\n", detail.c_str());
  }
  if (status.ok() && !method->server_streaming() && responses != 1) {
    return fail("the server said OK, with " + std::to_string(responses) + " messages where the method has one");
  }
  return status.ok() ? exit_ok : exit_failure;
}

}  // namespace

void add_call(CLI::App& app, Command& run) {
  auto flags = std::make_shared<CallFlags>();
  CLI::App* command = app.add_subcommand("call", "Call a method of a server, with JSON");
  flags->client.add_to(*command);
  command->add_option("METHOD", flags->method, "package.Service/Method")->required();
  command
      ->add_option(
          "--json", flags->json,
          "The request, or several for a method that streams them; - for standard input. {} where one is needed "
          "and none given")
      ->type_name("TEXT|-");
  command->add_option("-H,--header", flags->headers, "Metadata to send; the value of a -bin key as it is")
      ->allow_extra_args(false)
      ->type_name("KEY:VALUE");
  command->add_option("--deadline", flags->deadline_ms, "How long the call may take, in ms; 0: as long as it likes")
      ->check(CLI::Range(0L, 99'999'999L))
      ->type_name("MS");
  command->add_flag("-v,--verbose", flags->verbose, "Print metadata, and the status also when it is OK");
  command->callback([flags, &run] { run = [flags] { return call(*flags); }; });
}

}  // namespace wasm_grpc::cli
