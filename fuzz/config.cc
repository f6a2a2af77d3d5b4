// The reader of config files: whatever the text, it becomes a Config or lines that tell what is wrong, without a
// secret.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "config/read.h"
#include "require.h"

namespace {

constexpr std::string_view secret = "hunter2hunter2";

/// Has what is asked for: no file of this machine is read.
class AnySecrets final : public wasm_grpc::config::Secrets {
 public:
  wasm_grpc::Result<std::string> file(const std::string& path) const override {
    if (path.size() % 2 == 0) return std::string(secret) + "\n";
    return wasm_grpc::Error{"cannot be opened"};
  }
  std::optional<std::string> variable(const std::string& name) const override {
    return name.size() % 2 == 0 ? std::optional<std::string>(secret) : std::nullopt;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using fuzz::require;
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const config::Source source{"fuzz.toml", size % 2 == 0 ? "/etc" : ""};
  const AnySecrets secrets;

  // Words of the file itself may be told, also where they are those of the secret.
  const bool knows_secret = input.find(secret) != std::string_view::npos;

  const config::Reading reading = config::read(input, source, {}, secrets);
  require(reading.ok() == reading.problems.empty(), "a config is there when nothing is wrong with it");
  require(reading.problems.size() <= 51, "not more is told than people read");
  for (const std::string& problem : reading.problems) {
    require(problem.find('\n') == std::string::npos, "each problem is one line");
    require(problem.size() < 2000, "a line that people read");
    require(knows_secret || problem.find(secret) == std::string::npos, "no secret is told");
  }
  require(config::read(input, source, {}, secrets).problems == reading.problems, "it is read the same again");
  if (!reading.ok()) return 0;
  require(!reading.config->modules.empty() && !reading.config->listen.empty(),
          "there is something to serve, somewhere");
  for (const config::ModuleConfig& module : reading.config->modules) {
    require(!module.path.empty(), "a module has a path");
    require(module.options.guests->max_memory_bytes <= reading.config->server.guests.max_memory_bytes,
            "the server's limits are the most of its modules'");
  }
  require(config::need_restart(*reading.config, *reading.config).empty(), "a config does not differ from itself");
  return 0;
}
