// Modules that are too large, too deep or too many of something: each is loaded, or refused with one line.
#include <gtest/gtest.h>

#include <chrono>

#include "host.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::hostile {
namespace {

std::string repeated(std::string_view text, int times) {
  std::string out;
  out.reserve(text.size() * static_cast<std::size_t>(times));
  for (int i = 0; i < times; ++i) out += text;
  return out;
}

void expect_refused(std::string_view more, std::string_view part) {
  const std::string error =
      host().load_error(abi::module_text("(drop (call $declare (i32.const 0)))", "(i32.const 0)", more));
  EXPECT_NE(error.find(part), std::string::npos) << error;
  EXPECT_NE(error, "");
  EXPECT_LE(error.size(), 500U);
  EXPECT_TRUE(wasm::is_printable(error)) << error;
  EXPECT_TRUE(Instance(host().guest()).serves());
}

void expect_loaded(std::string_view more) {
  const auto loaded = host().load(abi::module_text("(drop (call $declare (i32.const 3)))", "(i32.const 0)", more));
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  EXPECT_TRUE(Instance(*loaded.value()).serves());
}

TEST(Sizes, ThatAreLargeButAllowedAreLoaded) {
  std::string exports;
  for (int i = 0; i < 20'000; ++i) exports += "(export \"e" + std::to_string(i) + "\" (func $note))";
  expect_loaded(exports);
  expect_loaded(repeated("(func)", 20'000));
  expect_loaded(repeated("(type (func (param i32 i64)))", 20'000));
  expect_loaded("(func (local " + repeated("i64 ", 20'000) + "))");
  expect_loaded("(func (param i32) (block (br_table " + repeated("0 ", 20'000) + "(local.get 0))))");
  expect_loaded("(table 20000 funcref)");
  expect_loaded("(func " + repeated("(block ", 500) + repeated(")", 500) + ")");
}

TEST(Sizes, BeyondTheLimitsOfTheEngineAreRefused) {
  expect_refused("(func (local " + repeated("i32 ", 50'001) + "))", "too many locals");
  expect_refused("(type (func (param " + repeated("i32 ", 1'001) + ")))", "");
  expect_refused("(type (func (result " + repeated("i32 ", 1'001) + ")))", "");
  expect_refused(repeated("(global i64 (i64.const 1))", 200'000), "");
  expect_refused(repeated("(memory 1)", 200), "");
  expect_refused("(table 20001 funcref)", "");
}

TEST(Sizes, OfImportsBeyondTheLimitAreRefused) {
  std::string text = "(module ";
  text += repeated(R"((import "wasm_grpc_1" "deadline" (func (param i32) (result i64))))", 200'000);
  const std::string error = host().load_error(text + ")");
  EXPECT_NE(error, "");
  EXPECT_LE(error.size(), 500U) << error.substr(0, 1000);
}

TEST(DataSegments, BeyondTheMemoryFailTheStart) {
  expect_refused(R"((data (i32.const 65535) "ab"))", "out of bounds");
  expect_refused(R"((data (i32.const -1) "a"))", "out of bounds");
  expect_refused("(data (i32.const 0) \"" + std::string(1 << 20, 'x') + "\")", "out of bounds");
}

TEST(DataSegments, OfAGiantMemoryThatIsHardlyUsedAreLoaded) {
  const auto loaded = host().load(R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (memory (export "memory") 2048) (data (i32.const 0) "/a.B/C") (data (i32.const 134217727) "x")
    (func (export "wasm_grpc_start")
      (drop (call $method (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 0))))
    (func (export "wasm_grpc_call") (param i32 i32) (result i32) (i32.const 0))))");
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
}

TEST(ElementSegments, BeyondTheTableFailTheStart) {
  expect_refused("(table 1 funcref) (elem (i32.const 1) $note)", "out of bounds");
  expect_refused("(table 1 funcref) (elem (i32.const -1) $note)", "out of bounds");
}

TEST(Nesting, WithoutEndInTextIsRefusedOrLoaded) {
  // The parser must not go down a level of the host's stack for each.
  for (const std::string_view open : {"(block ", "(loop ", "(if (i32.const 0) (then ", "(drop (i32.eqz "}) {
    const auto levels = 2'000;
    const auto closes = static_cast<int>(std::count(open.begin(), open.end(), '('));
    const std::string text = "(module (func " + repeated(open, levels) +
                             repeated(")", levels * (closes - (open.find("0)") != std::string_view::npos))) + "))";
    const std::string error = host().load_error(text);
    EXPECT_NE(error, "");
    EXPECT_LE(error.size(), 500U) << error.substr(0, 1000);
  }
  const std::string error = host().load_error(repeated("(", 100'000));
  EXPECT_NE(error, "");
  EXPECT_NE(host().load_error("(module " + repeated("(; ", 100'000)), "");
}

/// A module in binary form with one function of this body.
std::string binary_of(const std::string& body) {
  const auto leb = [](std::size_t value) {
    std::string out;
    do {
      const auto low = static_cast<char>(value & 0x7F);
      value >>= 7;
      out += static_cast<char>(value != 0 ? low | '\x80' : low);
    } while (value != 0);
    return out;
  };
  const auto section = [&](char id, const std::string& content) { return id + leb(content.size()) + content; };
  using namespace std::string_literals;
  const std::string function = "\0"s + body + "\x0B";
  return "\0asm\1\0\0\0"s + section(1, "\1\x60\0\0"s) + section(3, "\1\0"s) +
         section(10, "\1"s + leb(function.size()) + function);
}

TEST(Nesting, WithoutEndInBinaryIsRefusedOrLoaded) {
  for (const std::string_view open : {"\x02\x40", "\x03\x40", "\x41\1\x04\x40"}) {  // block, loop, i32.const 1 if
    const int levels = 2'000;
    const std::string error = host().load_error(binary_of(repeated(open, levels) + repeated("\x0B", levels)));
    EXPECT_NE(error, "") << "it has no exports";
    EXPECT_LE(error.size(), 500U) << error.substr(0, 1000);
  }
}

TEST(Modules, OfAnyFormButACoreModuleAreRefused) {
  using namespace std::string_literals;
  for (const std::string& bytes :
       {"\0asm\x0d\0\1\0"s, "\0asm\2\0\0\0"s, "\0asm"s, "\0asm\1\0\0\0\0"s, "(component)"s, "(module (component))"s,
        "\x7f"
        "ELF"s,
        "{}"s, "(module) (module)"s, "(module binary \"\\00asm\")"s, "(module quote \"(func\")"s}) {
    const std::string error = host().load_error(bytes);
    EXPECT_NE(error.find("not a"), std::string::npos) << bytes << ": " << error;
    EXPECT_TRUE(wasm::is_printable(error)) << error;
  }
}

}  // namespace
}  // namespace wasm_grpc::hostile
