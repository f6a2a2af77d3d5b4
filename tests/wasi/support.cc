#include "support.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <thread>

#include "wasi/imports.h"
#include "wasm/module.h"

namespace wasm_grpc::wasi::test {

namespace {

using namespace std::chrono_literals;

constexpr auto give_up_after = 20s;
constexpr std::uint32_t argument_bytes = 8;

template <typename T>
T expect_value(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

const wasm::Linker& linker() {
  static const std::unique_ptr<wasm::Linker> made = [] {
    auto out = std::make_unique<wasm::Linker>(engine());
    expect_value(define_imports(*out));
    return out;
  }();
  return *made;
}

/// A module that exports every function of WASI as one without parameters, which loads its arguments from memory.
std::string machine_text() {
  std::ostringstream imports;
  std::ostringstream functions;
  for (const FunctionInfo& function : all_functions()) {
    const bool has_result = function.name != "proc_exit";
    imports << "(import \"wasi_snapshot_preview1\" \"" << function.name << "\" (func $" << function.name;
    for (const char type : function.parameters) imports << " (param " << (type == 'I' ? "i64" : "i32") << ")";
    imports << (has_result ? " (result i32)" : "") << "))\n";
    functions << "(func (export \"" << function.name << "\") (result i32) (call $" << function.name;
    std::uint32_t place = 0;
    for (const char type : function.parameters) {
      functions << (type == 'I' ? " (i64.load" : " (i32.load") << " (i32.const " << place << "))";
      place += argument_bytes;
    }
    functions << ")" << (has_result ? "" : " (i32.const 0)") << ")\n";
  }
  return "(module " + imports.str() + "(memory (export \"memory\") 32)" + functions.str() + ")";
}

}  // namespace

const std::vector<FunctionInfo>& all_functions() {
  static const std::vector<FunctionInfo> functions = {
      {"args_get", "ii"},
      {"args_sizes_get", "ii"},
      {"clock_res_get", "ii"},
      {"clock_time_get", "iIi"},
      {"environ_get", "ii"},
      {"environ_sizes_get", "ii"},
      {"fd_advise", "iIIi"},
      {"fd_allocate", "iII"},
      {"fd_close", "i"},
      {"fd_datasync", "i"},
      {"fd_fdstat_get", "ii"},
      {"fd_fdstat_set_flags", "ii"},
      {"fd_fdstat_set_rights", "iII"},
      {"fd_filestat_get", "ii"},
      {"fd_filestat_set_size", "iI"},
      {"fd_filestat_set_times", "iIIi"},
      {"fd_pread", "iiiIi"},
      {"fd_prestat_dir_name", "iii"},
      {"fd_prestat_get", "ii"},
      {"fd_pwrite", "iiiIi"},
      {"fd_read", "iiii"},
      {"fd_readdir", "iiiIi"},
      {"fd_renumber", "ii"},
      {"fd_seek", "iIii"},
      {"fd_sync", "i"},
      {"fd_tell", "ii"},
      {"fd_write", "iiii"},
      {"path_create_directory", "iii"},
      {"path_filestat_get", "iiiii"},
      {"path_filestat_set_times", "iiiiIIi"},
      {"path_link", "iiiiiii"},
      {"path_open", "iiiiiIIii"},
      {"path_readlink", "iiiiii"},
      {"path_remove_directory", "iii"},
      {"path_rename", "iiiiii"},
      {"path_symlink", "iiiii"},
      {"path_unlink_file", "iii"},
      {"poll_oneoff", "iiii"},
      {"proc_exit", "i"},
      {"proc_raise", "i"},
      {"random_get", "ii"},
      {"sched_yield", ""},
      {"sock_accept", "iii"},
      {"sock_recv", "iiiiii"},
      {"sock_send", "iiiii"},
      {"sock_shutdown", "ii"},
  };
  return functions;
}

std::vector<std::string> CapturedOutput::texts() const {
  std::vector<std::string> out;
  for (const Line& line : lines) out.push_back(line.text);
  return out;
}

const wasm::Engine& engine() {
  static const wasm::Engine made = [] {
    wasm::EngineOptions options;
    options.max_instances = 16;
    return expect_value(wasm::Engine::create(options));
  }();
  return made;
}

std::shared_ptr<const Sandbox> make_sandbox(const Config& config) { return expect_value(Sandbox::create(config)); }

std::shared_ptr<const wasm::LinkedModule> link(std::string name, std::string_view module) {
  auto compiled = expect_value(wasm::Module::compile(engine(), std::move(name), std::as_bytes(std::span(module))));
  return expect_value(linker().link(std::move(compiled)));
}

std::shared_ptr<const wasm::LinkedModule> link_file(std::string name, const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return link(std::move(name), bytes.str());
}

Guest::Guest(std::shared_ptr<const wasm::LinkedModule> linked_module, const Config& config)
    : linked(std::move(linked_module)),
      sandbox(make_sandbox(config)),
      context(*sandbox, linked->module().name(), output),
      instance(*linked) {
  instance.set_host_data(wasm::HostSlot::wasi, &context);
}

wasm::Progress Guest::finish() {
  const auto give_up = wasm::Clock::now() + give_up_after;
  while (wasm::Clock::now() < give_up) {
    const wasm::Progress progress = instance.poll();
    if (progress == wasm::Progress::done || progress == wasm::Progress::failed) return progress;
    if (progress != wasm::Progress::suspended) continue;
    ++suspensions;
    std::this_thread::sleep_until(std::min(instance.suspension().until, give_up));
  }
  ADD_FAILURE() << "the guest did not finish";
  return wasm::Progress::suspended;
}

wasm::Progress Guest::start() {
  instance.begin_instantiate();
  if (finish() != wasm::Progress::done) return wasm::Progress::failed;
  for (const std::string_view name : {"_initialize", "_start"}) {
    if (!instance.find_function(name)) continue;
    begin(name, false);
    return finish();
  }
  return wasm::Progress::done;
}

void Guest::begin(std::string_view export_name, bool has_result) {
  const auto function = instance.find_function(export_name);
  if (!function) throw std::runtime_error("no export " + std::string(export_name));
  instance.begin_call(*function, {}, has_result);
}

std::int32_t Guest::call(std::string_view export_name) {
  begin(export_name);
  const wasm::Progress progress = finish();
  EXPECT_EQ(progress, wasm::Progress::done) << export_name << ": " << instance.failure().describe();
  return progress == wasm::Progress::done ? instance.result() : -1;
}

Machine::Machine(const Config& config)
    : guest(
          [] {
            static const auto linked = link("machine", machine_text());
            return linked;
          }(),
          config) {
  if (guest.start() != wasm::Progress::done) throw std::runtime_error(guest.instance.failure().describe());
}

void Machine::begin(std::string_view function, const std::vector<std::uint64_t>& arguments) {
  const auto info = std::find_if(all_functions().begin(), all_functions().end(),
                                 [&](const FunctionInfo& candidate) { return candidate.name == function; });
  if (info == all_functions().end() || info->parameters.size() != arguments.size()) {
    throw std::runtime_error("wrong call of " + std::string(function));
  }
  std::byte* place = guest.instance.memory().data();
  for (const std::uint64_t argument : arguments) {
    std::memcpy(place, &argument, argument_bytes);
    place += argument_bytes;
  }
  guest.begin(function);
}

Errno Machine::call(std::string_view function, const std::vector<std::uint64_t>& arguments) {
  begin(function, arguments);
  const wasm::Progress progress = guest.finish();
  EXPECT_EQ(progress, wasm::Progress::done) << function << ": " << guest.instance.failure().describe();
  return static_cast<Errno>(guest.instance.result());
}

std::string Machine::trap(std::string_view function, const std::vector<std::uint64_t>& arguments) {
  begin(function, arguments);
  const wasm::Progress progress = guest.finish();
  EXPECT_EQ(progress, wasm::Progress::failed) << function;
  return progress == wasm::Progress::failed ? guest.instance.failure().message : std::string();
}

std::uint32_t Machine::allocate(std::size_t size) {
  const std::uint32_t place = next_;
  next_ += static_cast<std::uint32_t>((size + 15) & ~std::size_t{15});
  if (next_ > guest.instance.memory().size()) throw std::runtime_error("the machine's memory is full");
  return place;
}

std::uint32_t Machine::put(std::string_view bytes) {
  const std::uint32_t place = allocate(bytes.size());
  std::copy_n(reinterpret_cast<const std::byte*>(bytes.data()), bytes.size(), guest.instance.memory().data() + place);
  return place;
}

std::string Machine::bytes(std::uint32_t pointer, std::size_t size) {
  const auto range = guest.instance.memory().subspan(pointer, size);
  return {reinterpret_cast<const char*>(range.data()), range.size()};
}

Errno Machine::open(std::uint32_t directory, std::string_view path, std::uint32_t open_flags, Rights rights,
                    std::uint32_t& fd, std::uint32_t lookup, std::uint32_t fd_flags) {
  const std::uint32_t out = allocate(4);
  const Errno error =
      call("path_open", {directory, lookup, put(path), path.size(), open_flags, rights, all_rights, fd_flags, out});
  fd = get<std::uint32_t>(out);
  return error;
}

Errno Machine::write(std::uint32_t fd, std::string_view text, std::uint32_t* written) {
  const IoVec piece{put(text), static_cast<std::uint32_t>(text.size())};
  const std::uint32_t out = allocate(4);
  const Errno error = call("fd_write", {fd, put_value(piece), 1, out});
  if (written != nullptr) *written = get<std::uint32_t>(out);
  return error;
}

Errno Machine::read(std::uint32_t fd, std::size_t size, std::string& out) {
  const IoVec piece{allocate(size), static_cast<std::uint32_t>(size)};
  const std::uint32_t got = allocate(4);
  const Errno error = call("fd_read", {fd, put_value(piece), 1, got});
  out = bytes(piece.pointer, get<std::uint32_t>(got));
  return error;
}

Errno Machine::path_call(std::string_view function, std::uint32_t directory, std::string_view path) {
  return call(function, {directory, put(path), path.size()});
}

TemporaryDirectory::TemporaryDirectory() {
  std::string name = (std::filesystem::temp_directory_path() / "wasm-grpc-wasi-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
  path_ = name;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void TemporaryDirectory::write(const std::string& name, std::string_view text) const {
  std::ofstream(path_ / name, std::ios::binary) << text;
}

std::optional<std::string> TemporaryDirectory::read(const std::string& name) const {
  std::ifstream file(path_ / name, std::ios::binary);
  if (!file) return std::nullopt;
  std::ostringstream bytes;
  bytes << file.rdbuf();
  return bytes.str();
}

}  // namespace wasm_grpc::wasi::test
