// The text of a .proto of an edition is one that an older parser reads, line by line.
#include "editions/source.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace wasm_grpc::editions {
namespace {

TEST(Source, OfNoEditionStaysAsItIs) {
  for (const char* text :
       {"", "syntax = \"proto3\";\nmessage M {}", "message edition {}", "edition", "edition = 2023"}) {
    const Source source = read_source(text);
    EXPECT_EQ(source.text, text);
    EXPECT_FALSE(source.edition.has_value());
    EXPECT_EQ(source.error, "");
  }
}

TEST(Source, OfAnEditionIsOneOfProto3) {
  const Source source = read_source("// edition\n/* = */ edition = '2023';\npackage a;\n");
  EXPECT_EQ(source.text, "// edition\n/* = */ syntax = \"proto3\";\npackage a;\n");
  EXPECT_EQ(source.edition, Edition::of_2023);
}

TEST(Source, IsWithoutWhatOnlyEditionsHave) {
  const std::string text =
      "edition = \"2024\";\n"
      "import option\n  \"a.proto\";\n"
      "export message M {\n"
      "  reserved a, b;\n"
      "  reserved 5, 7 to max;\n"
      "  reserved \"c\";\n"
      "  string export = 1;  // export message\n"
      "  string local = 2 [default = \"local message\"];\n"
      "  local enum E { reserved X;\n NONE = 0; }\n"
      "}\n";
  const Source source = read_source(text);
  EXPECT_EQ(source.text,
            "syntax = \"proto3\";\n"
            "\n\n"
            " message M {\n"
            "  reserved \"a\", \"b\";\n"
            "  reserved 5, 7 to max;\n"
            "  reserved \"c\";\n"
            "  string export = 1;  // export message\n"
            "  string local = 2 [default = \"local message\"];\n"
            "   enum E { reserved \"X\";\n NONE = 0; }\n"
            "}\n");
  EXPECT_EQ(source.edition, Edition::of_2024);
  EXPECT_EQ(std::count(source.text.begin(), source.text.end(), '\n'), std::count(text.begin(), text.end(), '\n'));
}

TEST(Source, OfAnUnknownEditionIsRefused) {
  EXPECT_EQ(read_source("edition = \"2099\";").error, "the edition \"2099\" is not known; 2023 and 2024 are");
}

TEST(Source, MayEndAnywhere) {
  const std::string text =
      "edition = \"2024\"; import option \"a\"; export message M { reserved a, b; /* \" */ string s = 1; }";
  for (std::size_t size = 0; size <= text.size(); ++size) (void)read_source(text.substr(0, size));
}

}  // namespace
}  // namespace wasm_grpc::editions
