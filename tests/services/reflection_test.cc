// One request of reflection, one response.

#include "services/reflection.h"

#include "services/builtin.h"
#include "services/files.h"
#include "services/reflection_messages.pb.h"

namespace wasm_grpc::services {
namespace {

using reflection::ServerReflectionRequest;
using reflection::ServerReflectionResponse;

class Reflection : public testing::Test {
 protected:
  Reflection() {
    (void)catalog_.add("a", {"a.Service"}, files_of(service_of_four_kinds));
    (void)catalog_.add("b", {"b.Undescribed"}, nullptr);
  }

  ServerReflectionResponse ask(const ServerReflectionRequest& request) const {
    const std::string bytes = request.SerializeAsString();
    const auto answer = reflect(catalog_, std::as_bytes(std::span(bytes)));
    ServerReflectionResponse response;
    EXPECT_TRUE(answer && response.ParseFromString(*answer));
    EXPECT_EQ(response.original_request().SerializeAsString(), bytes);
    EXPECT_EQ(response.valid_host(), request.host());
    return response;
  }

  Catalog catalog_;
};

TEST_F(Reflection, ListsServicesWhetherTheyAreDescribedOrNot) {
  ServerReflectionRequest request;
  request.set_host("example.com");
  request.set_list_services("");
  const auto response = ask(request);
  ASSERT_EQ(response.list_services_response().service_size(), 2);
  EXPECT_EQ(response.list_services_response().service(0).name(), "a.Service");
  EXPECT_EQ(response.list_services_response().service(1).name(), "b.Undescribed");
}

TEST_F(Reflection, GivesAFileWithItsImports) {
  ServerReflectionRequest request;
  request.set_file_containing_symbol("a.Service");
  EXPECT_EQ(ask(request).file_descriptor_response().file_descriptor_proto_size(), 2);
  request.set_file_by_filename("types.proto");
  EXPECT_EQ(ask(request).file_descriptor_response().file_descriptor_proto_size(), 1);
}

TEST_F(Reflection, AnswersNotFoundForWhatThereIsNot) {
  const auto expect_not_found = [&](const ServerReflectionRequest& request, const std::string& text) {
    const auto response = ask(request);
    EXPECT_EQ(response.error_response().error_code(), 5) << response.message_response_case();
    EXPECT_EQ(response.error_response().error_message(), text);
  };
  ServerReflectionRequest request;
  request.set_file_by_filename("no.proto");
  expect_not_found(request, R"(there is no file "no.proto")");
  request.set_file_containing_symbol("b.Undescribed");
  expect_not_found(request, R"(there is no description of "b.Undescribed")");
  request.mutable_file_containing_extension()->set_containing_type("a.Message");
  request.mutable_file_containing_extension()->set_extension_number(7);
  expect_not_found(request, R"(there is no extension 7 of "a.Message")");
  request.set_all_extension_numbers_of_type("a.None");
  expect_not_found(request, R"(there is no message type "a.None")");
}

TEST_F(Reflection, GivesTheExtensionNumbersOfAType) {
  ServerReflectionRequest request;
  request.set_all_extension_numbers_of_type("a.Message");
  const auto response = ask(request);
  EXPECT_EQ(response.all_extension_numbers_response().base_type_name(), "a.Message");
  EXPECT_EQ(response.all_extension_numbers_response().extension_number_size(), 0);
}

TEST_F(Reflection, AnswersInvalidArgumentWhenNothingIsAskedFor) { EXPECT_EQ(ask({}).error_response().error_code(), 3); }

TEST_F(Reflection, RefusesBytesThatAreNoRequest) {
  const std::string bytes = "\xff\xff";
  EXPECT_FALSE(reflect(catalog_, std::as_bytes(std::span(bytes))));
}

TEST_F(Reflection, RefusesTextThatIsNotUtf8AndLibprotobufDoesNotWriteToTheLogOfIt) {
  testing::internal::CaptureStderr();
  for (const int field : {1, 3, 4, 6, 7}) {
    const std::string bytes{static_cast<char>(field << 3 | 2), '\1', '\xff'};
    EXPECT_FALSE(reflect(catalog_, std::as_bytes(std::span(bytes)))) << field;
  }
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace wasm_grpc::services
