#include "json/types.h"

#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "json/table.h"

namespace wasm_grpc::json {

namespace pb = google::protobuf;

namespace {

/// All message types that are declared in these files and in those that they import. Without recursion over imports,
/// which a hostile module could make long.
std::vector<const pb::Descriptor*> declared_types(std::span<const pb::FileDescriptor* const> files) {
  std::vector<const pb::FileDescriptor*> open(files.begin(), files.end());
  std::unordered_set<const pb::FileDescriptor*> seen(files.begin(), files.end());
  std::vector<const pb::Descriptor*> types;
  while (!open.empty()) {
    const pb::FileDescriptor* file = open.back();
    open.pop_back();
    for (int i = 0; i < file->dependency_count(); ++i) {
      if (seen.insert(file->dependency(i)).second) open.push_back(file->dependency(i));
    }
    for (int i = 0; i < file->message_type_count(); ++i) types.push_back(file->message_type(i));
  }
  for (std::size_t at = 0; at < types.size(); ++at) {
    const pb::Descriptor* type = types[at];
    for (int i = 0; i < type->nested_type_count(); ++i) types.push_back(type->nested_type(i));
  }
  return types;
}

}  // namespace

/// The tables, allocated before any is filled, as they refer to each other.
class Types::Tables {
 public:
  Tables(const Types& types, std::span<const pb::FileDescriptor* const> files) {
    const std::vector<const pb::Descriptor*> declared = declared_types(files);
    messages_.reserve(declared.size());
    std::unordered_map<const pb::Descriptor*, const MessageType*> places;
    for (std::size_t i = 0; i < declared.size(); ++i) places.emplace(declared[i], messages_.data() + i);
    std::unordered_map<const pb::EnumDescriptor*, const EnumType*> enums;
    const MessageType::Neighbours neighbours{
        // Of extensions in files that were not given, and so not there, nothing is known.
        .message =
            [&](const pb::Descriptor& type) {
              const auto found = places.find(&type);
              return found == places.end() ? nullptr : found->second;
            },
        .enumeration = [&](const pb::EnumDescriptor& type) -> const EnumType* {
          auto& known = enums[&type];
          if (known == nullptr) known = enums_.emplace_back(std::make_unique<EnumType>(type)).get();
          return known;
        }};
    for (const pb::Descriptor* type : declared) messages_.emplace_back(types, *type, neighbours);
    for (const MessageType& type : messages_) by_name_.emplace(type.name(), &type);
  }

  [[nodiscard]] const MessageType* find(std::string_view full_name) const {
    const auto found = by_name_.find(full_name);
    return found == by_name_.end() ? nullptr : found->second;
  }

 private:
  std::vector<std::unique_ptr<EnumType>> enums_;
  std::vector<MessageType> messages_;
  std::map<std::string_view, const MessageType*> by_name_;  // names are those of the types
};

Types::Types(std::span<const pb::FileDescriptor* const> files) : tables_(std::make_unique<Tables>(*this, files)) {}

Types::~Types() = default;

const MessageType* Types::find(std::string_view full_name) const { return tables_->find(full_name); }

}  // namespace wasm_grpc::json
