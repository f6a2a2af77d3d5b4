#include <google/protobuf/descriptor.h>

#include <string_view>

#include "cli/new/own_protos.h"

namespace wasm_grpc::cli {

namespace pb = google::protobuf;

namespace {

std::string script_stub(const pb::MethodDescriptor& method) {
  const std::string takes =
      " // takes " + std::string(method.client_streaming() ? "a stream of " : "") + method.input_type()->full_name() +
      ", gives " + (method.server_streaming() ? "a stream of " : "") + method.output_type()->full_name() + "\n";
  const std::string fail = "call.fail(Code.Unimplemented, \"" + to_be_written(method) + "\");\n  })\n";
  const std::string quoted = "(\"" + method.name() + "\", (call: Call";
  if (method.client_streaming()) {
    return method.server_streaming()
               ? "  .bidiStream" + quoted + "): void => {" + takes + "    " + fail
               : "  .clientStream" + quoted + "): Uint8Array | null => {" + takes + "    return " + fail;
  }
  return method.server_streaming()
             ? "  .serverStream" + quoted + ", _request: Uint8Array): void => {" + takes + "    " + fail
             : "  .unary" + quoted + ", _request: Uint8Array): Uint8Array | null => {" + takes + "    return " + fail;
}

}  // namespace

std::string assemblyscript_stubs(const OwnProtos& protos) {
  std::string text = "// The services of " + protos.file->name() +
                     ". Methods take and give the bytes of messages: classes that read and write themselves\n"
                     "// by ProtoReader and ProtoWriter are to be written with them.\n"
                     "import { Call, Code, Service } from \"wasm-grpc-guest\";\n"
                     "export { wasm_grpc_call, wasm_grpc_start } from \"wasm-grpc-guest\";\n";
  for (int i = 0; i < protos.file->service_count(); ++i) {
    const pb::ServiceDescriptor& service = *protos.file->service(i);
    if (service.method_count() == 0) continue;
    text += "\nnew Service(\"" + service.full_name() + "\")\n";
    for (int j = 0; j < service.method_count(); ++j) text += script_stub(*service.method(j));
    text.back() = ';';
    text += "\n";
  }
  return text;
}

std::string assemblyscript_tests(const Project& project) {
  std::string tests;
  for (const pb::MethodDescriptor* method : methods_of(*project.own)) {
    if (method->client_streaming() || method->server_streaming()) continue;
    const std::string path = "/" + method->service()->full_name() + "/" + method->name();
    tests += "\ntest(\"" + path + " is to be written\", async () => {\n  const guest = await load(\"build/" +
             project.name + ".wasm\");\n  assert.equal(guest.call(\"" + path +
             "\", [\"\"]).code, 12); // UNIMPLEMENTED\n});\n";
  }
  return "// Calls the module that `npm run build` made, without a server.\nimport assert from "
         "\"node:assert/strict\";\n"
         "import { test } from \"node:test\";\nimport { load } from \"wasm-grpc-guest/testing\";\n" +
         tests;
}

}  // namespace wasm_grpc::cli
