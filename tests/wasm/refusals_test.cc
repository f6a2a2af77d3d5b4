// What is said of files and modules that cannot be served: what is wrong, and what to do.
#include <gtest/gtest.h>

#include "support.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::wasm::test {
namespace {

using namespace std::string_literals;

std::string compile_error(std::string_view bytes) {
  static const Engine engine = make_engine();
  const auto module = compile(engine, bytes);
  const std::string error = module.ok() ? "" : module.error().message;
  EXPECT_TRUE(is_printable(error)) << error;
  EXPECT_LE(error.size(), 500U) << error;
  return error;
}

void expect_words(const std::string& error, const std::vector<std::string_view>& words) {
  for (const std::string_view word : words) EXPECT_NE(error.find(word), std::string::npos) << word << " in: " << error;
}

TEST(Files, ThatAreComponentsAreTold) {
  for (const std::string& bytes :
       {"\0asm\x0d\0\1\0"s, "\0asm\x0d\0\1\0\0\0"s, "(component)"s, "\n (component (core module))"s}) {
    expect_words(compile_error(bytes), {"it is a component", "core modules", "wasm32-wasip1", "unbundle"});
  }
}

TEST(Files, OfOtherKindsAreToldWithWhatToDo) {
  const std::pair<std::string, std::vector<std::string_view>> files[] = {
      {"\x7f"
       "ELF\2\1\1\0"s,
       {"native", "ELF", "wasm32-wasip1"}},
      {"\xcf\xfa\xed\xfe\7\0\0\1"s, {"native", "Mach-O"}},
      {"MZ\x90\0"s, {"native", "PE"}},
      {"!<arch>\nlib.o"s, {"library", "link it", "reactor"}},
      {"BC\xc0\xde"s, {"LLVM bitcode", "link it"}},
      {"\x1f\x8b\x08\0"s, {"compressed by gzip", "gunzip"}},
      {"\x28\xb5\x2f\xfd\0"s, {"compressed by zstd", "unzstd"}},
      {"\xfd"
       "7zXZ\0\0"s,
       {"compressed by xz", "unxz"}},
      {"PK\3\4"s, {"zip archive", "unpack"}},
      {"version https://git-lfs.github.com/spec/v1\n"s, {"Git LFS", "git lfs pull"}},
      {"<!DOCTYPE html>"s, {"HTML", "fetch"}},
      {"{\"message\": \"not found\"}"s, {"JSON", "fetch"}},
      {"#!/bin/sh\n"s, {"a script", ".wasm"}},
      {"var Module = {}"s, {"JavaScript", ".wasm"}},
      {""s, {"the file is empty", "does not begin with \"\\0asm\""}},
      {"hello"s, {"does not begin with \"\\0asm\"", "\"(module\""}},
      {"\0as"s, {"does not begin with"}},
  };
  for (const auto& [bytes, words] : files) expect_words(compile_error(bytes), words);
}

TEST(Features, OfToolchainsOfTodayAreThere) {
  for (const std::string_view body : {
           "(memory 1) (func (memory.fill (i32.const 0) (i32.const 0) (i32.const 9)))",  // bulk memory
           "(memory 1) (data $d \"x\") (func (memory.init $d (i32.const 0) (i32.const 0) (i32.const 1)))",
           "(table 1 funcref) (func (table.set (i32.const 0) (ref.null func)))",              // reference types
           "(func (result i32 i64) (i32.const 1) (i64.const 2))",                             // multi-value
           "(func (param i32) (result i32) (i32.extend8_s (local.get 0)))",                   // sign extension
           "(func (param f32) (result i32) (i32.trunc_sat_f32_s (local.get 0)))",             // nontrapping conversion
           "(global (export \"g\") (mut i32) (i32.const 0))",                                 // mutable globals
           "(global i32 (i32.const 1)) (global i32 (i32.add (global.get 0) (i32.const 2)))",  // extended constants
           "(func (return_call 0))",                                                          // tail calls
           "(func (result v128) (i8x16.splat (i32.const 1)))",                                // SIMD
           "(func (param v128 v128) (result v128) (i8x16.relaxed_swizzle (local.get 0) (local.get 1)))",
           "(type $f (func)) (func (param (ref null $f)) (call_ref $f (local.get 0)))",  // typed references
       }) {
    EXPECT_EQ(compile_error("(module " + std::string(body) + ")"), "") << body;
  }
}

TEST(Features, ThatAreNotThereAreNamedWithWhatTurnsThemOff) {
  const std::pair<std::string_view, std::vector<std::string_view>> modules[] = {
      {"(memory 1 2 shared)", {"threads", "-pthread", "wasm32-wasip1-threads"}},
      {"(memory 1) (func (drop (i32.atomic.load (i32.const 0))))", {"threads", "-matomics"}},
      {"(memory i64 1)", {"64-bit memory", "wasm32"}},
      {"(table i64 1 funcref)", {"64-bit memory"}},
      {"(memory 1) (memory 1)", {"one memory", "wasm-merge"}},
      {"(table 1 funcref) (table 1 funcref)", {"one table", "wasm-merge"}},
      {"(tag) (func (throw 0))", {"exceptions", "-fno-exceptions", "panic=abort"}},
      {"(func (param exnref))", {"exceptions", "-fno-exceptions"}},
      {"(func (param externref))", {"externref", "--reference-types"}},
      {"(table 1 externref)", {"externref"}},
      {"(type (struct (field i32)))", {"garbage collection"}},
      {"(func (result i31ref) (ref.i31 (i32.const 1)))", {"garbage collection"}},
      {"(func (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))",
       {"wide arithmetic", "-mno-wide-arithmetic"}},
      {"(memory 1 (pagesize 1))", {"pages of another size", "--page-size"}},
      {"(type $f (func)) (type (cont $f))", {"stack switching"}},
      {"(memory 65)", {"memory", "--max-memory"}},
      {"(table 20001 funcref)", {"table", "--max-table-elements"}},
  };
  for (const auto& [body, words] : modules) {
    const std::string error = compile_error("(module " + std::string(body) + ")");
    expect_words(error, {"not a module this host can run"});
    expect_words(error, words);
  }
  // A function with `try`, of the exceptions of before 2023, which the text format no longer has.
  expect_words(compile_error("\0asm\1\0\0\0\1\4\1\x60\0\0\3\2\1\0\xa\7\1\5\0\6\x40\xb\xb"s),
               {"exceptions", "-fno-exceptions"});
}

class Imports : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto nothing = host_function([](std::int32_t) {});
    for (const std::string_view name : {"recv", "send", "metadata_get", "metadata_list", "log"}) {
      ASSERT_TRUE(linker.define("calls_1", name, nothing).ok());
    }
    linker.make_optional("store_1", "store_1_optional", 0);
    for (const std::string_view name : {"get", "set", "log"}) ASSERT_TRUE(linker.define("store_1", name, nothing).ok());
  }
  std::string error_of(std::string_view module, std::string_view name, std::string_view what = "(func)") {
    const std::string text =
        "(module (import \"" + std::string(module) + "\" \"" + std::string(name) + "\" " + std::string(what) + "))";
    const auto compiled = compile(engine, text);
    if (!compiled.ok()) return compiled.error().message;
    const auto linked = linker.link(compiled.value());
    const std::string error = linked.ok() ? "" : linked.error().message;
    EXPECT_TRUE(is_printable(error)) << error;
    EXPECT_LE(error.size(), 500U) << error;
    return error;
  }
  Engine engine = make_engine();
  Linker linker{engine};
};

