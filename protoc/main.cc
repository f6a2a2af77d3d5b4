// protoc-gen-wasm-grpc: started by protoc, to which it speaks over stdin and stdout.
#include <google/protobuf/compiler/plugin.h>
#include <google/protobuf/compiler/plugin.pb.h>
#include <google/protobuf/unknown_field_set.h>

#include <iostream>
#include <string>
#include <vector>

#include "editions/features.h"
#include "editions/lower.h"
#include "generator.h"

namespace pb = google::protobuf;
namespace editions = wasm_grpc::editions;

namespace {

/// What CodeGeneratorResponse says of editions, for protobufs older than they are.
void support_editions(pb::compiler::CodeGeneratorResponse& response) {
  constexpr std::uint64_t feature_supports_editions = 2;
  constexpr int minimum_edition = 3, maximum_edition = 4;
  response.set_supported_features(response.supported_features() | feature_supports_editions);
  pb::UnknownFieldSet& unknown = *response.GetReflection()->MutableUnknownFields(&response);
  unknown.AddVarint(minimum_edition, static_cast<std::uint64_t>(editions::Edition::proto2));
  unknown.AddVarint(maximum_edition, static_cast<std::uint64_t>(editions::Edition::of_2024));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 1) {
    std::cerr << argv[0] << ": started by protoc, without arguments: protoc --wasm-grpc_out=FOLDER FILE.proto\n";
    return 1;
  }
  pb::compiler::CodeGeneratorRequest request;
  if (!request.ParseFromIstream(&std::cin)) {
    std::cerr << argv[0] << ": protoc sent what is no request\n";
    return 1;
  }
  wasm_grpc::protoc::OriginalFiles originals;
  std::vector<pb::FileDescriptorProto*> files;
  for (pb::FileDescriptorProto& file : *request.mutable_proto_file()) {
    originals.emplace(file.name(), file);
    files.push_back(&file);
  }
  pb::compiler::CodeGeneratorResponse response;
  std::string error = editions::lower(files);
  if (error.empty()) {
    const wasm_grpc::protoc::Generator generator(originals);
    if (!pb::compiler::GenerateCode(request, generator, &response, &error) && error.empty()) {
      error = "the files do not fit together";
    }
  }
  if (!error.empty()) response.set_error(error);
  support_editions(response);
  return response.SerializeToOstream(&std::cout) && std::cout.flush() ? 0 : 1;
}
