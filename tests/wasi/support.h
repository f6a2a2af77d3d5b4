// What the tests of WASI share: an engine, captured output, guests that are run to their end, and a Machine through
// which a test calls WASI's functions one by one.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasi/context.h"
#include "wasi/errno.h"
#include "wasi/sandbox.h"
#include "wasi/types.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/linker.h"

namespace wasm_grpc::wasi::test {

/// Keeps the lines guests print.
class CapturedOutput final : public Output {
 public:
  struct Line {
    std::string module;
    bool is_stderr;
    std::string text;
    bool operator==(const Line&) const = default;
  };
  void line(std::string_view module, bool is_stderr, std::string_view text) noexcept override {
    lines.push_back({std::string(module), is_stderr, std::string(text)});
  }
  /// The texts alone.
  [[nodiscard]] std::vector<std::string> texts() const;

  std::vector<Line> lines;
};

[[nodiscard]] const wasm::Engine& engine();
[[nodiscard]] std::shared_ptr<const Sandbox> make_sandbox(const Config& config);
/// Compiles a module, text or binary, and links it with WASI.
[[nodiscard]] std::shared_ptr<const wasm::LinkedModule> link(std::string name, std::string_view module);
[[nodiscard]] std::shared_ptr<const wasm::LinkedModule> link_file(std::string name, const std::string& path);

/// An instance with all that WASI needs.
class Guest {
 public:
  Guest(std::shared_ptr<const wasm::LinkedModule> linked, const Config& config);

  /// Polls until the fiber is done or has failed, sleeping while it is suspended; for 20 s at most.
  wasm::Progress finish();
  /// Instantiates, then runs _initialize or _start if there is one.
  wasm::Progress start();
  /// Begins to call an export without parameters.
  void begin(std::string_view export_name, bool has_result = true);
  /// Calls it and returns its result; a test failure when it does not end well.
  std::int32_t call(std::string_view export_name);

  std::shared_ptr<const wasm::LinkedModule> linked;
  std::shared_ptr<const Sandbox> sandbox;
  CapturedOutput output;
  Context context;
  wasm::Instance instance;
  int suspensions = 0;  // how often finish() saw it suspended
};

/// A guest that passes on to WASI whatever the test wants.
class Machine {
 public:
  explicit Machine(const Config& config = {});

  /// Calls a function, sleeping while it suspends the guest.
  Errno call(std::string_view function, const std::vector<std::uint64_t>& arguments);
  /// Begins the call only; poll with guest.instance.
  void begin(std::string_view function, const std::vector<std::uint64_t>& arguments);
  /// Calls a function that must trap, and returns the message. The machine is of no use after that.
  std::string trap(std::string_view function, const std::vector<std::uint64_t>& arguments);

  /// Memory for `size` bytes of the test's, zeroed and aligned.
  std::uint32_t allocate(std::size_t size);
  /// A copy of these bytes in the guest's memory.
  std::uint32_t put(std::string_view bytes);
  template <typename T>
  std::uint32_t put_value(const T& value) {
    return put({reinterpret_cast<const char*>(&value), sizeof(T)});
  }
  template <typename T>
  T get(std::uint32_t pointer) {
    T value;
    std::memcpy(&value, guest.instance.memory().data() + pointer, sizeof(T));
    return value;
  }
  std::string bytes(std::uint32_t pointer, std::size_t size);

  // What most tests do with files.
  Errno open(std::uint32_t directory, std::string_view path, std::uint32_t open_flags, Rights rights, std::uint32_t& fd,
             std::uint32_t lookup = 1, std::uint32_t fd_flags = 0);
  Errno write(std::uint32_t fd, std::string_view text, std::uint32_t* written = nullptr);
  Errno read(std::uint32_t fd, std::size_t size, std::string& out);
  /// Functions of a directory and a path: path_unlink_file and its like.
  Errno path_call(std::string_view function, std::uint32_t directory, std::string_view path);

  Guest guest;

 private:
  std::uint32_t next_ = 1024;
};

/// A function of WASI and its parameters: i is an i32, I an i64.
struct FunctionInfo {
  std::string_view name;
  std::string_view parameters;
};
[[nodiscard]] const std::vector<FunctionInfo>& all_functions();

/// A directory that is removed with all that is in it.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  void write(const std::string& name, std::string_view text) const;
  [[nodiscard]] std::optional<std::string> read(const std::string& name) const;

 private:
  std::filesystem::path path_;
};

inline constexpr Rights all_rights = (Rights{1} << 30) - 1;
inline constexpr Rights reading = all_rights & ~right::fd_write;
/// The first granted directory.
inline constexpr std::uint32_t root = 3;

}  // namespace wasm_grpc::wasi::test
