// What is found by which name when several modules describe themselves.

#include "services/catalog.h"

#include "services/files.h"

namespace wasm_grpc::services {
namespace {

/// A service PACKAGE.Service in the file PACKAGE.proto, which imports "common.proto" with the message common.Message
/// that has a field of this name.
std::shared_ptr<const DescribedFiles> files_with_common(const std::string& package, const std::string& field) {
  return files_of("file { name: 'common.proto' package: 'common' message_type { name: 'Message' field { name: '" +
                  field + "' number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 } } } file { name: '" + package +
                  ".proto' package: '" + package +
                  "' dependency: 'common.proto' service { name: 'Service' method { name: 'Do' input_type: "
                  "'.common.Message' output_type: '.common.Message' } } }");
}

/// The first field of common.Message as what was found has it.
std::string field_of_common(const std::optional<Catalog::Found>& found) {
  if (!found) return "nothing was found";
  return found->files->pool().FindMessageTypeByName("common.Message")->field(0)->name();
}

TEST(Catalog, ListsAllServicesInOrder) {
  Catalog catalog;
  EXPECT_TRUE(catalog.add("one", {"b.Service", "b.Service"}, nullptr).empty());
  EXPECT_TRUE(catalog.add("two", {"a.Service"}, files_with_common("a", "x")).empty());
  EXPECT_EQ(catalog.services(), (std::vector<std::string>{"a.Service", "b.Service"}));
}

TEST(Catalog, FindsFilesByWhatIsInThem) {
  Catalog catalog;
  (void)catalog.add("one", {"a.Service"}, files_with_common("a", "x"));
  for (const char* symbol : {"a.Service", "a.Service.Do"}) {
    const auto found = catalog.file_of_symbol(symbol);
    ASSERT_TRUE(found) << symbol;
    EXPECT_EQ(found->file->name(), "a.proto");
  }
  for (const char* symbol : {"common.Message", "common.Message.x"}) {
    const auto found = catalog.file_of_symbol(symbol);
    ASSERT_TRUE(found) << symbol;
    EXPECT_EQ(found->file->name(), "common.proto");
  }
  for (const char* symbol : {"", ".", "a", "a.", "a.Other", "a.Service.Other", "no.Such"}) {
    const auto found = catalog.file_of_symbol(symbol);
    EXPECT_TRUE(!found || std::string(symbol) == "a") << symbol;  // a package is a symbol too
  }
  EXPECT_TRUE(catalog.file("a.proto"));
  EXPECT_FALSE(catalog.file("b.proto"));
}

TEST(Catalog, ModulesThatSayTheSameAreNoConflict) {
  Catalog catalog;
  (void)catalog.add("one", {"a.Service"}, files_with_common("a", "x"));
  EXPECT_TRUE(catalog.add("two", {"b.Service"}, files_with_common("b", "x")).empty());
}

TEST(Catalog, ModulesThatDisagreeAreEachDescribedAsTheyMeanIt) {
  Catalog catalog;
  (void)catalog.add("one", {"a.Service"}, files_with_common("a", "x"));
  const auto warnings = catalog.add("two", {"b.Service"}, files_with_common("b", "y"));
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_EQ(
      warnings[0],
      "the modules one and two have different files \"common.proto\"; clients that ask for it by that name get that "
      "of one");
  EXPECT_EQ(field_of_common(catalog.file_of_symbol("a.Service")), "x");
  EXPECT_EQ(field_of_common(catalog.file_of_symbol("b.Service")), "y");
  EXPECT_EQ(field_of_common(catalog.file_of_symbol("b.Service.Do")), "y");
  EXPECT_EQ(field_of_common(catalog.file("common.proto")), "x");
}

TEST(Catalog, AServiceIsDescribedByTheModuleThatServesIt) {
  Catalog catalog;
  // The first has the description of b.Service too, but does not serve it.
  (void)catalog.add("one", {"c.Service"}, files_with_common("b", "x"));
  (void)catalog.add("two", {"b.Service"}, files_with_common("b", "y"));
  EXPECT_EQ(field_of_common(catalog.file_of_symbol("b.Service")), "y");
}

TEST(Catalog, AServiceServedByTwoModulesIsDescribedByTheOneThatDescribesIt) {
  Catalog catalog;
  (void)catalog.add("one", {"a.Service"}, nullptr);
  EXPECT_FALSE(catalog.file_of_symbol("a.Service"));
  (void)catalog.add("two", {"a.Service"}, files_with_common("a", "x"));
  EXPECT_TRUE(catalog.file_of_symbol("a.Service"));
}

TEST(Catalog, KnowsExtensionsOfAllModules) {
  const auto with_extension = [](const std::string& name, int number) {
    return files_of(
        "file { name: 'base.proto' message_type { name: 'Base' extension_range { start: 100 end: 200 } } } "
        "file { name: '" +
        name + ".proto' dependency: 'base.proto' extension { name: '" + name + "' number: " + std::to_string(number) +
        " label: LABEL_OPTIONAL type: TYPE_INT32 extendee: '.Base' } }");
  };
  Catalog catalog;
  (void)catalog.add("one", {}, with_extension("later", 150));
  (void)catalog.add("two", {}, with_extension("early", 110));
  EXPECT_EQ(catalog.extension_numbers("Base"), (std::vector<int>{110, 150}));
  ASSERT_TRUE(catalog.file_of_extension("Base", 110));
  EXPECT_EQ(catalog.file_of_extension("Base", 110)->file->name(), "early.proto");
  EXPECT_FALSE(catalog.file_of_extension("Base", 111));
  EXPECT_FALSE(catalog.file_of_extension("Other", 110));
  EXPECT_FALSE(catalog.extension_numbers("Other"));
}

}  // namespace
}  // namespace wasm_grpc::services
