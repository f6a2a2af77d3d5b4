// wasm-grpc new: a folder with a guest project that builds, is served and tests itself; or a config file.

#include <google/protobuf/descriptor.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/commands.h"
#include "cli/new/own_protos.h"
#include "cli/new/project.h"
#include "cli/shell_text.h"
#include "cli/version.h"
#include "config/documents.h"

namespace wasm_grpc::cli {

namespace {

namespace fs = std::filesystem;

struct NewFlags {
  std::string folder;
  std::string service;
  std::string language = "cpp";
  std::string proto;
  std::vector<std::string> folders;
  std::string config;
};

/// A language that guests are written in, and where its SDK is that belongs to this program, the CMake package or the
/// crates and the like: from the folder of this program, installed with it or built with it, and a file that it has.
struct LanguageEntry {
  const char* name;
  Language language;
  const char* installed;
  const char* built;
  const char* has;
};
constexpr LanguageEntry languages[] = {
    {"cpp", Language::cpp, installed_guest_package, built_guest_package, "WasmGrpcGuestConfig.cmake"},
    {"rust", Language::rust, installed_rust_sdk, built_rust_sdk, "wasm-grpc-guest/Cargo.toml"},
    {"go", Language::go, installed_go_sdk, built_go_sdk, "go.mod"},
    {"zig", Language::zig, installed_zig_sdk, built_zig_sdk, "build.zig"},
    {"assemblyscript", Language::assemblyscript, installed_assemblyscript_sdk, built_assemblyscript_sdk,
     "package.json"},
};

std::vector<std::string> language_names() {
  std::vector<std::string> names;
  for (const LanguageEntry& entry : languages) names.emplace_back(entry.name);
  return names;
}

const LanguageEntry& entry_of(const std::string& name) {
  return *std::ranges::find(languages, name, [](const LanguageEntry& entry) { return std::string(entry.name); });
}

/// Empty when it is not beside this program.
fs::path find_sdk(const LanguageEntry& entry, const fs::path& programs) {
  for (const char* place : {entry.installed, entry.built}) {
    const fs::path folder = (programs / place).lexically_normal();
    std::error_code ignored;
    if (fs::exists(folder / entry.has, ignored)) return folder;
  }
  return {};
}

/// Where the module of a project is built, and how.
struct Building {
  std::string commands;  // a line each
  std::string module;
};
Building building(Language language, const std::string& name, const std::string& program) {
  const auto tested = [&](const std::string& commands, const std::string& module) {
    return Building{commands + "  sh test.sh " + program + " " + module + "\n", module};
  };
  switch (language) {
    case Language::rust:
      return tested("  cargo test\n  cargo wasm\n", "target/wasm32-wasip1/release/" + name + ".wasm");
    case Language::go:
      return tested(
          "  go generate\n  go test\n  GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o " + name + ".wasm .\n",
          name + ".wasm");
    case Language::zig:
      return tested("  zig build\n", "zig-out/bin/" + name + ".wasm");
    case Language::assemblyscript:
      return tested("  npm install\n  npm run build\n  npm test\n", "build/" + name + ".wasm");
    case Language::cpp:
      break;
  }
  return {"  cmake -B build -G Ninja\n  cmake --build build\n  ctest --test-dir build --output-on-failure\n",
          "build/guests/" + name + ".wasm"};
}

/// Makes the folder, or takes one that is empty.
Result<> make_folder(const fs::path& folder) {
  std::error_code error;
  const fs::file_status there = fs::status(folder, error);
  if (fs::is_directory(there)) {
    const bool empty = fs::is_empty(folder, error);
    if (error) return Error{folder.string() + ": " + error.message()};
    if (!empty) return Error{folder.string() + " is not empty: give a new folder, or an empty one"};
    return success();
  }
  if (fs::exists(there)) return Error{folder.string() + " is there, and no folder"};
  fs::create_directories(folder, error);
  if (error) return Error{folder.string() + ": " + error.message()};
  return success();
}

Result<> write_file(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return Error{path.parent_path().string() + ": " + error.message()};
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) return Error{"cannot write " + path.string() + ": " + std::strerror(errno)};
  return success();
}

/// Writes a config file; never over one that is there.
int make_config(const std::string& path) {
  std::error_code ignored;
  if (fs::exists(fs::symlink_status(path, ignored))) return fail(path + " is there; name a new file");
  if (const auto written = write_file(path, config::sample_config("module.wasm")); !written.ok()) {
    return fail(written.error().message);
  }
  const std::string command = program_command();
  std::printf(
      "%s is a config now, of one [[module]]: give it the path of yours, then\n\n"
      "  %s check -c %s\n  %s serve -c %s\n",
      path.c_str(), command.c_str(), shell_word(path).c_str(), command.c_str(), shell_word(path).c_str());
  return exit_ok;
}

int make_project(const NewFlags& flags) {
  const LanguageEntry& entry = entry_of(flags.language);
  const fs::path folder(flags.folder);
  const auto name = project_name(folder);
  if (!name.ok()) return fail(name.error().message);
  Project project;
  project.language = entry.language;
  project.name = name.value();
  project.folder = folder;
  std::optional<OwnProtos> own;
  if (!flags.proto.empty()) {
    auto read = read_own_protos(flags.proto, flags.folders);
    if (!read.ok()) return fail(read.error().message);
    project.own = &own.emplace(std::move(read).value());
  } else {
    auto service = service_name(name.value(), flags.service);
    if (!service.ok()) return fail(service.error().message);
    project.service = std::move(service).value();
  }
  std::error_code error;
  const fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) return fail("/proc/self/exe: " + error.message());
  project.programs = program.parent_path();
  project.sdk = find_sdk(entry, project.programs);
  if (entry.language != Language::cpp && project.sdk.empty()) {
    return fail("the guest SDK for " + flags.language + " is not beside this program: expected it in " +
                (project.programs / entry.installed).lexically_normal().string());
  }

