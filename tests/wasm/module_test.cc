// Engines, and modules that are compiled and linked.
#include <gtest/gtest.h>

#include "support.h"

namespace wasm_grpc::wasm::test {
namespace {

std::string error_of(std::string_view text) {
  const Engine engine = make_engine();
  const auto module = compile(engine, text);
  return module.ok() ? "" : module.error().message;
}

TEST(EngineOptions, AreCheckedBeforeAnythingIsReserved) {
  EngineOptions options;
  options.max_instances = 0;
  EXPECT_FALSE(Engine::create(options).ok());
  options.max_instances = 1'000'000;  // 4 PiB of addresses
  const auto engine = Engine::create(options);
  ASSERT_FALSE(engine.ok());
  EXPECT_NE(engine.error().message.find("1000000 instances"), std::string::npos) << engine.error().message;
}

TEST(Module, TellsWhatIsNoModule) {
  EXPECT_NE(error_of("hello").find("does not begin with"), std::string::npos);
  EXPECT_NE(error_of("").find("does not begin with"), std::string::npos);
  EXPECT_NE(error_of("(module (func (result i33)))").find("not a WebAssembly module"), std::string::npos);
  EXPECT_NE(error_of(std::string_view("\0asm\1\0\0\0\xff", 9)).find("not a module this host can run"),
            std::string::npos);
  EXPECT_NE(error_of("(module (func (result i32)))"), "");  // leaves nothing on the stack
  for (const char* text : {"hello", "(module (func (result i33)))", "(module (func (result i32)))"}) {
    EXPECT_EQ(error_of(text).find('\n'), std::string::npos) << error_of(text);
  }
}

TEST(Module, RefusesWhatTheEngineIsNotSetUpFor) {
  EXPECT_NE(error_of("(module (memory i64 1))"), "");
  EXPECT_NE(error_of("(module (memory 1) (memory 1))"), "");
  EXPECT_NE(error_of("(module (memory 65))"), "") << "more memory than an instance may have";
  EXPECT_NE(error_of("(module (table 20001 funcref))"), "") << "more table than an instance may have";
}

TEST(Module, KeepsItsCustomSectionsOfOurPrefix) {
  const Engine engine = make_engine();
  const auto module =
      expect_value(compile(engine, R"((module (@custom "wasm_grpc.a" (before memory) "one") (@custom "other" "x")
      (memory 1) (@custom "wasm_grpc.a" (after memory) " two") (@custom "wasm_grpc.b" "")))"));
  EXPECT_EQ(module->custom_section("wasm_grpc.a"), "one two");
  EXPECT_EQ(module->custom_section("wasm_grpc.b"), "");
  EXPECT_EQ(module->custom_section("other"), "");
}

TEST(CustomSections, AreReadAsFarAsTheBytesGo) {
  const auto read = [](std::string_view sections) {
    std::string bytes("\0asm\1\0\0\0", 8);
    bytes += sections;
    return read_custom_sections(std::as_bytes(std::span(bytes)), "a");
  };
  const CustomSections one = {{"a", "x"}};
  EXPECT_EQ(read(std::string_view("\0\3\1ax", 5)), one);
  EXPECT_EQ(read(std::string_view("\1\2zz\0\3\1ax", 9)), one) << "behind another section";
  EXPECT_EQ(read(std::string_view("\0\x83\x80\x80\x80\0\1ax", 9)), one) << "a length may be written at length";
  EXPECT_EQ(read(std::string_view("\0\3\1ax\0\4\1ax", 10)), one) << "cut short";
  EXPECT_EQ(read(std::string_view("\0\1\2", 3)), CustomSections()) << "a name longer than its section";
  EXPECT_EQ(read(std::string_view("\0\xff\xff\xff\xff\x1f\1ax", 9)), CustomSections()) << "more than 32 bits";
  EXPECT_EQ(read(std::string_view("\0\xff\xff\xff\xff\xff\xff\1", 8)), CustomSections());
  EXPECT_EQ(read(std::string_view("\0", 1)), CustomSections());
  EXPECT_EQ(read_custom_sections({}, ""), CustomSections());
}

TEST(Module, IsDescribedWithoutRunning) {
  const Engine engine = make_engine();
  const auto module = expect_value(compile(engine, R"((module
      (import "env" "add" (func (param i32 i64) (result i32)))
      (memory (export "memory") 2 16)
      (func (export "f") (param f32 f64))
      (global (export "g") i32 (i32.const 0))))"));
  EXPECT_EQ(module->name(), "guest");
  ASSERT_EQ(module->imports().size(), 1U);
  EXPECT_EQ(module->imports()[0].module, "env");
  EXPECT_EQ(module->imports()[0].name, "add");
  EXPECT_EQ(module->imports()[0].type, "(i32, i64) -> i32");
  ASSERT_NE(module->find_export("f"), nullptr);
  EXPECT_EQ(module->find_export("f")->type, "(f32, f64) -> ()");
  EXPECT_EQ(module->find_export("g")->kind, ExternKind::global);
  EXPECT_EQ(module->find_export("absent"), nullptr);
  ASSERT_TRUE(module->memory());
  EXPECT_EQ(module->memory()->minimum_pages, 2U);
  EXPECT_EQ(module->memory()->maximum_pages, 16U);
}

class Linking : public ::testing::Test {
 protected:
  std::string link_error(std::string_view text) {
    const auto linked = linker.link(expect_value(compile(engine, text)));
    return linked.ok() ? "" : linked.error().message;
  }
  void SetUp() override {
    ASSERT_TRUE(linker.define("env", "add", host_function([](std::int32_t a, std::int32_t b) { return a + b; })).ok());
  }
  Engine engine = make_engine();
  Linker linker{engine};
};

TEST_F(Linking, NamesAnImportThatIsNotOffered) {
  EXPECT_EQ(link_error(R"((module (import "env" "add" (func (param i32 i32) (result i32)))))"), "");
  EXPECT_NE(link_error(R"((module (import "env" "sub" (func))))").find("\"env.sub\""), std::string::npos);
  const std::string unknown = link_error(R"((module (import "other" "f" (func))))");
  EXPECT_NE(unknown.find("\"other.f\""), std::string::npos) << unknown;
  EXPECT_NE(unknown.find("it knows the import modules env"), std::string::npos) << unknown;
  EXPECT_NE(link_error(R"((module (import "env" "memory" (memory 1))))").find("memory \"env.memory\""),
            std::string::npos);
}

TEST_F(Linking, RefusesAnImportOfAnotherType) {
  const std::string error = link_error(R"((module (import "env" "add" (func (param i64)))))");
  EXPECT_NE(error.find("add"), std::string::npos) << error;
  EXPECT_EQ(error.find('\n'), std::string::npos) << error;
}

TEST_F(Linking, RefusesAFunctionThatIsDefinedTwice) {
  const auto again = linker.define("env", "add", host_function([] {}));
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.error().message.find("env.add"), std::string::npos);
}

TEST_F(Linking, GivesAModuleTheOverloadWhoseTypeItImports) {
  ASSERT_TRUE(linker.define_suspending("env", "say", host_function([] {})).ok());
  ASSERT_TRUE(linker.overload_suspending("env", "say", host_function([](std::int64_t) {})).ok());
  EXPECT_EQ(link_error(R"((module (import "env" "say" (func))))"), "");
  EXPECT_EQ(link_error(R"((module (import "env" "say" (func (param i64)))))"), "");
  EXPECT_EQ(link_error(R"((module (import "env" "say" (func (param i64))) (import "env" "say" (func (param i64)))))"),
            "");
  EXPECT_NE(link_error(R"((module (import "env" "say" (func)) (import "env" "say" (func (param i64)))))"), "");
  EXPECT_EQ(
      link_error(R"((module (import "env" "say" (func (param i32)))))"),
      "it imports the function \"env.say\" (i32) -> (); this host offers it as a function () -> () or (i64) -> ()");
  EXPECT_EQ(link_error(R"((module (import "env" "say" (func))))"), "") << "what one module was given is its own";
}

TEST_F(Linking, RefusesAnOverloadOfNothingAndOneOfTheSameType) {
  EXPECT_FALSE(linker.overload_suspending("env", "say", host_function([] {})).ok()) << "nothing is there";
  ASSERT_TRUE(linker.define_suspending("env", "say", host_function([] {})).ok());
  EXPECT_FALSE(linker.overload_suspending("env", "say", host_function([] {})).ok());
  ASSERT_TRUE(linker.overload_suspending("env", "say", host_function([](std::int32_t) {})).ok());
  EXPECT_FALSE(linker.overload_suspending("env", "say", host_function([](std::int64_t) {})).ok()) << "one more";
}

TEST_F(Linking, RefusesASuspendingFunctionThatDoesNotReturnAnI32) {
  EXPECT_FALSE(linker.define_suspending("env", "wait", host_function([] { return std::int64_t{1}; })).ok());
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
