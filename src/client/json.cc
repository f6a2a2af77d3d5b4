#include "client/json.h"

#include <google/protobuf/util/json_util.h>

#include <memory>

namespace wasm_grpc::client {

namespace pb = google::protobuf;

std::optional<std::string> JsonSplitter::next() {
  constexpr std::string_view space = " \t\r\n";
  if (scanned_ == 0) text_.erase(0, std::min(text_.find_first_not_of(space), text_.size()));
  const auto take = [&] {
    std::string value = text_.substr(0, scanned_);
    text_.erase(0, scanned_);
    scanned_ = 0;
    depth_ = 0;
    in_string_ = escaped_ = false;
    return value;
  };
  for (; scanned_ < text_.size(); ++scanned_) {
    const char c = text_[scanned_];
    if (in_string_) {
      if (escaped_) {
        escaped_ = false;
      } else if (c == '\\') {
        escaped_ = true;
      } else if (c == '"') {
        in_string_ = false;
      }
    } else if (c == '"') {
      in_string_ = true;
    } else if (c == '{' || c == '[') {
      ++depth_;
    } else if (c == '}' || c == ']') {
      if (--depth_ <= 0) {
        ++scanned_;
        return take();
      }
    } else if (depth_ == 0 && space.find(c) != std::string_view::npos) {
      return take();  // a bare word or number
    }
  }
  if (ended_ && !text_.empty()) return take();
  return std::nullopt;
}

Result<std::string> from_json(const pb::Descriptor* type, const std::string& json) {
  pb::DynamicMessageFactory factory;
  const std::unique_ptr<pb::Message> message(factory.GetPrototype(type)->New());
  const auto status = pb::util::JsonStringToMessage(json, message.get());
  if (!status.ok()) {
    const std::string reason(status.message());  // the place is shown on further lines
    return Error{"the JSON is no " + type->full_name() + ": " + reason.substr(0, reason.find('\n'))};
  }
  return message->SerializeAsString();
}

Result<std::string> to_json(const pb::Descriptor* type, std::string_view bytes) {
  pb::DynamicMessageFactory factory;
  const std::unique_ptr<pb::Message> message(factory.GetPrototype(type)->New());
  if (!message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return Error{"the server sent a message that is no " + type->full_name()};
  }
  pb::util::JsonPrintOptions options;
  options.add_whitespace = true;
  std::string json;
  const auto status = pb::util::MessageToJsonString(*message, &json, options);
  if (!status.ok()) {
    return Error{"the server sent a " + type->full_name() + " that JSON cannot say: " + std::string(status.message())};
  }
  while (json.ends_with('\n')) json.pop_back();
  return json;
}

}  // namespace wasm_grpc::client
