// wasm-grpc kv: looks into the key-value store of a module, and changes it, also while a server uses it.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "config/read.h"
#include "store/stores.h"
#include "store/transfer.h"
#include "store/waited.h"

namespace wasm_grpc::cli {

namespace {

/// Whose store it is.
struct WhichStore {
  std::string config_file;
  std::string module;  // empty: the only one whose state is not in memory

  void add_to(CLI::App& command) {
    command.add_option("-c,--config", config_file, "The config file of the server, in TOML")
        ->type_name("FILE")
        ->required();
    command.add_option("--module", module, "The module whose store it is; may be left out where only one has one")
        ->type_name("NAME");
  }
  [[nodiscard]] Result<ModuleOptions> find() const;
};

bool is_stored(const config::ModuleConfig& module) { return module.options.store.backend != StoreBackend::memory; }

Result<ModuleOptions> WhichStore::find() const {
  const config::Reading reading = config::read_file(config_file, {});
  if (!reading.ok()) return Error{reading.problems.front()};
  const config::ModuleConfig* found = nullptr;
  std::string stored;
  std::size_t count = 0;
  for (const config::ModuleConfig& one : reading.config->modules) {
    if (is_stored(one)) stored += (count++ == 0 ? "" : ", ") + one.options.name;
    if (module.empty() ? is_stored(one) : one.options.name == module) found = &one;
  }
  if (module.empty() && count > 1) return Error{"say whose store by --module; there are those of " + stored};
  if (found == nullptr) {
    return Error{module.empty() ? config_file + " has no module whose state is kept (store.backend)"
                                : config_file + " has no module " + module};
  }
  if (!is_stored(*found)) {
    return Error{"the state of " + found->options.name + " is in the memory of its server, and nowhere else"};
  }
  if (auto sound = store::look_at(found->options.store); !sound.ok()) return std::move(sound).error();
  ModuleOptions options = found->options;
  options.store.max_rate = 0;  // that is for guests
  return options;
}

/// The same of a store that is there: a look makes no file.
Result<ModuleOptions> find_existing(const WhichStore& which) {
  auto options = which.find();
  const bool in_file = options.ok() && options.value().store.backend == StoreBackend::sqlite;
  if (in_file && !std::filesystem::exists(options.value().store.path)) {
    return Error{"the store " + options.value().store.path + " is not there yet: the module was never served"};
  }
  return options;
}

/// A module's store that is open.
class OpenStore {
 public:
  [[nodiscard]] static Result<OpenStore> open(const ModuleOptions& module) {
    auto opened = store::Stores(say).open(module);
    if (!opened.ok()) return std::move(opened).error();
    return OpenStore(std::move(opened).value());
  }
  [[nodiscard]] store::Answer ask(store::Operation operation) const {
    return store::ask_now(*store_, std::move(operation));
  }

 private:
  explicit OpenStore(std::shared_ptr<store::Store> store) : store_(std::move(store)) {}
  static void say(LogLevel level, const std::string& text) {
    if (level >= LogLevel::warn) fail(text);
  }

