#include <google/protobuf/descriptor.h>

#include "cli/new/own_protos.h"
#include "protoc/names.h"

namespace wasm_grpc::cli {

namespace pb = google::protobuf;

namespace {

/// Before the name of a service, that of the class which serves it: the generated one may be in the global namespace.
constexpr const char* served = "My";

std::string stub(const pb::MethodDescriptor& method, const std::string& function) {
  const protoc::Names names({});
  const std::string request = names.qualified(*method.input_type());
  const std::string response = names.qualified(*method.output_type());
  const std::string result = method.server_streaming() ? "guest::Status" : "guest::Result<" + response + ">";
  const std::string in = method.client_streaming() ? "guest::MessageReader<" + request + ">& /*in*/"
                                                   : "const " + request + "& /*request*/";
  const std::string out = method.server_streaming() ? ",\n      guest::MessageWriter<" + response + ">& /*out*/" : "";
  return "  " + result + " " + function + "(\n      guest::Context& /*context*/, " + in + out +
         ") override {\n    return guest::Status::unimplemented(\"" + to_be_written(method) + "\");\n  }\n";
}

}  // namespace

std::string cpp_stubs(const OwnProtos& protos) {
  std::string text = "// The services of " + protos.file->name() + ".\n#include \"" +
                     protoc::output_file(*protos.file, ".guest.h") +
                     "\"\n#include \"wasm_grpc/guest.h\"\n\nnamespace {\n\nnamespace guest = ::wasm_grpc::guest;\n";
  std::string registered;
  for (int i = 0; i < protos.file->service_count(); ++i) {
    const pb::ServiceDescriptor& service = *protos.file->service(i);
    if (service.method_count() == 0) continue;
    text += "\nclass " + (served + service.name()) + " final : public " + protoc::Names({}).qualified(service) +
            " {\n public:\n";
    const std::vector<std::string> functions = protoc::method_names(service);
    for (int j = 0; j < service.method_count(); ++j) {
      text += (j == 0 ? "" : "\n") + stub(*service.method(j), functions[static_cast<std::size_t>(j)]);
    }
    text += "};\n";
    registered += "  registry.serve<" + (served + service.name()) + ">();\n";
  }
  return text + "\n}  // namespace\n\nWASM_GRPC_SERVICES(registry) {\n" + registered + "}\n";
}

}  // namespace wasm_grpc::cli
