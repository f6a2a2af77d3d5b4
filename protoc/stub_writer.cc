#include "stub_writer.h"

#include <cstddef>
#include <string>

#include "literal.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

/// How the calls of one kind look, in terms of $request$ and $response$.
struct CallShape {
  const char* handler_result;
  const char* coroutine_result;
  bool takes_request;
  const char* arguments;  // of the template that Target has for it
};

const CallShape& shape_of(const pb::MethodDescriptor& method) {
  static constexpr CallShape shapes[] = {
      {"Result<$response$>", "PendingReply<$response$>", true, "$response$"},
      {"CallReader<$response$>", "CallInStream<$response$>", true, "$response$"},
      {"CallWriter<$request$, $response$>", "CallOutStream<$request$, $response$>", false, "$request$, $response$"},
      {"CallReaderWriter<$request$, $response$>", "CallStream<$request$, $response$>", false, "$request$, $response$"}};
  return shapes[(method.client_streaming() ? 2 : 0) + (method.server_streaming() ? 1 : 0)];
}

}  // namespace

void write_stub(pb::io::Printer& out, const pb::ServiceDescriptor& service, std::span<const MethodVariables> methods,
                StubOf of) {
  const bool of_handlers = of == StubOf::handlers;
  const std::string margin = of_handlers ? "  " : "    ";
  const std::string target = of_handlers ? "::wasm_grpc::guest::Target" : "::wasm_grpc::guest::AsyncTarget";
  out.PrintRaw("\n");
  for (const char* line :
       {of_handlers ? "/// Calls the service of a target, and waits for the answers."
                    : "/// Calls the service of a target; the calls go on beside what the guest does.",
        "class Stub {", " public:", "  /// `target_wg` is the name by which the operator grants the target."}) {
    out.PrintRaw(margin + line + "\n");
  }
  out.PrintRaw(margin + "  explicit Stub(::std::string_view target_wg) : own_target_wg(target_wg) {}\n");
  for (int i = 0; i < service.method_count(); ++i) {
    const CallShape& shape = shape_of(*service.method(i));
    out.PrintRaw("\n" + comment_of(*service.method(i), static_cast<int>(margin.size()) + 2));
    const std::string begin = margin + "  ";
    const std::string result = of_handlers ? shape.handler_result : shape.coroutine_result;
    std::string text = begin + "[[nodiscard]] ::wasm_grpc::guest::" + result + " $function$(\n" + begin +
                       "    const ::wasm_grpc::guest::Context& context_wg";
    if (shape.takes_request) text += ", const $request$& request_wg";
    text += ",\n" + begin + "    const ::wasm_grpc::guest::CallOptions& options_wg = {}) const {\n" + begin +
            "  return own_target_wg.$kind$<" + shape.arguments + ">(context_wg, \"/$full_name$/$method$\", ";
    if (shape.takes_request) text += "request_wg, ";
    text += "options_wg);\n" + begin + "}\n";
    out.Print(methods[static_cast<std::size_t>(i)], text.c_str());
  }
  out.PrintRaw("\n" + margin + " private:\n" + margin + "  " + target + " own_target_wg;\n" + margin + "};\n");
}

}  // namespace wasm_grpc::protoc
