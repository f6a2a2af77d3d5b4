// Types that a module chooses: whatever they are, they are told or refused, and the host goes on.
#include "wasm/types.h"

#include <gtest/gtest.h>

#include "support.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::wasm::test {
namespace {

constexpr std::int32_t answer = -7;

/// Every value type that the text format knows. `$t` is a function type, `$s` a structure.
constexpr std::string_view value_types[] = {
    "i32",           "i64",          "f32",           "f64",           "v128",         "funcref",
    "externref",     "(ref func)",   "(ref extern)",  "(ref null $t)", "(ref $t)",     "anyref",
    "eqref",         "i31ref",       "structref",     "arrayref",      "nullref",      "nullfuncref",
    "nullexternref", "exnref",       "nullexnref",    "contref",       "(ref any)",    "(ref eq)",
    "(ref i31)",     "(ref struct)", "(ref array)",   "(ref none)",    "(ref nofunc)", "(ref noextern)",
    "(ref exn)",     "(ref noexn)",  "(ref null $s)", "(ref $s)",      "(ref cont)",
};

/// Types of functions made of them: as a parameter, a result, beside others, and all of these at once.
std::vector<std::string> function_types(std::string_view value) {
  const std::string type(value);
  return {"(param " + type + ")",
          "(result " + type + ")",
          "(param " + type + " i32 " + type + ") (result i32)",
          "(result i32 " + type + ")",
          "(result " + type + " " + type + ")",
          "(param " + type + ") (result i64)"};
}

/// `body` with the types that the value types name; those that the engine does not have are in none of most modules.
std::string with_types(std::string_view value, const std::string& body) {
  std::string types = "(type $t (func (param v128) (result funcref)))";
  if (value.find("$s") != std::string_view::npos) types += "(type $s (struct (field i32)))";
  return "(module " + types + body + ")";
}

class AnyType : public ::testing::TestWithParam<std::string_view> {
 protected:
  void SetUp() override {
    linker.make_optional("known", "known_optional", answer);
    ASSERT_TRUE(
        linker.define("known", "add", host_function([](std::int32_t a, std::int32_t b) { return a + b; })).ok());
  }
  /// Compiles and links; the error is one printable line.
  std::string error_of(const std::string& body) {
    SCOPED_TRACE(body);
    auto module = compile(engine, with_types(GetParam(), body));
    std::string error;
    if (!module.ok()) {
      error = module.error().message;
    } else if (const auto linked = linker.link(module.value()); !linked.ok()) {
      error = linked.error().message;
    }
    EXPECT_TRUE(is_printable(error)) << error;
    return error;
  }
  /// Whether the engine has the type at all.
  bool exists() {
    return compile(engine, with_types(GetParam(), "(func (param " + std::string(GetParam()) + "))")).ok();
  }

  Engine engine = make_engine();
  Linker linker{engine};
};

TEST_P(AnyType, InAnImportThatIsNotOfferedIsRefused) {
  for (const std::string& type : function_types(GetParam())) {
    EXPECT_NE(error_of("(import \"other\" \"f\" (func " + type + "))"), "");
    EXPECT_NE(error_of("(import \"known\" \"f\" (func " + type + "))"), "");
  }
  const std::string value(GetParam());
  for (const std::string& import : {"(global " + value + ")", "(global (mut " + value + "))", "(table 1 " + value + ")",
                                    "(tag (param " + value + "))", std::string("(memory 1)")}) {
    for (const std::string_view module : {"other", "known", "known_optional"}) {
      EXPECT_NE(error_of("(import \"" + std::string(module) + "\" \"f\" " + import + ")"), "");
    }
  }
}

TEST_P(AnyType, InAnOptionalImportIsAnsweredByAnIntegerOrRefused) {
  for (const std::string& type : function_types(GetParam())) {
    const std::string error = error_of("(import \"known_optional\" \"later\" (func " + type + "))");
    const bool one_integer = type.ends_with("(result i32)") || type.ends_with("(result i64)");
    if (exists() && one_integer) {
      EXPECT_EQ(error, "") << type;
    } else {
      EXPECT_NE(error, "") << type;
      EXPECT_EQ(error.find("one result, an i32 or i64") != std::string::npos, exists()) << error;
    }
  }
}

TEST_P(AnyType, InAnImportOfAFunctionThatIsOfferedIsToldBesideTheRightOne) {
  for (const std::string& type : function_types(GetParam())) {
    for (const std::string_view module : {"known", "known_optional"}) {
      const std::string error = error_of("(import \"" + std::string(module) + "\" \"add\" (func " + type + "))");
      EXPECT_NE(error, "") << type;
      EXPECT_EQ(error.find("offers it as a function (i32, i32) -> i32") != std::string::npos, exists()) << error;
    }
  }
}

TEST_P(AnyType, InAnExportIsTold) {
  const std::string value(GetParam());
  for (const std::string& type : function_types(value)) {
    EXPECT_EQ(error_of("(func (export \"f\") " + type + " (unreachable))") == "", exists()) << type;
  }
  for (const std::string& body :
       {"(global (export \"g\") " + value + " (unreachable))", "(table (export \"t\") 1 " + value + ")",
        "(tag (export \"e\") (param " + value + "))",
        "(import \"known_optional\" \"f\" (func (export \"f\") (param " + value + ") (result i32)))"}) {
    static_cast<void>(error_of(body));
  }
}

INSTANTIATE_TEST_SUITE_P(Types, AnyType, ::testing::ValuesIn(value_types), [](const auto& tested) {
  std::string name;
  for (const char letter : tested.param) name += std::isalnum(static_cast<unsigned char>(letter)) != 0 ? letter : '_';
  return name;
});

TEST(TypeText, NamesTheTypesOfAllKinds) {
  const Engine engine = make_engine();
  const auto module = expect_value(compile(engine, R"((module (type $t (func))
      (import "m" "f" (func (param v128 funcref (ref func) (ref null $t)) (result i32 f64)))
      (import "m" "g" (global (mut v128)))
      (import "m" "h" (global f32))
      (table (export "t") 1 funcref)
      (func (export "none"))))"));
  EXPECT_EQ(module->imports()[0].type, "(v128, funcref, (ref func), ref) -> (i32, f64)");
  EXPECT_EQ(module->imports()[1].type, "mut v128");
  EXPECT_EQ(module->imports()[2].type, "f32");
  EXPECT_EQ(module->find_export("t")->type, "funcref");
  EXPECT_EQ(module->find_export("none")->type, "() -> ()");
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
