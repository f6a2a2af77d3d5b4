#include "service_writer.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "literal.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

struct Kind {
  const char* name;        // as guest::Service calls it
  const char* result;      // in terms of $response$
  const char* parameters;  // in terms of $request$ and $response$
};

const Kind& kind_of(const pb::MethodDescriptor& method) {
  static constexpr Kind kinds[] = {
      {"unary", "::wasm_grpc::guest::Result<$response$>", "const $request$& request"},
      {"server_stream", "::wasm_grpc::guest::Status",
       "const $request$& request, ::wasm_grpc::guest::MessageWriter<$response$>& out"},
      {"client_stream", "::wasm_grpc::guest::Result<$response$>", "::wasm_grpc::guest::MessageReader<$request$>& in"},
      {"bidi_stream", "::wasm_grpc::guest::Status",
       "::wasm_grpc::guest::MessageReader<$request$>& in, ::wasm_grpc::guest::MessageWriter<$response$>& out"}};
  return kinds[(method.client_streaming() ? 2 : 0) + (method.server_streaming() ? 1 : 0)];
}

/// The parameters of a function that uses none of them.
std::string without_names(std::string_view parameters) {
  std::string types;
  while (!parameters.empty()) {
    const std::size_t comma = std::min(parameters.find(", "), parameters.size());
    const std::string_view parameter = parameters.substr(0, comma);
    types.append(types.empty() ? "" : ", ").append(parameter.substr(0, parameter.rfind(' ')));
    parameters.remove_prefix(std::min(comma + 2, parameters.size()));
  }
  return types;
}

using Variables = std::map<std::string, std::string>;

/// What to write for each method, in the order of the .proto.
std::vector<Variables> methods_of(const pb::ServiceDescriptor& service, const Names& names) {
  const std::string name = Names::type(service);
  // A function of the class's name would be its constructor.
  Scope scope({name, "full_name"});
  std::vector<Variables> methods;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    methods.push_back({{"service", name},
                       {"full_name", service.full_name()},
                       {"method", method.name()},
                       {"function", scope.take(identifier(method.name()))},
                       {"kind", kind_of(method).name},
                       {"request", names.qualified(*method.input_type())},
                       {"response", names.qualified(*method.output_type())}});
  }
  return methods;
}

}  // namespace

void write_service_class(pb::io::Printer& out, const pb::ServiceDescriptor& service, const Names& names) {
  const std::string comment = comment_of(service, 0);
  out.PrintRaw(comment.empty() ? comment : comment + "///\n");
  out.Print(
      "/// Derive from it, and let WASM_GRPC_SERVICES say registry.serve<...>() of what you derived. A method that is "
      "not\n"
      "/// overridden answers UNIMPLEMENTED.\n"
      "class $name$ {\n"
      " public:\n"
      "  static constexpr std::string_view full_name = \"$full_name$\";\n\n"
      "  virtual ~$name$() = default;\n",
      "name", Names::type(service), "full_name", service.full_name());
  const std::vector<Variables> methods = methods_of(service, names);
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    const Kind& kind = kind_of(method);
    out.Print("\n");
    out.PrintRaw(comment_of(method, 2));
    out.Print(methods[static_cast<std::size_t>(i)],
              ("  virtual " + std::string(kind.result) + " $function$(\n      ::wasm_grpc::guest::Context& context, " +
               kind.parameters + ");\n")
                  .c_str());
  }
  out.Print(
      "};\n"
      "/// Registers the methods; `service` must live as long as the registry. Registry::serve() does both.\n"
      "void add_service(::wasm_grpc::guest::Registry& registry, $name$& service);\n\n",
      "name", Names::type(service));
}

void write_service_definitions(pb::io::Printer& out, const pb::ServiceDescriptor& service, const Names& names,
                               std::string_view file_descriptors) {
  const std::vector<Variables> methods = methods_of(service, names);
  for (int i = 0; i < service.method_count(); ++i) {
    const Kind& kind = kind_of(*service.method(i));
    out.Print(methods[static_cast<std::size_t>(i)],
              (std::string(kind.result) + " $service$::$function$(\n    ::wasm_grpc::guest::Context&, " +
               without_names(kind.parameters) +
               ") {\n  return ::wasm_grpc::guest::detail::not_implemented(\"$full_name$/$method$\");\n}\n\n")
                  .c_str());
  }
  out.Print("void add_service(::wasm_grpc::guest::Registry& registry, [[maybe_unused]] $name$& service) {\n", "name",
            Names::type(service));
  out.Print("  (void)registry.descriptors({$descriptors$, sizeof $descriptors$ - 1});\n", "descriptors",
            std::string(file_descriptors));
  if (!methods.empty()) out.Print("  registry.service($name$::full_name)", "name", Names::type(service));
  for (const Variables& method : methods) {
    out.Print(method,
              "\n      .$kind$(\"$method$\", ::wasm_grpc::guest::typed_$kind$<&$service$::$function$>(service))");
  }
  out.Print(methods.empty() ? "}\n\n" : ";\n}\n\n");
}

}  // namespace wasm_grpc::protoc
