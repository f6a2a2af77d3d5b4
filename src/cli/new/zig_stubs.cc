#include <google/protobuf/descriptor.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "cli/new/own_protos.h"

namespace wasm_grpc::cli {

namespace pb = google::protobuf;

namespace {

constexpr std::array<std::string_view, 48> zig_keywords = {
    "addrspace", "align",       "allowzero", "and",      "anyframe",    "anytype", "asm",      "async",
    "await",     "break",       "callconv",  "catch",    "comptime",    "const",   "continue", "defer",
    "else",      "enum",        "errdefer",  "error",    "export",      "extern",  "fn",       "for",
    "if",        "inline",      "noalias",   "noinline", "nosuspend",   "opaque",  "or",       "orelse",
    "packed",    "pub",         "resume",    "return",   "linksection", "struct",  "suspend",  "switch",
    "test",      "threadlocal", "try",       "union",    "unreachable", "var",     "volatile", "while"};
/// What the source has beside types of messages, or their structs beside fields.
constexpr std::array<std::string_view, 6> zig_taken = {"grpc", "std", "panic", "std_options", "proto", "name_in_proto"};

template <typename List>
bool is_among(const List& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

std::string zig_member(const std::string& name) {
  if (is_among(zig_taken, name)) return name + "_";
  return is_among(zig_keywords, name) || name == "_" ? "@\"" + name + "\"" : name;
}

/// Names of lower case might be those of Zig's own types.
std::string zig_declared(const std::string& name) {
  const std::string free = is_among(zig_taken, name) ? name + "_" : name;
  return free.front() >= 'A' && free.front() <= 'Z' ? free : "@\"" + free + "\"";
}

/// The structs and enums of what methods take and give, and of all that is in them.
class ZigTypes {
 public:
  std::string name(const pb::Descriptor& message) { return name_of(message); }
  std::string name(const pb::EnumDescriptor& type) { return name_of(type); }

  /// Those that were named, and what they name in turn.
  std::string text() {
    std::string text;
    for (std::size_t i = 0; i < order_.size(); ++i) {  // which grows
      text += order_[i].first != nullptr ? text_of(*order_[i].first) : text_of(*order_[i].second);
    }
    return text;
  }

 private:
  template <typename Type>
  std::string name_of(const Type& type) {
    std::string& made = names_[type.full_name()];
    if (!made.empty()) return made;
    const std::string& package = type.file()->package();
    std::string name = type.full_name().substr(package.empty() ? 0 : package.size() + 1);
    std::replace(name.begin(), name.end(), '.', '_');
    if (!taken_.insert(name).second) {  // by another package's
      name = type.full_name();
      std::replace(name.begin(), name.end(), '.', '_');
      while (!taken_.insert(name).second) name += '_';
    }
    made = zig_declared(name);
    if constexpr (std::is_same_v<Type, pb::Descriptor>) {
      order_.emplace_back(&type, nullptr);
    } else {
      order_.emplace_back(nullptr, &type);
    }
    return made;
  }

  /// True where a message has itself in it, not by way of a list: no struct of Zig can.
  static bool holds(const pb::Descriptor& message, const pb::Descriptor& itself,
                    std::set<const pb::Descriptor*>& seen) {
    if (&message == &itself) return true;
    if (!seen.insert(&message).second) return false;
    for (int i = 0; i < message.field_count(); ++i) {
      const pb::FieldDescriptor& field = *message.field(i);
      if (!field.is_repeated() && field.message_type() != nullptr && holds(*field.message_type(), itself, seen)) {
        return true;
      }
    }
    return false;
  }

  /// The type of one value, and what `proto` says of it beside its number.
  std::pair<std::string, std::string> value_type(const pb::FieldDescriptor& field) {
    switch (field.type()) {
      case pb::FieldDescriptor::TYPE_DOUBLE:
        return {"f64", ""};
      case pb::FieldDescriptor::TYPE_FLOAT:
        return {"f32", ""};
      case pb::FieldDescriptor::TYPE_INT64:
        return {"i64", ""};
      case pb::FieldDescriptor::TYPE_UINT64:
        return {"u64", ""};
      case pb::FieldDescriptor::TYPE_INT32:
        return {"i32", ""};
      case pb::FieldDescriptor::TYPE_FIXED64:
        return {"u64", "fixed64"};
      case pb::FieldDescriptor::TYPE_FIXED32:
        return {"u32", "fixed32"};
      case pb::FieldDescriptor::TYPE_BOOL:
        return {"bool", ""};
      case pb::FieldDescriptor::TYPE_STRING:
        return {"[]const u8", ""};
      case pb::FieldDescriptor::TYPE_BYTES:
        return {"[]const u8", "bytes"};
      case pb::FieldDescriptor::TYPE_UINT32:
        return {"u32", ""};
      case pb::FieldDescriptor::TYPE_ENUM:
        return {name(*field.enum_type()), ""};
      case pb::FieldDescriptor::TYPE_SFIXED32:
        return {"i32", "sfixed32"};
      case pb::FieldDescriptor::TYPE_SFIXED64:
        return {"i64", "sfixed64"};
      case pb::FieldDescriptor::TYPE_SINT32:
        return {"i32", "sint32"};
      case pb::FieldDescriptor::TYPE_SINT64:
        return {"i64", "sint64"};
      default:
        return {name(*field.message_type()), ""};
    }
  }

  static std::string default_of(const pb::FieldDescriptor& field) {
    if (field.is_repeated()) return "&.{}";
    if (field.has_presence()) return "null";
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return "false";
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return "\"\"";
      case pb::FieldDescriptor::CPPTYPE_ENUM:
        return "@enumFromInt(0)";
      default:
        return "0";
    }
  }

  std::string text_of(const pb::Descriptor& message) {
    std::string fields;
    std::string numbers;
    for (int i = 0; i < message.field_count(); ++i) {
      const pb::FieldDescriptor& field = *message.field(i);
      const std::string number = std::to_string(field.number());
      const std::string member = zig_member(field.name());
      std::set<const pb::Descriptor*> seen;
      if (field.type() == pb::FieldDescriptor::TYPE_GROUP) {
        fields += "    // " + field.name() + " (" + number + ") is a group, which is not read.\n";
      } else if (!field.is_repeated() && field.message_type() != nullptr &&
                 holds(*field.message_type(), message, seen)) {
        fields += "    // " + field.name() + " (" + number + ") would have this struct within itself.\n";
      } else {
        const auto [type, coding] = value_type(field);
        fields += "    " + member + ": " +
                  (field.is_repeated()    ? "[]const "
                   : field.has_presence() ? "?"
                                          : "") +
                  type + " = " + default_of(field) + ",\n";
        numbers += (numbers.empty() ? " ." : ", .") + member + " = " +
                   (coding.empty() ? number : ".{ " + number + ", ." + coding + " }");
      }
    }
    return "\nconst " + name(message) + " = struct {\n" + fields + (fields.empty() ? "" : "\n") +
           "    pub const proto = .{" + numbers + (numbers.empty() ? "" : " ") +
           "};\n    pub const name_in_proto = \"" + message.full_name() + "\";\n};\n";
  }

  std::string text_of(const pb::EnumDescriptor& type) {
    std::string values;
    std::set<int> numbers;  // of which several values may be names
    for (int i = 0; i < type.value_count(); ++i) {
      const pb::EnumValueDescriptor& value = *type.value(i);
      if (!numbers.insert(value.number()).second) continue;
      values += "    " + zig_member(value.name()) + " = " + std::to_string(value.number()) + ",\n";
    }
    return "\nconst " + name(type) + " = enum(i32) {\n" + values + "    _,\n};\n";
  }

  std::map<std::string, std::string> names_;  // by full names
  std::set<std::string> taken_;
  std::vector<std::pair<const pb::Descriptor*, const pb::EnumDescriptor*>> order_;
};

std::string zig_stub(const std::string& function, const pb::MethodDescriptor& method, ZigTypes& types) {
  const std::string request = types.name(*method.input_type());
  const std::string response = types.name(*method.output_type());
  return "\nfn " + function +
         "(call: *grpc.Call, _: " + (method.client_streaming() ? "*grpc.In(" + request + ")" : request) +
         (method.server_streaming() ? ", _: *grpc.Out(" + response + ")" : "") + ") !" +
         (method.server_streaming() ? "void" : response) + " {\n    return call.fail(.unimplemented, \"" +
         to_be_written(method) + "\");\n}\n";
}

std::string_view zig_kind(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "bidiStream" : "clientStream";
  return method.server_streaming() ? "serverStream" : "unary";
}

}  // namespace

std::string zig_stubs(const OwnProtos& protos) {
  ZigTypes types;
  std::string stubs;
  std::string table;
  for (int i = 0; i < protos.file->service_count(); ++i) {
    const pb::ServiceDescriptor& service = *protos.file->service(i);
    if (service.method_count() == 0) continue;
    table += "        .@\"" + service.full_name() + "\" = .{\n";
    for (int j = 0; j < service.method_count(); ++j) {
      const pb::MethodDescriptor& method = *service.method(j);
      const std::string function = "@\"" + service.name() + "." + method.name() + "\"";
      stubs += zig_stub(function, method, types);
      table +=
          "            .@\"" + method.name() + "\" = grpc." + std::string(zig_kind(method)) + "(" + function + "),\n";
    }
    table += "        },\n";
  }
  return "//! The services of " + protos.file->name() +
         ".\n\nconst std = @import(\"std\");\nconst grpc = @import(\"wasm_grpc\");\n\npub const panic = grpc.panic;\n"
         "pub const std_options: std.Options = .{ .logFn = grpc.logFn };\n\n// The messages, by the types of their "
         "fields; "
         "what changes in the .proto changes here.\n" +
         types.text() + "\n// The methods.\n" + stubs + "\ncomptime {\n    grpc.serve(.{\n" + table +
         "    }, .{ .descriptors = @embedFile(\"descriptors\") });\n}\n";
}

}  // namespace wasm_grpc::cli
