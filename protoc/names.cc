#include "names.h"

#include <algorithm>
#include <cstddef>
#include <iterator>

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

// All sorted.
constexpr std::string_view keywords[] = {
#include "keywords.inc"
};
// What generated code and the SDK have beside messages, and macros of headers that are no more.
constexpr std::string_view own_names[] = {
    "DOMAIN",      "FALSE",        "NDEBUG",         "OVERFLOW",        "TRUE",      "UNDERFLOW",
    "add_service", "broken_rules", "is_initialized", "is_known",        "major",     "merge_fields",
    "minor",       "std",          "to_string",      "validate_fields", "wasm_grpc", "write_fields"};
// Of headers that generated code includes, or that come before it. See c_names.py.
constexpr std::string_view macros[] = {
#include "c_macros.inc"
};
// In the global namespace, after the headers that generated code includes: functions, types, variables.
constexpr std::string_view global_names[] = {
#include "c_globals.inc"
};
static_assert(std::is_sorted(std::begin(keywords), std::end(keywords)));
static_assert(std::is_sorted(std::begin(own_names), std::end(own_names)));

template <std::size_t size>
bool contains(const std::string_view (&names)[size], std::string_view name) {
  return std::binary_search(std::begin(names), std::end(names), name);
}

/// Of what is in the global namespace. A function or variable would hide a type, and clash with a namespace.
std::string global_identifier(std::string_view name) {
  std::string escaped = identifier(name);
  if (escaped == name && contains(global_names, name)) escaped += '_';
  return escaped;
}

/// The part of the full name after the package, with '_' for '.'.
template <typename Descriptor>
std::string flat(const Descriptor& descriptor) {
  const std::string& package = descriptor.file()->package();
  std::string name = descriptor.full_name().substr(package.empty() ? 0 : package.size() + 1);
  std::replace(name.begin(), name.end(), '.', '_');
  return package.empty() ? global_identifier(name) : identifier(name);
}

}  // namespace

std::string identifier(std::string_view name) {
  std::string escaped(name);
  if (name.ends_with(own_ending) || contains(keywords, name) || contains(own_names, name) || contains(macros, name)) {
    escaped += '_';
  }
  return escaped;
}

std::string output_file(const pb::FileDescriptor& file, std::string_view ending) {
  constexpr std::string_view proto = ".proto";
  std::string name = file.name();
  if (name.ends_with(proto)) name.resize(name.size() - proto.size());
  return name.append(ending);
}

std::string namespace_of(std::string_view package, std::string_view outer) {
  std::string result(outer);
  while (!package.empty()) {
    const std::size_t dot = std::min(package.find('.'), package.size());
    const std::string_view part = package.substr(0, dot);
    if (result.empty()) {
      result = global_identifier(part);
    } else {
      result.append("::").append(identifier(part));
    }
    package.remove_prefix(std::min(dot + 1, package.size()));
  }
  return result;
}

std::string service_class(std::string_view package, std::string_view name) {
  // The class has those of these names within.
  if (name == "Async" || name == "Stub" || name == "InStream" || name == "OutStream") return std::string(name) + "_";
  return package.empty() ? global_identifier(name) : identifier(name);
}

std::string Names::space(const pb::FileDescriptor& file) const { return namespace_of(file.package(), outer_); }

std::string Names::type(const pb::Descriptor& message) { return flat(message); }
std::string Names::type(const pb::EnumDescriptor& enumeration) { return flat(enumeration); }
std::string Names::type(const pb::ServiceDescriptor& service) {
  return service_class(service.file()->package(), service.name());
}

std::vector<std::string> method_names(const pb::ServiceDescriptor& service) {
  // A function of the name of its class would be its constructor.
  Scope scope({Names::type(service), "Async", "Stub", "InStream", "OutStream", "full_name"});
  std::vector<std::string> names;
  for (int i = 0; i < service.method_count(); ++i) names.push_back(scope.take(identifier(service.method(i)->name())));
  return names;
}

std::string Scope::take(std::string name) {
  while (!taken_.insert(name).second) name += '_';
  return name;
}

}  // namespace wasm_grpc::protoc
