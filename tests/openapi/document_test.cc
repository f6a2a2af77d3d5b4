// The OpenAPI document of services.
#include "openapi/document.h"

#include <google/protobuf/descriptor.pb.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <vector>

#include "facade/rest/library.h"
#include "openapi/part.h"

namespace wasm_grpc::openapi {
namespace {

using nlohmann::json;
namespace pb = google::protobuf;
using facade::rest::test::Library;

/// package.NAME, whose one method takes and gives a message with that field.
const pb::ServiceDescriptor* service_of(pb::DescriptorPool& pool, const std::string& name, const std::string& field,
                                        const std::string& package = "same") {
  pb::FileDescriptorProto file;
  file.set_name("a.proto");
  file.set_package(package);
  auto& message = *file.add_message_type();
  message.set_name("Message");
  auto& declared = *message.add_field();
  declared.set_name(field);
  declared.set_number(1);
  declared.set_type(pb::FieldDescriptorProto::TYPE_STRING);
  declared.set_label(pb::FieldDescriptorProto::LABEL_OPTIONAL);
  auto& service = *file.add_service();
  service.set_name(name);
  auto& method = *service.add_method();
  method.set_name("Call");
  method.set_input_type("Message");
  method.set_output_type("Message");
  return pool.BuildFile(file)->service(0);
}

class OpenApi : public testing::Test {
 protected:
  json document_of(const std::vector<std::string>& names) const {
    std::vector<const pb::ServiceDescriptor*> services;
    for (const std::string& name : names) services.push_back(&library_.service(name));
    return json::parse(document(services, {.title = "Books", .version = "1.2"}));
  }