  std::shared_ptr<store::Store> store_;
};

int refused(store::Outcome outcome) {
  switch (outcome) {
    case store::Outcome::absent:
      return fail("there is no such key");
    case store::Outcome::conflict:
      return fail("the key has another version");
    case store::Outcome::full:
      return fail("there is no room in the store (max-kv-bytes)");
    default:
      return fail("the store does not answer");
  }
}

// ---- The commands ----

struct KvArguments {
  std::string action;
  WhichStore which;
  std::string key;  // or a prefix, or a file
  std::string value;
  std::string value_file;
  std::int64_t ttl_ms = 0;  // 0: for ever
  std::optional<std::uint64_t> if_version;
};

int get(const KvArguments& arguments) {
  const auto module = find_existing(arguments.which);
  if (!module.ok()) return fail(module.error().message);
  const auto store = OpenStore::open(module.value());
  if (!store.ok()) return fail(store.error().message);
  const store::Answer found = store.value().ask(store::Get{arguments.key});
  if (found.outcome != store::Outcome::done) return refused(found.outcome);
  std::fwrite(found.value.data(), 1, found.value.size(), stdout);
  return exit_ok;
}

int set(const KvArguments& arguments) {
  const auto module = arguments.which.find();
  if (!module.ok()) return fail(module.error().message);
  store::Set set{arguments.key, arguments.value, {}, arguments.if_version};
  if (!arguments.value_file.empty()) {
    std::ifstream file(arguments.value_file, std::ios::binary);
    if (!file) return fail(arguments.value_file + " cannot be read");
    set.value.assign(std::istreambuf_iterator<char>(file), {});
  }
  if (arguments.ttl_ms > 0) set.ttl = std::chrono::milliseconds(arguments.ttl_ms);
  if (set.key.empty() || set.key.size() > store::max_key_bytes) {
    return fail("a key has 1 to " + std::to_string(store::max_key_bytes) + " bytes");
  }
  if (const std::size_t most = module.value().shared_state.max_kv_value; set.value.size() > most) {
    return fail("the value has " + std::to_string(set.value.size()) + " bytes; it may have " + std::to_string(most) +
                " (max-kv-value)");
  }
  const auto store = OpenStore::open(module.value());
  if (!store.ok()) return fail(store.error().message);
  const store::Answer done = store.value().ask(std::move(set));
  if (done.outcome != store::Outcome::done) return refused(done.outcome);
  std::printf("%" PRIu64 "\n", done.number);
  return exit_ok;
}

int remove(const KvArguments& arguments) {
  const auto module = find_existing(arguments.which);
  if (!module.ok()) return fail(module.error().message);
  const auto store = OpenStore::open(module.value());
  if (!store.ok()) return fail(store.error().message);
  const store::Answer done = store.value().ask(store::Remove{arguments.key, arguments.if_version});
  return done.outcome == store::Outcome::done ? exit_ok : refused(done.outcome);
}

std::string time_left(const store::Listed& one) {
  if (!one.ttl) return "-";
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(*one.ttl).count());
}

/// A key on a line of its own.
std::string line_of(const std::string& key) {
  std::string line;
  for (const char c : printable(key)) line += c == '\n' ? "\\x0a" : c == '\t' ? "\\x09" : std::string(1, c);
  return line;
}

int list(const KvArguments& arguments) {
  const auto module = find_existing(arguments.which);
  if (!module.ok()) return fail(module.error().message);
  const auto store = OpenStore::open(module.value());
  if (!store.ok()) return fail(store.error().message);
  constexpr std::size_t page = 1000;
  store::List list{arguments.key, {}, page};
  while (true) {
    const store::Answer answer = store.value().ask(list);
    if (answer.outcome != store::Outcome::done) return refused(answer.outcome);
    for (const store::Listed& one : answer.pairs) {
      std::printf("%" PRIu64 "\t%zu\t%s\t%s\n", one.version, one.value_bytes, time_left(one).c_str(),
                  line_of(one.key).c_str());
    }
    if (answer.pairs.size() < page) return exit_ok;
    list.after = answer.pairs.back().key;
  }
}

int copied(const char* done, const Result<store::Copied>& result) {
  if (!result.ok()) return fail(result.error().message);
  std::printf("%s %zu pairs and %zu counters\n", done, result.value().pairs, result.value().counters);
  return exit_ok;
}

int backup(const KvArguments& arguments) {
  const auto module = find_existing(arguments.which);
  if (!module.ok()) return fail(module.error().message);
  return copied("kept", store::copy_out(module.value(), arguments.key));
}

int import(const KvArguments& arguments) {
  const auto module = arguments.which.find();
  if (!module.ok()) return fail(module.error().message);
  return copied("took", store::copy_in(module.value(), arguments.key));
}

struct Action {
  const char* name;
  int (*run)(const KvArguments&);
  const char* operand;  // what it takes; nullptr: it may take a prefix
  bool sets = false;    // a value, and how long it lives
  bool conditional = false;
};

constexpr Action actions[] = {
    {"get", get, "KEY"},     {"set", set, "KEY", true, true}, {"del", remove, "KEY", false, true},
    {"list", list, nullptr}, {"backup", backup, "FILE"},      {"import", import, "FILE"},
};

/// Throws what CLI11 does for arguments that do not fit the action.
const Action& check(const KvArguments& arguments) {
  for (const Action& action : actions) {
    if (arguments.action != action.name) continue;
    const auto refuse = [&](const std::string& what) { throw CLI::ValidationError("kv " + arguments.action, what); };
    if (action.operand != nullptr && arguments.key.empty()) refuse(std::string("takes a ") + action.operand);
    if (!action.sets && (!arguments.value.empty() || !arguments.value_file.empty() || arguments.ttl_ms > 0)) {
      refuse("takes no value, --file and --ttl");
    }
    if (!action.conditional && arguments.if_version) refuse("takes no --if-version");
    return action;
  }
  throw CLI::ValidationError("kv", "there is no " + arguments.action);
}

}  // namespace

void add_kv(CLI::App& app, Command& run) {
  auto arguments = std::make_shared<KvArguments>();
  CLI::App* command = app.add_subcommand("kv", "Look into the store of a module, where it is kept, and change it");
  std::set<std::string> names;
  for (const Action& action : actions) names.insert(action.name);
  command
      ->add_option(
          "ACTION", arguments->action,
          "get: print the value of a key as it is; set: set it, and print its version; del: remove it; list: print "
          "version, bytes, milliseconds left (-: for good) and key of each pair; backup: copy pairs and counters "
          "into a new file, which is a store itself; import: take them from such a file, all or none")
      ->required()
      ->check(CLI::IsMember(names));
  command->add_option("KEY", arguments->key, "The key; of list what keys begin with; of backup and import the file");
  auto* const value =
      command->add_option("VALUE", arguments->value, "What set sets; empty where neither it nor --file is");
  arguments->which.add_to(*command);
  command->add_option("--file", arguments->value_file, "A file with the value that set sets")
      ->type_name("FILE")
      ->excludes(value);
  command->add_option("--ttl", arguments->ttl_ms, "The pair is gone after so long, in ms")
      ->type_name("MS")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 43));
  command
      ->add_option("--if-version", arguments->if_version,
                   "Only if the pair has this version; 0: if there is none; of set and del")
      ->type_name("N");
  command->callback([arguments, &run] {
    const Action& action = check(*arguments);
    run = [arguments, &action] { return action.run(*arguments); };
  });
}

}  // namespace wasm_grpc::cli