TEST_F(Imports, WithASlipOfThePenAreToldWhatMayBeMeant) {
  expect_words(error_of("calls_1", "recvv"), {R"("calls_1.recvv", which)", R"(; did you mean "calls_1.recv"?)"});
  expect_words(error_of("calls_1", "rcev"), {R"(did you mean "calls_1.recv"?)"});
  expect_words(error_of("calls_1", "metadata_lst"), {R"(did you mean "calls_1.metadata_list"?)"});
  expect_words(error_of("calls1", "send"), {R"(did you mean "calls_1.send"?)"});
  expect_words(error_of("calls_2", "send"), {R"(did you mean "calls_1.send"?)"});
  expect_words(error_of("env", "recv"), {R"(did you mean "calls_1.recv"?)"});
  expect_words(error_of("calls_1", "get"), {R"(did you mean "store_1.get"?)"});
  expect_words(error_of("store_1", "logs"), {R"(did you mean "store_1.log"?)"});
}

TEST_F(Imports, ThatAreLikeNothingAreNotGuessedAt) {
  expect_words(error_of("moon", "launch"),
               {"which this host does not offer (it knows the import modules calls_1, store_1)"});
  for (const std::string& name : {"launch"s, ""s, "r"s, std::string(90'000, 'r')}) {
    EXPECT_EQ(error_of("calls_1", name).find("did you mean"), std::string::npos) << name.substr(0, 100);
  }
  expect_words(error_of("store_1", "remove"), {"; a newer one may"});
}

TEST_F(Imports, WithAnotherTypeThanOfferedAreToldBoth) {
  EXPECT_EQ(
      error_of("calls_1", "recv", "(func (param i64 v128) (result f32))"),
      "it imports the function \"calls_1.recv\" (i64, v128) -> f32; this host offers it as a function (i32) -> ()");
  EXPECT_EQ(error_of("calls_1", "recv", "(global (mut i32))"),
            "it imports the global \"calls_1.recv\" mut i32; this host offers it as a function (i32) -> ()");
  EXPECT_EQ(error_of("calls_1", "recv", "(memory 1)"),
            "it imports the memory \"calls_1.recv\"; this host offers it as a function (i32) -> ()");
  std::string many;
  for (int i = 0; i < 999; ++i) many += "i64 ";
  expect_words(error_of("calls_1", "recv", "(func (param " + many + "))"), {"...; this host offers it"});
}

TEST_F(Imports, OfToolchainsForOtherHostsAreToldHowToBuild) {
  const std::tuple<std::string_view, std::string_view, std::string_view, std::string_view> imports[] = {
      {"wbg", "__wbg_log_1d3ae0273d8f4f8a", "(func)", "without wasm-bindgen"},
      {"__wbindgen_placeholder__", "__wbindgen_describe", "(func (param i32))", "without wasm-bindgen"},
      {"./greeter_bg.js", "__wbindgen_throw", "(func)", "without wasm-bindgen"},
      {"gojs", "runtime.wasmExit", "(func (param i32))", "GOOS=wasip1"},
      {"wasi_unstable", "fd_write", "(func)", "wasi_snapshot_preview1"},
      {"wasi_snapshot_preview2", "x", "(func)", "wasm32-wasip1 instead"},
      {"wasi:io/poll@0.2.0", "poll", "(func)", "wasm32-wasip1 instead"},
      {"wasi", "thread-spawn", "(func (param i32) (result i32))", "wasm32-wasip1 instead of wasm32-wasip1-threads"},
      {"wasix_32v1", "thread_spawn", "(func)", "plain WASI"},
      {"wasm:js-string", "length", "(func)", "JavaScript"},
      {"a", "b", "(func (param i32))", "-sSTANDALONE_WASM"},
      {"env", "emscripten_resize_heap", "(func (param i32) (result i32))", "-sSTANDALONE_WASM"},
      {"env", "_abort_js", "(func)", "-sSTANDALONE_WASM"},
      {"env", "__cxa_throw", "(func (param i32 i32 i32))", "-fno-exceptions"},
      {"env", "memory", "(memory 1)", "--import-memory"},
      {"env", "__indirect_function_table", "(table 1 funcref)", "--import-table"},
      {"env", "__linear_memory", "(memory 1)", "object file"},
      {"env", "__memory_base", "(global i32)", "-shared"},
      {"GOT.mem", "errno", "(global (mut i32))", "-shared"},
      {"env", "Math.sin", "(func (param f64) (result f64))", "AssemblyScript"},
      {"env", "sqlite3_open", "(func (param i32 i32) (result i32))", "--allow-undefined"},
  };
  for (const auto& [module, name, what, words] : imports) {
    expect_words(error_of(module, name, what),
                 {"\"" + std::string(module) + "." + std::string(name) + "\", which", words});
  }
  EXPECT_EQ(error_of("env", "stack", "(global i32)").find("--allow-undefined"), std::string::npos);
}

TEST_F(Imports, OfFunctionsThatMayBeReplacedAreThoseOfTheLastOne) {
  HostModule ours("env");
  ours.function("abort", [](std::int32_t) -> std::int32_t { return 1; });
  ASSERT_TRUE(linker.define_replaceable(std::move(ours)).ok());
  EXPECT_EQ(error_of("env", "abort", "(func (param i32) (result i32))"), "");
  const auto theirs = host_function([](std::int64_t) {});
  ASSERT_TRUE(linker.define("env", "abort", theirs).ok());
  EXPECT_EQ(error_of("env", "abort", "(func (param i64))"), "");
  EXPECT_NE(error_of("env", "abort", "(func (param i32) (result i32))"), "");
  EXPECT_FALSE(linker.define("env", "abort", theirs).ok()) << "once";
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