  Library library_;
};

TEST_F(OpenApi, SaysWhatItIsOf) {
  const json all = document_of({"Library"});
  EXPECT_EQ(all["openapi"], "3.1.0");
  EXPECT_EQ(all["info"], (json{{"title", "Books"}, {"version", "1.2"}}));
  EXPECT_EQ(all["tags"][0]["name"], "library.Library");
  EXPECT_EQ(all["tags"][0]["description"], "Books on shelves.");
}

TEST_F(OpenApi, HasAPathForEachRule) {
  const json paths = document_of({"Library"})["paths"];
  std::vector<std::string> rest;
  for (const auto& [path, operations] : paths.items()) {
    if (!path.starts_with("/library.Library/")) rest.push_back(path);
  }
  EXPECT_EQ(rest, (std::vector<std::string>{"/", "/anything/{segment}", "/v1/archive/{name}", "/v1/books/{name}",
                                            "/v1/books:import", "/v1/books:search", "/v1/shelves/{name}",
                                            "/v1/shelves/{name}/books/{name_2}",
                                            "/v1/shelves/{name}/books/{name_2}:burn", "/v1/shelves/{parent}/books"}));
  const json& book = paths["/v1/shelves/{name}/books/{name_2}"];
  std::vector<std::string> methods;
  for (const auto& [name, operation] : book.items()) methods.push_back(name);
  EXPECT_EQ(methods, (std::vector<std::string>{"delete", "get", "patch", "put"}));
  EXPECT_EQ(book["get"]["operationId"], "library.Library.GetBook");
  EXPECT_EQ(paths["/v1/shelves/{name}"]["get"]["description"], "One shelf.");
  EXPECT_EQ(book["get"]["parameters"][1]["name"], "name_2");
  EXPECT_EQ(book["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/library.Book");
  EXPECT_EQ(paths["/v1/archive/{name}"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["type"],
            "string");
}

TEST_F(OpenApi, PutsFieldsWhereTheRuleHasThem) {
  const json paths = document_of({"Library"})["paths"];
  const json& create = paths["/v1/shelves/{parent}/books"]["post"];
  EXPECT_EQ(create["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/library.Book");
  ASSERT_EQ(create["parameters"].size(), 2U);
  EXPECT_EQ(create["parameters"][0]["in"], "path");
  EXPECT_EQ(create["parameters"][1], (json{{"name", "bookId"}, {"in", "query"}, {"schema", {{"type", "string"}}}}));
  const json& put = paths["/v1/shelves/{name}/books/{name_2}"]["put"];
  EXPECT_EQ(put["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/library.UpdateBookRequest");
  std::vector<std::string> query;
  for (const json& parameter : paths["/v1/books:search"]["get"]["parameters"]) query.push_back(parameter["name"]);
  EXPECT_EQ(query, (std::vector<std::string>{"text", "pageSize", "tags", "kinds", "author.name", "author.born", "exact",
                                             "score", "token", "since", "within", "mask", "limit", "years", "maybe",
                                             "byField", "byChance", "note"}));
}

TEST_F(OpenApi, HasStreamsAsLines) {
  const json paths = document_of({"Library"})["paths"];
  const json& import = paths["/v1/books:import"]["post"];
  EXPECT_TRUE(import["requestBody"]["content"].contains("application/x-ndjson"));
  EXPECT_TRUE(import["responses"]["200"]["content"].contains("application/x-ndjson"));
}

TEST_F(OpenApi, HasConnectsPathsOfUnaryMethods) {
  const json paths = document_of({"Library"})["paths"];
  EXPECT_FALSE(paths.contains("/library.Library/Import"));
  const json& plain = paths["/library.Library/Plain"]["post"];
  EXPECT_EQ(plain["requestBody"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/library.GetRequest");
  EXPECT_EQ(plain["responses"]["default"]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/connect.error");
}

TEST_F(OpenApi, HasConnectsGetOfMethodsWithoutSideEffects) {
  const json paths = document_of({"Library"})["paths"];
  const json& get = paths["/library.Library/Plain"]["get"];
  EXPECT_EQ(get["parameters"][2]["content"]["application/json"]["schema"]["$ref"],
            "#/components/schemas/library.GetRequest");
  EXPECT_FALSE(paths["/library.Library/BurnBook"].contains("get"));
}

TEST_F(OpenApi, DescribesMessagesAsJsonHasThem) {
  const json schemas = document_of({"Library"})["components"]["schemas"];
  const json& search = schemas["library.SearchRequest"]["properties"];
  EXPECT_EQ(search["pageSize"], (json{{"type", "integer"}, {"format", "int32"}}));
  EXPECT_EQ(search["years"], (json{{"type", "array"}, {"items", {{"type", "string"}, {"format", "int64"}}}}));
  EXPECT_EQ(search["token"], (json{{"type", "string"}, {"contentEncoding", "base64"}}));
  EXPECT_EQ(search["since"], (json{{"type", "string"}, {"format", "date-time"}}));
  EXPECT_EQ(search["limit"]["type"], (json{"string", "null"}));
  EXPECT_EQ(search["labels"], (json{{"type", "object"}, {"additionalProperties", {{"type", "string"}}}}));
  EXPECT_EQ(search["value"], json::object());
  EXPECT_EQ(search["kinds"]["items"]["$ref"], "#/components/schemas/library.Kind");
  EXPECT_EQ(schemas["library.Kind"]["enum"], (json{"KIND_UNSPECIFIED", "KIND_NOVEL"}));
  const json& oneof = schemas["library.SearchRequest"]["allOf"];
  ASSERT_EQ(oneof.size(), 1U) << "that of an optional field is none";
  EXPECT_EQ(oneof[0]["oneOf"][0]["required"][0], "byField");
  EXPECT_EQ(schemas["library.Author"]["properties"]["teacher"]["$ref"], "#/components/schemas/library.Author");
  EXPECT_EQ(schemas["library.Author"]["description"], "Who has written a book.");
  EXPECT_EQ(schemas["library.GetRequest"]["properties"]["name"]["description"], "Where it is.");
}

TEST_F(OpenApi, IsTheSameForTheSameServices) {
  const About about{.title = "Books", .version = "1"};
  const std::array one{&library_.service("Library"), &library_.service("Other")};
  const std::array other{&library_.service("Other"), &library_.service("Library")};
  EXPECT_EQ(document(one, about), document(other, about));
  const Library again;
  const std::array same{&again.service("Library"), &again.service("Other")};
  EXPECT_EQ(document(one, about), document(same, about));
}

TEST_F(OpenApi, LeavesOutRulesThatMakeNoSense) {
  const json all = document_of({"Wrong"});
  EXPECT_TRUE(all["paths"].contains("/library.Wrong/Open"));
  EXPECT_FALSE(all["paths"].contains("/v1/{name"));
}

TEST_F(OpenApi, KeepsTypesOfOneNameApart) {
  pb::DescriptorPool one;
  pb::DescriptorPool two;
  pb::DescriptorPool three;
  const std::array services{service_of(one, "A", "x"), service_of(two, "B", "y"), service_of(three, "C", "x")};
  const json all = json::parse(document(services, {.title = "", .version = ""}));
  EXPECT_EQ(all["components"]["schemas"]["same.Message"]["properties"].begin().key(), "x");
  EXPECT_EQ(all["components"]["schemas"]["same.Message_2"]["properties"].begin().key(), "y");
  EXPECT_FALSE(all["components"]["schemas"].contains("same.Message_3"));
}

TEST_F(OpenApi, IsPutTogetherOfPartsAsIfMadeOfAll) {
  pb::DescriptorPool one;
  pb::DescriptorPool two;
  const auto* const first = service_of(one, "A", "x", "first");
  const auto* const second = service_of(two, "B", "y", "second");
  const About about{.title = "All \"of it\"", .version = "1"};
  const std::array all{&library_.service("Library"), first, second};
  const Part a = part_of(std::array{all[0]});
  const Part b = part_of(std::array{all[1]});
  const Part c = part_of(std::array{all[2]});
  EXPECT_EQ(join(std::array{&c, &a, &b}, about), document(all, about));
  EXPECT_EQ(join(std::array{&b}, about), document(std::array{first}, about));
  const json none = json::parse(join({}, about).value());
  EXPECT_TRUE(none["paths"].empty());
  EXPECT_FALSE(none.contains("tags"));
  EXPECT_EQ(none["info"]["title"], "All \"of it\"");
}

TEST_F(OpenApi, IsNotPutTogetherOfPartsThatMeanDifferentThingsByOneName) {
  pb::DescriptorPool one;
  pb::DescriptorPool two;
  const Part x = part_of(std::array{service_of(one, "A", "x")});
  const Part y = part_of(std::array{service_of(two, "B", "y")});
  EXPECT_EQ(join(std::array{&x, &y}, {}), std::nullopt) << "types of one name";
  EXPECT_EQ(join(std::array{&x, &x}, {}), std::nullopt) << "one service twice";
  const Part library = part_of(std::array{&library_.service("Library")});
  const Part other = part_of(std::array{&library_.service("Other")});
  EXPECT_EQ(join(std::array{&library, &other}, {}), std::nullopt) << "paths of one shape";
}

TEST_F(OpenApi, IsMadeOfTheDescriptorsOfAModule) {
  const std::string sets[] = {std::string(facade::rest::test::library_descriptors)};
  const std::string methods[] = {"/library.Other/Fetch", "/no.Such/Method", "nonsense"};
  const auto made = document_of_module(sets, methods, {.title = "x", .version = "1"});
  ASSERT_TRUE(made.ok()) << made.error().message;
  const json all = json::parse(made.value());
  EXPECT_TRUE(all["paths"].contains("/v1/shelves/{name}/books/{segment}"));
  EXPECT_FALSE(all["paths"].contains("/v1/books/{name}"));
  const std::string wrong[] = {"nonsense"};
  EXPECT_FALSE(document_of_module(wrong, methods, {}).ok());
}

}  // namespace
}  // namespace wasm_grpc::openapi
