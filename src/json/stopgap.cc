// By libprotobuf's JSON, until the tables are there.
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/util/json_util.h>

#include "json/read.h"
#include "json/write.h"

namespace wasm_grpc::json {

namespace pb = google::protobuf;

class MessageType {
 public:
  explicit MessageType(const pb::Descriptor* type) : prototype_(factory_.GetPrototype(type)) {}

  pb::DynamicMessageFactory factory_;
  const pb::Message* prototype_;
};

Types::Types(std::span<const pb::FileDescriptor* const> files) {
  const auto nested = [](const auto& add_all, const pb::Descriptor& type, const auto& self) -> void {
    add_all(type);
    for (int i = 0; i < type.nested_type_count(); ++i) self(add_all, *type.nested_type(i), self);
  };
  for (const pb::FileDescriptor* file : files) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      nested(
          [this](const pb::Descriptor& type) {
            types_.emplace(type.full_name(), std::make_unique<MessageType>(&type));
          },
          *file->message_type(i), nested);
    }
  }
}

Types::~Types() = default;

const MessageType* Types::find(std::string_view full_name) const {
  const auto found = types_.find(full_name);
  return found == types_.end() ? nullptr : found->second.get();
}

std::optional<std::string> read(const MessageType& type, std::string_view text, std::vector<std::byte>& out,
                                const ReadOptions&) {
  const std::unique_ptr<pb::Message> message(type.prototype_->New());
  const auto status = pb::util::JsonStringToMessage({text.data(), text.size()}, message.get());
  if (!status.ok()) return std::string(status.message());
  const std::string bytes = message->SerializePartialAsString();
  const auto view = std::as_bytes(std::span(bytes));
  out.insert(out.end(), view.begin(), view.end());
  return std::nullopt;
}

std::optional<std::string> write(const MessageType& type, std::span<const std::byte> bytes, std::string& out,
                                 const WriteOptions&) {
  const std::unique_ptr<pb::Message> message(type.prototype_->New());
  if (!message->ParsePartialFromArray(bytes.data(), static_cast<int>(bytes.size())))
    return "the bytes are no such message";
  std::string text;
  const auto status = pb::util::MessageToJsonString(*message, &text);
  if (!status.ok()) return std::string(status.message());
  out += text;
  return std::nullopt;
}

}  // namespace wasm_grpc::json
