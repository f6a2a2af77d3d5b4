#include "imports.h"

#include <stdexcept>

namespace wasm_grpc::hostile {

namespace {

constexpr Parameter number(std::uint64_t usual = 0) { return {Role::number, 0, usual}; }
constexpr Parameter wide(std::uint64_t usual = 0) { return {Role::wide, 0, usual}; }
constexpr Parameter call() { return {Role::call, 0, this_call}; }
constexpr Parameter file() { return {Role::file, 0, 4}; }
constexpr Parameter standard_output() { return {Role::stdio, 0, 1}; }
constexpr Parameter folder() { return {Role::folder, 0, 3}; }
constexpr Parameter place(std::uint32_t size) { return {Role::place, size, layout::scratch}; }
constexpr Parameter array(std::uint32_t size) { return {Role::array, size, layout::scratch}; }
constexpr Parameter skipped(std::uint32_t size) { return {Role::skipped, size, layout::scratch}; }
constexpr Parameter count() { return {Role::count, 0, 1}; }

using Parameters = std::vector<Parameter>;

Parameters operator+(Parameters left, const Parameters& right) {
  left.insert(left.end(), right.begin(), right.end());
  return left;
}

Parameters bytes(std::uint32_t pointer = layout::scratch, std::uint32_t length = 64) {
  return {{Role::bytes, 0, pointer}, {Role::length, 0, length}};
}
Parameters path() { return bytes(layout::name, layout::name_size); }
Parameters key() { return path(); }

// The rights to read.
constexpr std::uint64_t reading = (1U << 1) | (1U << 2) | (1U << 5) | (1U << 14) | (1U << 21);

std::vector<Import> abi_imports() {
  const auto of = [](std::string_view name, Parameters parameters, std::string_view result = "i32") {
    return Import{abi_module, name, std::move(parameters), result};
  };
  return {
      of("method", bytes(layout::path, layout::path_size) + Parameters{number(3), number(0), number(0)}),
      of("placement", Parameters{number(0)} + bytes(layout::path, 0)),
      of("descriptors", bytes()),
      of("health_set", path() + Parameters{number(1)}),
      of("recv", Parameters{call()} + bytes()),
      of("send", Parameters{call()} + bytes()),
      of("wait", {call(), number(1), wide(0)}),
      of("wait_any", {array(12), count(), wide(0)}),
      of("wait_fd", {call(), number(1)}),
      of("finish", Parameters{call(), number(0)} + bytes()),
      of("metadata_get", Parameters{call()} + key() + Parameters{number(0)} + bytes()),
      of("metadata_list", Parameters{call()} + bytes()),
      of("metadata_add", Parameters{call(), number(0)} + key() + path()),
      of("timer", {call(), wide(0)}),
      of("headers_send", {call()}),
      of("http_status", {call(), number(200)}),
      of("compress", {call(), number(1)}),
      of("info", Parameters{call(), number(0)} + bytes()),
      of("deadline", {call()}, "i64"),
      of("log", Parameters{number(2)} + bytes(layout::path, layout::path_size), ""),
      of("log_call",
         Parameters{call(), number(2)} + bytes(layout::path, layout::path_size) + bytes(layout::scratch, 0)),
      of("alarm", {wide(0)}),
      of("ending", {number(1)}),
  };
}

// In this host there is nobody to be called: what a call that was made may be given, tests/abi/client_test.cc has.
std::vector<Import> client_imports() {
  const auto of = [](std::string_view name, Parameters parameters) {
    return Import{client_module, name, std::move(parameters), "i32"};
  };
  return {
      of("require", bytes(layout::name, 0)),  // no target: a module that requires one is not loaded without it
      of("open", path() + bytes(layout::path, layout::path_size) +
                     Parameters{number(0), wide(~std::uint64_t{0}), number(0)} + bytes(layout::scratch, 0)),
      of("send", Parameters{call()} + bytes() + Parameters{number(1)}),
      of("half_close", {call()}),
      of("recv", Parameters{call()} + bytes()),
      of("metadata_get", Parameters{call(), number(0)} + key() + Parameters{number(0)} + bytes()),
      of("metadata_list", Parameters{call(), number(0)} + bytes()),
      of("status", {call()}),
      of("info", Parameters{call(), number(0)} + bytes()),
      of("cancel", {call()}),
      of("close", {call()}),
      of("wait_any", {array(12), count(), wide(0)}),
      of("wait_fd", {call(), number(1)}),
  };
}

// But those that take a counter's number.
std::vector<Import> host_module_imports() {
  return {
      {atomics_module, "counter", key(), "i32"},
      {kv_module, "get", key() + bytes() + Parameters{place(8)}, "i32"},
      {kv_module, "set", key() + bytes() + Parameters{wide(~std::uint64_t{0}), wide(~std::uint64_t{0})}, "i64"},
      {kv_module, "remove", key() + Parameters{wide(~std::uint64_t{0})}, "i32"},
      {kv_module, "list", key() + bytes(layout::scratch, 0) + Parameters{number(10)} + bytes(), "i32"},
      {kv_module, "get_many", bytes(layout::scratch, 0) + bytes(), "i32"},
      {kv_module, "change_each", bytes(layout::scratch, 0) + bytes(), "i32"},
      {kv_module, "change_all", bytes(layout::scratch, 0) + bytes(), "i32"},
      {kv_module, "swap",
       key() + path() + Parameters{wide(~std::uint64_t{0}), wide(~std::uint64_t{0})} + bytes() + Parameters{place(16)},
       "i64"},
      {kv_module, "begin", Parameters{number(0)} + key(), "i32"},
      {kv_module, "take", Parameters{number(1)} + bytes(), "i32"},
      {kv_module, "close", {number(1)}, "i32"},
      {trace_module, "span_begin", Parameters{call(), number(0)} + key(), "i32"},
      {trace_module, "span_attribute", Parameters{call(), number(0)} + key() + path(), "i32"},
      {trace_module, "span_end", {call(), number(0), number(0)}, "i32"},
  };
}

std::vector<Import> wasi_imports() {
  const auto of = [](std::string_view name, Parameters parameters, std::string_view result = "i32") {
    return Import{wasi_module, name, std::move(parameters), result};
  };
  return {
      // One argument, "guest", and one variable, "K=v": 6 and 4 bytes with their ends.
      of("args_get", {place(4), place(6)}),
      of("args_sizes_get", {place(4), place(4)}),
      of("environ_get", {place(4), place(4)}),
      of("environ_sizes_get", {place(4), place(4)}),
      of("clock_res_get", {number(1), place(8)}),
      of("clock_time_get", {number(1), wide(1), place(8)}),
      of("fd_advise", {file(), wide(0), wide(1), number(0)}),
      of("fd_allocate", {file(), wide(0), wide(1)}),
      of("fd_close", {file()}),
      of("fd_datasync", {file()}),
      of("fd_fdstat_get", {standard_output(), place(24)}),
      of("fd_fdstat_set_flags", {standard_output(), number(0)}),
      of("fd_fdstat_set_rights", {file(), wide(0), wide(0)}),
      of("fd_filestat_get", {file(), place(64)}),
      of("fd_filestat_set_size", {file(), wide(0)}),
      of("fd_filestat_set_times", {file(), wide(0), wide(0), number(0)}),
      of("fd_pread", {file(), array(8), count(), wide(0), place(4)}),
      of("fd_prestat_dir_name", Parameters{folder()} + bytes()),
      of("fd_prestat_get", {folder(), place(8)}),
      of("fd_pwrite", {file(), array(8), count(), wide(0), place(4)}),
      of("fd_read", {file(), array(8), count(), place(4)}),
      of("fd_readdir", Parameters{folder()} + bytes() + Parameters{wide(0), place(4)}),
      of("fd_renumber", {standard_output(), standard_output()}),
      of("fd_seek", {file(), wide(0), number(1), place(8)}),
      of("fd_sync", {file()}),
      of("fd_tell", {file(), place(8)}),
      of("fd_write", {standard_output(), array(8), count(), place(4)}),
      of("path_create_directory", Parameters{folder()} + path()),
      of("path_filestat_get", Parameters{folder(), number(1)} + path() + Parameters{place(64)}),
      of("path_filestat_set_times", Parameters{folder(), number(1)} + path() + Parameters{wide(0), wide(0), number(0)}),
      of("path_link", Parameters{folder(), number(0)} + path() + Parameters{folder()} + path()),
      of("path_open",
         Parameters{folder(), number(1)} + path() + Parameters{number(0), wide(reading), wide(0), number(0), place(4)}),
      of("path_readlink", Parameters{folder()} + path() + bytes() + Parameters{place(4)}),
      of("path_remove_directory", Parameters{folder()} + path()),
      of("path_rename", Parameters{folder()} + path() + Parameters{folder()} + path()),
      of("path_symlink", path() + Parameters{folder()} + path()),
      of("path_unlink_file", Parameters{folder()} + path()),
      of("poll_oneoff", {array(48), array(32), count(), place(4)}),
      of("proc_exit", {number(3)}, ""),
      of("proc_raise", {number(9)}),
      of("random_get", bytes()),
      of("sched_yield", {}),
      of("sock_accept", {standard_output(), number(0), place(4)}),
      of("sock_recv", {standard_output(), skipped(8), count(), number(0), place(4), place(2)}),
      of("sock_send", {standard_output(), skipped(8), count(), number(0), place(4)}),
      of("sock_shutdown", {standard_output(), number(0)}),
  };
}

}  // namespace

const std::vector<Import>& imports() {
  static const std::vector<Import> all = [] {
    std::vector<Import> out = abi_imports();
    for (Import& import : client_imports()) out.push_back(std::move(import));
    for (Import& import : host_module_imports()) out.push_back(std::move(import));
    for (Import& import : wasi_imports()) out.push_back(std::move(import));
    return out;
  }();
  return all;
}

std::size_t import_index(std::string_view name) {
  for (std::size_t i = 0; i < imports().size(); ++i) {
    if (imports()[i].name == name) return i;
  }
  throw std::runtime_error("no import " + std::string(name));
}

std::string guest_text(const Parts& parts) {
  const auto at = [](std::uint32_t place) { return "(i32.const " + std::to_string(place) + ")"; };
  std::string declarations;
  std::string functions;
  std::string table;
  for (std::size_t i = 0; i < imports().size(); ++i) {
    const Import& import = imports()[i];
    const std::string number = std::to_string(i);
    std::string loads;
    declarations += "(import \"" + std::string(import.module) + "\" \"" + std::string(import.name) + "\" (func $i" +
                    number + " (param";
    for (std::size_t p = 0; p < import.parameters.size(); ++p) {
      const std::string_view type = import.parameters[p].role == Role::wide ? "i64" : "i32";
      declarations += " " + std::string(type);
      loads += " (" + std::string(type) + ".load " + at(layout::arguments + static_cast<std::uint32_t>(p) * 8) + ")";
    }
    declarations += ")";
    if (!import.result.empty()) declarations += " (result " + std::string(import.result) + ")";
    declarations += "))\n";
    const std::string called = "(call $i" + number + loads + ")";
    functions += "(func $import_" + number + " ";
    if (import.result.empty()) {
      functions += called;
    } else {
      functions += "(" + std::string(import.result) + ".store " + at(layout::result) + " " + called + ")";
    }
    functions += ")\n";
    table += " $import_" + number;
  }
  return "(module\n" + declarations + std::string(parts.imports) + R"(
    (type $action (func))
    (memory (export "memory") 2 8)
    (data (i32.const 256) "/test.Service/Method")
    (data (i32.const 320) "file")
    (table funcref (elem)" +
         table + "))\n" + functions + R"(
    (func $perform (param $import i32) (call_indirect (type $action) (local.get $import)))
    (func $perform_if (param $import i32)
      (if (local.get $import) (then (call $perform (i32.sub (local.get $import) (i32.const 1))))))
    ;; Goes down without end; calls the import at each step from some depth on.
    (func $recurse (param $import i32) (param $depth i32)
      (i32.store (i32.const 120) (local.get $depth))
      (if (i32.ge_u (local.get $depth) (i32.load (i32.const 116))) (then (call $perform (local.get $import))))
      (call $recurse (local.get $import) (i32.add (local.get $depth) (i32.const 1)))
      ;; Keeps the call above from being the last thing.
      (i32.store (i32.const 120) (i32.load (i32.const 120))))
    (func (export "_initialize") (call $perform_if (i32.load (i32.const 108))))
    (func (export "wasm_grpc_start")
      (drop (call $i0 (i32.const 256) (i32.const 20) (i32.const 3) (i32.const 0) (i32.const 0)))
      (call $perform_if (i32.load (i32.const 104))))" +
         std::string(parts.on_start) + R"()
    (func (export "wasm_grpc_call") (param $call i32) (param $tag i32) (result i32)
      (i32.store (i32.const 124) (local.get $call)))" +
         std::string(parts.on_call) + R"(
      (if (i32.eq (local.get $tag) (i32.const 1000000)) (then (return (i32.const 0))))
      (if (i64.eq (i64.load (i32.const 0)) (i64.const 0x7777777777777777))
        (then (i64.store (i32.const 0) (i64.extend_i32_u (local.get $call)))))
      (if (i32.ge_u (local.get $tag) (i32.const 2000000))
        (then (call $recurse (i32.sub (local.get $tag) (i32.const 2000000)) (i32.const 0))))
      (drop (memory.grow (i32.load (i32.const 112))))
      (call $perform (local.get $tag))
      (i32.const 0))
    )" + std::string(parts.definitions) +
         ")";
}

std::vector<std::uint64_t> usual_arguments(const Import& import) {
  std::vector<std::uint64_t> out;
  for (const Parameter& parameter : import.parameters) out.push_back(parameter.usual);
  return out;
}

std::vector<Range> ranges(const Import& import, std::span<const std::uint64_t> arguments) {
  std::vector<Range> out;
  const auto low = [&](std::size_t i) { return static_cast<std::uint32_t>(arguments[i]); };
  for (std::size_t i = 0; i < import.parameters.size(); ++i) {
    const Parameter& parameter = import.parameters[i];
    switch (parameter.role) {
      case Role::bytes:
        out.push_back({low(i), low(i + 1), true});
        break;
      case Role::place:
        out.push_back({low(i), parameter.size, true});
        break;
      case Role::array:
      case Role::skipped: {
        std::size_t count = i;
        while (import.parameters[count].role != Role::count) ++count;
        out.push_back({low(i), std::uint64_t{low(count)} * parameter.size, false});
        break;
      }
      default:
        break;
    }
  }
  return out;
}

}  // namespace wasm_grpc::hostile