  if (const auto made = make_folder(folder); !made.ok()) return fail(made.error().message);
  for (const ProjectFile& file : project_files(project)) {
    if (const auto written = write_file(folder / file.path, file.text); !written.ok()) {
      return fail(written.error().message);
    }
  }
  const std::string command = program_command();
  const std::string what = own ? "the services of " + own->file->name() + ", whose methods are to be written,"
                               : "the service " + project.service.package + "." + project.service.name;
  const Building build = building(entry.language, project.name, command);
  std::printf(
      "%s has %s now. Build it, test it, serve it:\n\n"
      "  cd %s\n"
      "%s"
      "  %s serve %s\n\n"
      "and call it, from another terminal:\n\n"
      "  %s call 127.0.0.1:50051 %s\n",
      folder.c_str(), what.c_str(), shell_word(folder).c_str(), build.commands.c_str(), command.c_str(),
      build.module.c_str(), command.c_str(), example_call(project).c_str());
  if (project.sdk.empty()) {
    std::printf(
        "\nThe guest SDK is not beside this program: tell the first cmake where it is, with -DCMAKE_PREFIX_PATH=...\n");
  }
  return exit_ok;
}

}  // namespace

void add_new(CLI::App& app, Command& run) {
  auto flags = std::make_shared<NewFlags>();
  CLI::App* command = app.add_subcommand("new", "Make a guest project with a service and a test, or a config file");
  CLI::Option* folder =
      command->add_option("DIR", flags->folder, "The folder, new or empty; its name becomes the project's");
  CLI::Option* service = command
                             ->add_option("--service", flags->service,
                                          "The service it has, package.Service; after the folder if not given")
                             ->type_name("NAME");
  CLI::Option* language = command->add_option("--lang", flags->language, "The language of the guest")
                              ->check(CLI::IsMember(language_names()))
                              ->type_name("NAME")
                              ->capture_default_str();
  CLI::Option* proto =
      command
          ->add_option("--proto", flags->proto,
                       "A .proto file of yours: the project has its services, with methods to be written")
          ->type_name("FILE")
          ->excludes(service);
  CLI::Option* folders =
      command->add_option("-I,--include", flags->folders, "Where the --proto file and its imports are looked for")
          ->allow_extra_args(false)
          ->type_name("DIR")
          ->needs(proto);
  command
      ->add_option("--config", flags->config,
                   "A config file for serve, new, with every setting in comments; no project")
      ->type_name("FILE")
      ->excludes(folder)
      ->excludes(service)
      ->excludes(language)
      ->excludes(proto)
      ->excludes(folders);
  command->callback([flags, folder, &run] {
    if (flags->config.empty() && folder->count() == 0) throw CLI::RequiredError("DIR");
    run = [flags] { return flags->config.empty() ? make_project(*flags) : make_config(flags->config); };
  });
}

}  // namespace wasm_grpc::cli
