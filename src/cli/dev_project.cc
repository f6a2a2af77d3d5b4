#include "cli/dev_project.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>
#include <system_error>

namespace wasm_grpc::cli {

namespace {

namespace fs = std::filesystem;

struct BuildFile {
  std::string_view file;
  std::string_view command;
  std::string_view modules;
};

// As the guides in docs/ build them, and what `wasm-grpc new` makes.
constexpr std::array build_files = {
    BuildFile{"CMakeLists.txt", "{ [ -f build/CMakeCache.txt ] || cmake -B build -G Ninja; } && cmake --build build",
              "build/guests"},
    BuildFile{"Cargo.toml", "cargo build --release --target wasm32-wasip1", "target/wasm32-wasip1/release"},
    BuildFile{"go.mod",
              "{ [ ! -f generate.sh ] || [ pb -nt \"$(ls -t *.proto | head -1)\" ] || go generate; } && "
              "GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -o module.wasm .",
              "module.wasm"},
    BuildFile{"package.json", "{ [ -d node_modules ] || npm install; } && npm run build", "build"},
    BuildFile{"build.zig", "zig build", "zig-out/bin"},
};

}  // namespace

std::vector<std::string> DevProject::built() const {
  std::error_code error;
  const fs::path place = folder / modules;
  if (fs::is_regular_file(place, error)) return {place.string()};
  std::vector<std::string> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(place, error)) {
    const fs::path& path = entry.path();
    // npm's builds of AssemblyScript make one for debuggers beside it, of the same services.
    if (path.extension() != ".wasm" || path.filename() == "debug.wasm") continue;
    files.push_back(path.string());
  }
  std::sort(files.begin(), files.end());
  return files;
}

Result<DevProject> find_project(const fs::path& folder) {
  std::error_code error;
  for (const BuildFile& builder : build_files) {
    if (!fs::exists(folder / builder.file, error)) continue;
    return DevProject{folder, std::string(builder.command), fs::path(builder.modules)};
  }
  std::string known;
  for (const BuildFile& builder : build_files) known += (known.empty() ? "" : ", ") + std::string(builder.file);
  return Error{folder.string() + ": nothing there says how it is built; expected one of " + known +
               ", or --build COMMAND with --module FILE"};
}

bool is_made(const fs::path& name) {
  constexpr std::array made = {"build", "target", "node_modules", "zig-out"};
  const std::string text = name.string();
  return text.starts_with('.') || name.extension() == ".wasm" ||
         std::find(made.begin(), made.end(), std::string_view(text)) != made.end();
}

}  // namespace wasm_grpc::cli
