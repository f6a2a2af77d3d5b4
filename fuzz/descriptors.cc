// Descriptors as a module brings them: whether they are taken, and that reflection can tell of those that are.
//
// Input: a serialized google.protobuf.FileDescriptorSet.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "require.h"
#include "services/catalog.h"
#include "services/described_files.h"
#include "services/reflection.h"
#include "services/reflection_messages.pb.h"

namespace {

using namespace wasm_grpc;
using fuzz::require;
using services::reflection::ServerReflectionRequest;
using services::reflection::ServerReflectionResponse;

ServerReflectionResponse ask(const services::Catalog& catalog, const ServerReflectionRequest& request) {
  const std::string bytes = request.SerializeAsString();
  const auto answer = services::reflect(catalog, std::as_bytes(std::span(bytes)));
  ServerReflectionResponse response;
  require(answer && response.ParseFromString(*answer), "a request is answered with a response");
  return response;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string sets[] = {std::string(reinterpret_cast<const char*>(data), size)};
  const auto parsed = services::DescribedFiles::parse(sets);
  if (!parsed.ok()) {
    for (const char c : parsed.error().message) require(c >= ' ' && c != 0x7f, "an error is one line for a terminal");
    return 0;
  }
  const services::DescribedFiles& files = *parsed.value();
  std::vector<std::string> names;
  for (const auto& method : files.methods()) {
    require(files.check(method.path, method.kind).ok(), "a described method is as it is described");
    require(!files.types(method.path).request.empty(), "a described method has types");
    names.emplace_back(rpc::parse_method_path(method.path)->service);
  }
  services::Catalog catalog;
  require(catalog.add("module", names, parsed.value()).empty(), "one module is not in its own way");

  ServerReflectionRequest request;
  for (const auto* file : files.files()) {
    request.set_file_by_filename(file->name());
    require(ask(catalog, request).has_file_descriptor_response(), "each file is found by its name");
  }
  for (const std::string& name : names) {
    request.set_file_containing_symbol(name);
    require(ask(catalog, request).has_file_descriptor_response(), "each service's file is found");
  }
  request.set_list_services("*");
  require(ask(catalog, request).has_list_services_response(), "the services are listed");
  return 0;
}
