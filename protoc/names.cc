#include "names.h"

#include <algorithm>
#include <iterator>

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

// Sorted.
constexpr std::string_view reserved[] = {"BUFSIZ",
                                         "CHAR_MAX",
                                         "CHAR_MIN",
                                         "CLOCKS_PER_SEC",
                                         "DOMAIN",
                                         "EOF",
                                         "ERANGE",
                                         "EXIT_FAILURE",
                                         "EXIT_SUCCESS",
                                         "FALSE",
                                         "FILENAME_MAX",
                                         "FP_INFINITE",
                                         "FP_NAN",
                                         "FP_NORMAL",
                                         "FP_SUBNORMAL",
                                         "FP_ZERO",
                                         "HUGE_VAL",
                                         "INFINITY",
                                         "INT_MAX",
                                         "INT_MIN",
                                         "LC_ALL",
                                         "LONG_MAX",
                                         "LONG_MIN",
                                         "NAN",
                                         "NDEBUG",
                                         "NULL",
                                         "OVERFLOW",
                                         "RAND_MAX",
                                         "SEEK_CUR",
                                         "SEEK_END",
                                         "SEEK_SET",
                                         "TRUE",
                                         "UINT_MAX",
                                         "UNDERFLOW",
                                         "alignas",
                                         "alignof",
                                         "and",
                                         "and_eq",
                                         "asm",
                                         "assert",
                                         "auto",
                                         "bitand",
                                         "bitor",
                                         "bool",
                                         "break",
                                         "case",
                                         "catch",
                                         "char",
                                         "char16_t",
                                         "char32_t",
                                         "char8_t",
                                         "class",
                                         "co_await",
                                         "co_return",
                                         "co_yield",
                                         "compl",
                                         "concept",
                                         "const",
                                         "const_cast",
                                         "consteval",
                                         "constexpr",
                                         "constinit",
                                         "continue",
                                         "decltype",
                                         "default",
                                         "delete",
                                         "do",
                                         "double",
                                         "dynamic_cast",
                                         "else",
                                         "enum",
                                         "errno",
                                         "explicit",
                                         "export",
                                         "extern",
                                         "false",
                                         "float",
                                         "for",
                                         "friend",
                                         "goto",
                                         "if",
                                         "inline",
                                         "int",
                                         "is_initialized",
                                         "is_known",
                                         "linux",
                                         "long",
                                         "major",
                                         "merge_fields",
                                         "minor",
                                         "mutable",
                                         "namespace",
                                         "new",
                                         "noexcept",
                                         "not",
                                         "not_eq",
                                         "nullptr",
                                         "operator",
                                         "or",
                                         "or_eq",
                                         "private",
                                         "protected",
                                         "public",
                                         "register",
                                         "reinterpret_cast",
                                         "requires",
                                         "return",
                                         "short",
                                         "signed",
                                         "sizeof",
                                         "static",
                                         "static_assert",
                                         "static_cast",
                                         "std",
                                         "stderr",
                                         "stdin",
                                         "stdout",
                                         "struct",
                                         "switch",
                                         "template",
                                         "this",
                                         "thread_local",
                                         "throw",
                                         "to_string",
                                         "true",
                                         "try",
                                         "typedef",
                                         "typeid",
                                         "typename",
                                         "union",
                                         "unix",
                                         "unsigned",
                                         "using",
                                         "virtual",
                                         "void",
                                         "volatile",
                                         "wasm_grpc",
                                         "wchar_t",
                                         "while",
                                         "write_fields",
                                         "xor",
                                         "xor_eq"};
static_assert(std::is_sorted(std::begin(reserved), std::end(reserved)));

/// The part of the full name after the package, with '_' for '.'.
template <typename Descriptor>
std::string flat(const Descriptor& descriptor) {
  const std::string& package = descriptor.file()->package();
  std::string name = descriptor.full_name().substr(package.empty() ? 0 : package.size() + 1);
  std::replace(name.begin(), name.end(), '.', '_');
  return identifier(name);
}

}  // namespace

std::string identifier(std::string_view name) {
  std::string escaped(name);
  if (std::binary_search(std::begin(reserved), std::end(reserved), name)) escaped += '_';
  return escaped;
}

std::string output_file(const pb::FileDescriptor& file, std::string_view ending) {
  constexpr std::string_view proto = ".proto";
  std::string name = file.name();
  if (name.ends_with(proto)) name.resize(name.size() - proto.size());
  return name.append(ending);
}

std::string Names::space(const pb::FileDescriptor& file) const {
  std::string result = outer_;
  std::string_view rest = file.package();
  while (!rest.empty()) {
    const std::size_t dot = std::min(rest.find('.'), rest.size());
    if (!result.empty()) result += "::";
    result += identifier(rest.substr(0, dot));
    rest.remove_prefix(std::min(dot + 1, rest.size()));
  }
  return result;
}

std::string Names::type(const pb::Descriptor& message) { return flat(message); }
std::string Names::type(const pb::EnumDescriptor& enumeration) { return flat(enumeration); }
std::string Names::type(const pb::ServiceDescriptor& service) { return flat(service); }

std::string Scope::take(std::string name) {
  while (!taken_.insert(name).second) name += '_';
  return name;
}

}  // namespace wasm_grpc::protoc
