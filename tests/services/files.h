// FileDescriptorSets for tests, from the text format of protobuf.
#pragma once

#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "services/described_files.h"

namespace wasm_grpc::services {

/// Serialized; `text` is a FileDescriptorSet.
inline std::string set_of(const std::string& text) {
  google::protobuf::FileDescriptorSet set;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &set)) << text;
  return set.SerializeAsString();
}

inline Result<std::shared_ptr<const DescribedFiles>> parse(const google::protobuf::FileDescriptorSet& set) {
  const std::string sets[] = {set.SerializeAsString()};
  return DescribedFiles::parse(sets);
}
inline Result<std::shared_ptr<const DescribedFiles>> parse(const std::string& text) {
  const std::string sets[] = {set_of(text)};
  return DescribedFiles::parse(sets);
}

/// Of files that make sense.
inline std::shared_ptr<const DescribedFiles> files_of(const std::string& text) {
  auto files = parse(text);
  EXPECT_TRUE(files.ok()) << files.error().message;
  return files.value();
}

/// "a.proto" with the service a.Service of one method of each kind, over the message a.Message of "types.proto", which
/// comes after it.
inline const std::string service_of_four_kinds = R"(
  file { name: "a.proto" package: "a" dependency: "types.proto"
         service { name: "Service"
                   method { name: "Unary" input_type: ".a.Message" output_type: ".a.Message" }
                   method { name: "Client" input_type: ".a.Message" output_type: ".a.Message" client_streaming: true }
                   method { name: "Server" input_type: ".a.Message" output_type: ".a.Message" server_streaming: true }
                   method { name: "Bidi" input_type: ".a.Message" output_type: ".a.Message"
                            client_streaming: true server_streaming: true } } }
  file { name: "types.proto" package: "a" message_type { name: "Message" } })";

}  // namespace wasm_grpc::services
