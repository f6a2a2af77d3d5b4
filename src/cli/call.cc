// wasm-grpc call: one call of any kind, JSON in and JSON out.

#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <utility>

#include "cli/client_flags.h"
#include "cli/commands.h"
#include "client/json.h"
#include "client/status_details.h"
#include "client/symbols.h"

namespace wasm_grpc::cli {

namespace {

namespace pb = google::protobuf;

struct CallFlags {
  ClientFlags client;
  std::string method;
  std::string json;
  std::int64_t deadline_ms = 0;
  std::string compress = "identity";
  bool verbose = false;
  bool print_template = false;
  client::JsonStyle style;
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

/// What --json says: the text itself, or after '@' the file that has it. Standard input is read as it comes.
Result<std::string> json_of(const std::string& flag) {
  if (!flag.starts_with('@')) return flag;
  const std::string path = flag.substr(1);
  if (path == "-") return path;
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return Error{"--json " + flag + ": " + std::strerror(errno)};
  return text;
}

/// Request messages from JSON values: those of a text, or those of standard input as they come.
class JsonSource {
 public:
  JsonSource(const client::MessageJson& messages, std::string type, const std::string& json)
      : messages_(messages), type_(std::move(type)), from_stdin_(json == "-") {
    if (from_stdin_) return;
    values_.add(json);
    values_.end();
  }

  Result<std::optional<std::string>> next(const std::stop_token& stop) {
    while (true) {
      if (const auto value = values_.next()) {
        ++count_;
        auto message = messages_.read(type_, *value);
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

  const client::MessageJson& messages_;
  std::string type_;
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
  if (flags.compress != "identity" && flags.client.protocol != "grpc") {
    return fail("--compress " + flags.compress + " goes with --protocol grpc only, and not " + flags.client.protocol);
  }
  const auto path = path_of(flags.method);
  if (!path.ok()) return fail(path.error().message);
  const auto metadata = flags.client.metadata();
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

  const std::string& request_type = method->input_type()->full_name();
  if (flags.print_template) {
    std::printf("%s\n", client::request_template(*files.value(), request_type).value_or("{}").c_str());
    return exit_ok;
  }

  auto json = json_of(flags.json);
  if (!json.ok()) return fail(json.error().message);
  if (json.value().empty() && !method->client_streaming()) json = std::string("{}");
  const client::MessageJson messages(*files.value());
  JsonSource source(messages, request_type, json.value());
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
  client::CallEvents events;
  events.headers = [&](const client::Metadata& headers) {
    if (flags.verbose) print_metadata("<", headers);
  };
  events.message = [&](std::string_view message) -> Result<> {
    const auto text = messages.write(method->output_type()->full_name(), message, flags.style);
    if (!text.ok()) return text.error();
    std::printf("%s\n", text.value().c_str());
    return std::fflush(stdout) == 0 ? success() : Result<>(Error{"standard output could not be written"});
  };
  client::CallOptions options{path.value(), client::kind_of(*method), metadata.value()};
  options.encoding = rpc::parse_encoding(flags.compress).value_or(rpc::Encoding::identity);
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
  for (const std::string& detail : client::details_as_text(end.value().details, messages)) {
    std::fprintf(stderr, "detail: %s\n", detail.c_str());
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
          "The request, or several for a method that streams them; @FILE has it, - is standard input, read as it "
          "comes. {} where one is needed and none given")
      ->type_name("TEXT|@FILE|-");
  command->add_flag("--template", flags->print_template, "Print a request to fill in, and call nothing");
  command->add_flag("--emit-defaults", flags->style.emit_defaults,
                    "Print fields that are not set, too, where the .proto tells no difference");
  command->add_flag("--lines", flags->style.one_line, "Print each response on a line of its own (JSON lines)");
  command->add_option("--deadline", flags->deadline_ms, "How long the call may take, in ms; 0: as long as it likes")
      ->check(CLI::Range(0L, 99'999'999L))
      ->type_name("MS");
  command->add_option("--compress", flags->compress, "How requests are sent; only with --protocol grpc")
      ->check(CLI::IsMember({"identity", "gzip", "deflate"}))
      ->capture_default_str()
      ->type_name("NAME");
  command->add_flag("-v,--verbose", flags->verbose, "Print metadata, and the status also when it is OK");
  command->callback([flags, &run] { run = [flags] { return call(*flags); }; });
}

}  // namespace wasm_grpc::cli
