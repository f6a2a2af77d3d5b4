#include "cli/new/project.h"

#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iterator>
#include <map>
#include <random>
#include <string_view>
#include <utility>

#include "cli/new/own_protos.h"
#include "cli/version.h"
#include "protoc/names.h"

namespace wasm_grpc::cli {

// The files of sdk/*/template.
namespace templates {
extern const std::string_view cmake_lists;
extern const std::string_view gitignore;
extern const std::string_view guest_cc;
extern const std::string_view guest_proto;
extern const std::string_view readme;
extern const std::string_view test;
extern const std::string_view rust_cargo;
extern const std::string_view rust_cargo_config;
extern const std::string_view rust_build;
extern const std::string_view rust_gitignore;
extern const std::string_view rust_lib;
extern const std::string_view rust_readme;
extern const std::string_view go_mod;
extern const std::string_view go_sum;
extern const std::string_view go_own_mod;
extern const std::string_view go_own_sum;
extern const std::string_view go_generate;
extern const std::string_view go_gitignore;
extern const std::string_view go_main;
extern const std::string_view go_main_test;
extern const std::string_view go_readme;
extern const std::string_view zig_build;
extern const std::string_view zig_build_zon;
extern const std::string_view zig_gitignore;
extern const std::string_view zig_main;
extern const std::string_view zig_readme;
extern const std::string_view assemblyscript_gitignore;
extern const std::string_view assemblyscript_guest;
extern const std::string_view assemblyscript_guest_test;
extern const std::string_view assemblyscript_package;
extern const std::string_view assemblyscript_readme;
}  // namespace templates

namespace {

/// The script that makes a standard library for Debian's Rust: beside the crates, or in the checkout they are of.
std::string build_std(const std::filesystem::path& sdk) {
  const std::filesystem::path installed = sdk / "build-rust-std";
  std::error_code ignored;
  if (std::filesystem::exists(installed, ignored)) return installed.string();
  return (sdk / "../../scripts/build-rust-std").lexically_normal().string();
}

/// What tells a Zig package from others of its name, which for these projects is "guest": a checksum of the name, and a
/// number that is drawn.
std::string zig_fingerprint() {
  constexpr std::uint32_t crc32_of_guest = 0xacb79a35;
  std::random_device source;
  const std::uint32_t drawn = std::uniform_int_distribution<std::uint32_t>(1, 0xffff'fffe)(source);
  std::array<char, 20> text{};
  std::snprintf(text.data(), text.size(), "0x%08x%08x", crc32_of_guest, drawn);
  return text.data();
}

/// Zig takes no absolute path. Both are without symbolic links, as the working directory is that zig is run in.
std::string path_from(const std::filesystem::path& folder, const std::filesystem::path& to) {
  std::error_code ignored;
  const auto real = [&](const std::filesystem::path& path) {
    return std::filesystem::weakly_canonical(std::filesystem::absolute(path, ignored), ignored);
  };
  return real(to).lexically_relative(real(folder)).string();
}

/// The service that is shown to be called first.
std::string first_service(const Project& project) {
  return project.own == nullptr ? project.service.package + "." + project.service.name
                                : methods_of(*project.own).front()->service()->full_name();
}

/// The .proto with the services, in the project's folder.
std::string proto_of(const Project& project) {
  return project.own == nullptr ? project.name + ".proto"
                                : std::string(protos_folder) + "/" + project.own->file->name();
}

std::string expectations_of(const Project& project) {
  if (project.own != nullptr) return expectations(*project.own);
  const std::string service = first_service(project);
  return "expect '\"text\": \"Hello, World!\"' " + service + "/SayHello '{\"name\": \"World\"}'\n" +
         "expect 'INVALID_ARGUMENT: who are you?' " + service + "/SayHello '{}'\n" +
         "expect '\"text\": \"3: Hello, World!\"' " + service + "/SayHellos '{\"name\": \"World\", \"times\": 3}'\n";
}

/// What build.rs does.
std::string rust_compile(const Project& project) {
  if (project.own == nullptr) return "    wasm_grpc_build::compile_protos(\"" + proto_of(project) + "\").unwrap();\n";
  return "    wasm_grpc_build::configure()\n"
         "        .prost(|config| {\n"
         "            config.include_file(\"protos.rs\");\n"
         "        })\n"
         "        .compile_protos(&[\"" +
         proto_of(project) + "\"], &[\"" + protos_folder +
         "\"])\n"
         "        .unwrap();\n";
}

/// What stands for each @name@ of the templates.
using Values = std::map<std::string, std::string, std::less<>>;

Values values_of(const Project& project) {
  const ServiceName& service = project.service;
  const std::string about = served_by(project);
  return {
      {"", "@"},  // "@@"
      {"name", project.name},
      {"package", service.package},
      {"Service", service.name},
      {"space", protoc::namespace_of(service.package)},
      {"class", protoc::service_class(service.package, service.name)},
      {"module", rust_server_module(service.name)},
      {"Trait", rust_type(service.name)},
      {"about", "T" + about.substr(1)},
      {"service", first_service(project)},
      {"call", example_call(project)},
      {"expectations", expectations_of(project)},
      {"proto", proto_of(project)},
      {"proto_folder", project.own == nullptr ? "." : protos_folder},
      {"proto_file", project.own == nullptr ? project.name + ".proto" : project.own->file->name()},
      {"go_generator", project.own == nullptr ? "protobuf-go-lite" : "protobuf-go"},
      {"imports", project.own == nullptr ? "" : std::string(" IMPORT_DIRS ") + protos_folder},
      {"compile", rust_compile(project)},
      {"more_crates", project.own == nullptr ? "" : "prost-types = { version = \"0.14\", default-features = false }\n"},
      {"version", version},
      {"asc_version", asc_version},
      {"sdk", project.sdk.string()},
      {"sdk_from_here", path_from(project.folder, project.sdk)},
      {"fingerprint", zig_fingerprint()},
      {"build_std", build_std(project.sdk)},
      {"programs", project.programs.string()}};
}

std::string filled(std::string_view text, const Values& values) {
  std::string out;
  while (true) {
    const std::size_t start = text.find('@');
    const std::size_t end = start == std::string_view::npos ? start : text.find('@', start + 1);
    out += text.substr(0, start);
    if (end == std::string_view::npos) return out;
    out += values.at(std::string(text.substr(start + 1, end - start - 1)));
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::string served_by(const Project& project) {
  const std::string link = "[" + proto_of(project) + "](" + proto_of(project) + ")";
  return project.own == nullptr ? "the gRPC service `" + first_service(project) + "` of " + link
                                : "the gRPC services of " + link;
}

std::string example_call(const Project& project) {
  if (project.own == nullptr) return first_service(project) + "/SayHello --json '{\"name\": \"World\"}'";
  const auto& method = *methods_of(*project.own).front();
  return method.service()->full_name() + "/" + method.name() + " --json '{}'";
}

std::vector<ProjectFile> project_files(const Project& project) {
  const Values values = values_of(project);
  const auto fill = [&](std::string_view text) { return filled(text, values); };
  // What differs where the .proto is its author's.
  const auto protos = [&](const std::string& source, std::string_view example, std::string (*stubs)(const OwnProtos&)) {
    if (project.own == nullptr) {
      return std::vector<ProjectFile>{{proto_of(project), fill(templates::guest_proto)}, {source, fill(example)}};
    }
    std::vector<ProjectFile> files = project.own->copies;
    files.push_back({source, stubs(*project.own)});
    return files;
  };
  const auto with = [](std::vector<ProjectFile> files, std::vector<ProjectFile> more) {
    std::move(more.begin(), more.end(), std::back_inserter(files));
    return files;
  };
  if (project.language == Language::rust) {
    return with(protos("src/lib.rs", templates::rust_lib, rust_stubs),
                {{".gitignore", fill(templates::rust_gitignore)},
                 {".cargo/config.toml", fill(templates::rust_cargo_config)},
                 {"Cargo.toml", fill(templates::rust_cargo)},
                 {"README.md", fill(templates::rust_readme)},
                 {"build.rs", fill(templates::rust_build)},
                 {"test.sh", fill(templates::test)}});
  }
  if (project.language == Language::go) {
    const bool own = project.own != nullptr;
    std::vector<ProjectFile> files = {{".gitignore", fill(templates::go_gitignore)},
                                      {"README.md", fill(templates::go_readme)},
                                      {"generate.sh", own ? go_generate(project) : fill(templates::go_generate)},
                                      {"go.mod", fill(own ? templates::go_own_mod : templates::go_mod)},
                                      {"go.sum", std::string(own ? templates::go_own_sum : templates::go_sum)},
                                      {"main.go", own ? go_stubs(project) : fill(templates::go_main)},
                                      {"main_test.go", own ? go_tests(project) : fill(templates::go_main_test)},
                                      {"test.sh", fill(templates::test)}};
    return with(own ? project.own->copies : std::vector<ProjectFile>{{proto_of(project), fill(templates::guest_proto)}},
                std::move(files));
  }
  if (project.language == Language::zig) {
    return with(protos("src/main.zig", templates::zig_main, zig_stubs),
                {{".gitignore", fill(templates::zig_gitignore)},
                 {"README.md", fill(templates::zig_readme)},
                 {"build.zig", fill(templates::zig_build)},
                 {"build.zig.zon", fill(templates::zig_build_zon)},
                 {"test.sh", fill(templates::test)}});
  }
  if (project.language == Language::assemblyscript) {
    return with(protos("assembly/" + project.name + ".ts", templates::assemblyscript_guest, assemblyscript_stubs),
                {{".gitignore", fill(templates::assemblyscript_gitignore)},
                 {"README.md", fill(templates::assemblyscript_readme)},
                 {project.name + ".test.js",
                  project.own == nullptr ? fill(templates::assemblyscript_guest_test) : assemblyscript_tests(project)},
                 {"package.json", fill(templates::assemblyscript_package)},
                 {"test.sh", fill(templates::test)}});
  }
  return with(protos(project.name + ".cc", templates::guest_cc, cpp_stubs),
              {{".gitignore", fill(templates::gitignore)},
               {"CMakeLists.txt", fill(templates::cmake_lists)},
               {"README.md", fill(templates::readme)},
               {"test.sh", fill(templates::test)}});
}

}  // namespace wasm_grpc::cli
