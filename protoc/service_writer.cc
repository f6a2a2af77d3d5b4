#include "service_writer.h"

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "literal.h"
#include "stub_writer.h"

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

struct Parameter {
  const char* type;  // in terms of $request$ and $response$; null when there is none
  const char* name;
};

/// How methods of one kind look.
struct Kind {
  const char* name;    // as guest::Service calls it
  const char* result;  // in terms of $response$
  std::array<Parameter, 2> parameters;
  std::array<Parameter, 2> async_parameters;  // of a coroutine
};

const Kind& kind_of(const pb::MethodDescriptor& method) {
  static constexpr Parameter none = {nullptr, nullptr};
  static constexpr Parameter request = {"const $request$&", "request"};
  static constexpr Parameter reader = {"::wasm_grpc::guest::MessageReader<$request$>&", "in"};
  static constexpr Parameter writer = {"::wasm_grpc::guest::MessageWriter<$response$>&", "out"};
  static constexpr Parameter in = {"::wasm_grpc::guest::InStream<$request$>&", "in"};
  static constexpr Parameter out = {"::wasm_grpc::guest::OutStream<$response$>&", "out"};
  static constexpr Parameter stream = {"::wasm_grpc::guest::Stream<$request$, $response$>&", "stream"};
  static constexpr const char* result = "::wasm_grpc::guest::Result<$response$>";
  static constexpr const char* status = "::wasm_grpc::guest::Status";
  static constexpr Kind kinds[] = {{"unary", result, {request, none}, {request, none}},
                                   {"server_stream", status, {request, writer}, {request, out}},
                                   {"client_stream", result, {reader, none}, {in, none}},
                                   {"bidi_stream", status, {reader, writer}, {stream, none}}};
  return kinds[(method.client_streaming() ? 2 : 0) + (method.server_streaming() ? 1 : 0)];
}

std::string with_names(std::span<const Parameter> parameters) {
  std::string list = "::wasm_grpc::guest::Context& context";
  for (const Parameter& parameter : parameters) {
    if (parameter.type != nullptr) list.append(", ").append(parameter.type).append(" ").append(parameter.name);
  }
  return list;
}
/// The parameters of a function that uses none of them.
std::string without_names(std::span<const Parameter> parameters) {
  std::string list = "::wasm_grpc::guest::Context&";
  for (const Parameter& parameter : parameters) {
    if (parameter.type != nullptr) list.append(", ").append(parameter.type);
  }
  return list;
}

std::string task_of(std::string_view result) { return std::string("::wasm_grpc::guest::Task<").append(result) + ">"; }

/// What to write for each method, in the order of the .proto.
std::vector<MethodVariables> methods_of(const pb::ServiceDescriptor& service, const Names& names) {
  const std::string name = Names::type(service);
  const std::vector<std::string> functions = method_names(service);
  std::vector<MethodVariables> methods;
  for (int i = 0; i < service.method_count(); ++i) {
    const pb::MethodDescriptor& method = *service.method(i);
    methods.push_back({{"service", name},
                       {"full_name", service.full_name()},
                       {"method", method.name()},
                       {"function", functions[static_cast<std::size_t>(i)]},
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
      "  virtual ~$name$() = default;\n\n"
      "  /// What methods that stream take, by the names that they have in coroutines.\n"
      "  template <typename message_wg>\n"
      "  using InStream = ::wasm_grpc::guest::MessageReader<message_wg>;\n"
      "  template <typename message_wg>\n"
      "  using OutStream = ::wasm_grpc::guest::MessageWriter<message_wg>;\n",
      "name", Names::type(service), "full_name", service.full_name());
  const std::vector<MethodVariables> methods = methods_of(service, names);
  const auto declare = [&](int i, const std::string& result, std::span<const Parameter> parameters, int indent) {
    const std::string margin(static_cast<std::size_t>(indent), ' ');
    out.Print("\n");
    out.PrintRaw(comment_of(*service.method(i), indent));
    out.Print(
        methods[static_cast<std::size_t>(i)],
        (margin + "virtual " + result + " $function$(\n" + margin + "    " + with_names(parameters) + ");\n").c_str());
  };
  for (int i = 0; i < service.method_count(); ++i) {
    const Kind& kind = kind_of(*service.method(i));
    declare(i, kind.result, kind.parameters, 2);
  }
  out.Print(
      "\n"
      "  /// The same with methods that are coroutines: they wait by co_await, and one instance serves many calls at "
      "once.\n"
      "  class Async {\n"
      "   public:\n"
      "    virtual ~Async() = default;\n\n"
      "    template <typename message_wg>\n"
      "    using InStream = ::wasm_grpc::guest::InStream<message_wg>;\n"
      "    template <typename message_wg>\n"
      "    using OutStream = ::wasm_grpc::guest::OutStream<message_wg>;\n");
  for (int i = 0; i < service.method_count(); ++i) {
    const Kind& kind = kind_of(*service.method(i));
    declare(i, task_of(kind.result), kind.async_parameters, 4);
  }
  write_stub(out, service, methods, StubOf::coroutines);
  out.Print("  };\n");
  write_stub(out, service, methods, StubOf::handlers);
  out.Print(
      "};\n"
      "/// Registers the methods; the service must live as long as the registry. Registry::serve() does both.\n"
      "void add_service(::wasm_grpc::guest::Registry&, $name$& service_wg);\n"
      "void add_service(::wasm_grpc::guest::Registry&, $name$::Async& service_wg);\n\n",
      "name", Names::type(service));
}

void write_service_definitions(pb::io::Printer& out, const pb::ServiceDescriptor& service, const Names& names,
                               std::string_view file_descriptors) {
  const std::vector<MethodVariables> methods = methods_of(service, names);
  const auto define = [&](int i, const std::string& result, const char* of, std::span<const Parameter> parameters,
                          const char* ret) {
    out.Print(methods[static_cast<std::size_t>(i)],
              (result + " $service$::" + of + "$function$(\n    " + without_names(parameters) + ") {\n  " + ret +
               " ::wasm_grpc::guest::detail::not_implemented(\"$full_name$/$method$\");\n}\n\n")
                  .c_str());
  };
  for (int i = 0; i < service.method_count(); ++i) {
    const Kind& kind = kind_of(*service.method(i));
    define(i, kind.result, "", kind.parameters, "return");
    define(i, task_of(kind.result), "Async::", kind.async_parameters, "co_return");
  }
  const auto begin_add = [&](const char* type) {
    out.Print(
        "void add_service(::wasm_grpc::guest::Registry& registry_wg, [[maybe_unused]] $name$$type$& service_wg) {\n"
        "  (void)registry_wg.descriptors({$descriptors$, sizeof $descriptors$ - 1});\n",
        "name", Names::type(service), "type", type, "descriptors", std::string(file_descriptors));
    if (!methods.empty()) {
      out.Print("  registry_wg.service($name$::full_name)", "name", Names::type(service));
    }
  };
  const char* const end_add = methods.empty() ? "}\n\n" : ";\n}\n\n";
  begin_add("");
  for (const MethodVariables& method : methods) {
    out.Print(method,
              "\n      .$kind$(\"$method$\", ::wasm_grpc::guest::typed_$kind$<&$service$::$function$>(service_wg))");
  }
  out.Print(end_add);
  begin_add("::Async");
  for (const MethodVariables& method : methods) {
    out.Print(method, "\n      .coroutine<&$service$::Async::$function$>(\"$method$\", service_wg)");
  }
  out.Print(end_add);
}

}  // namespace wasm_grpc::protoc
