#include "message_order.h"

#include <google/protobuf/descriptor.pb.h>

#include <algorithm>
#include <cstddef>
#include <map>

namespace wasm_grpc::protoc {

namespace pb = google::protobuf;

namespace {

/// The message that the field's values are, if they are.
const pb::Descriptor* held_by(const pb::FieldDescriptor& field) {
  return field.is_map() ? field.message_type()->map_value()->message_type() : field.message_type();
}

struct Component {
  std::vector<const pb::Descriptor*> messages;
  bool is_cycle;
};

/// Tarjan's algorithm: the strongly connected components of some messages, each after those it leads to.
class Components {
 public:
  /// Elements of repeated fields and maps count where `elements` is true.
  Components(const std::vector<const pb::Descriptor*>& messages, bool elements)
      : within_(messages.begin(), messages.end()), elements_(elements) {
    for (const pb::Descriptor* message : messages) {
      if (!marks_.contains(message)) visit(*message);
    }
  }
  [[nodiscard]] const std::vector<Component>& get() const { return components_; }

 private:
  struct Mark {
    std::size_t index;
    bool open;  // on the stack
  };

  std::size_t visit(const pb::Descriptor& message) {
    const std::size_t index = marks_.size();
    std::size_t lowest = index;
    marks_[&message] = {index, true};
    stack_.push_back(&message);
    bool holds_itself = false;
    for (int i = 0; i < message.field_count(); ++i) {
      const pb::FieldDescriptor& field = *message.field(i);
      const pb::Descriptor* const held = held_by(field);
      if (!within_.contains(held) || (field.is_repeated() && !elements_)) continue;
      holds_itself = holds_itself || held == &message;
      const auto mark = marks_.find(held);
      if (mark == marks_.end()) {
        lowest = std::min(lowest, visit(*held));
      } else if (mark->second.open) {
        lowest = std::min(lowest, mark->second.index);
      }
    }
    if (lowest == index) close(message, holds_itself);
    return lowest;
  }

  void close(const pb::Descriptor& first, bool holds_itself) {
    const auto begin = std::find(stack_.begin(), stack_.end(), &first);
    components_.push_back({{begin, stack_.end()}, holds_itself || stack_.end() - begin > 1});
    for (auto message = begin; message != stack_.end(); ++message) marks_[*message].open = false;
    stack_.erase(begin, stack_.end());
  }

  MessageSet within_;
  bool elements_;
  std::map<const pb::Descriptor*, Mark> marks_;
  std::vector<const pb::Descriptor*> stack_;
  std::vector<Component> components_;
};

void collect(const pb::Descriptor& message, std::vector<const pb::Descriptor*>& messages) {
  for (int i = 0; i < message.nested_type_count(); ++i) collect(*message.nested_type(i), messages);
  if (!message.options().map_entry()) messages.push_back(&message);
}

MessageSet cycle_of(const Component& component) {
  if (!component.is_cycle) return {};
  return {component.messages.begin(), component.messages.end()};
}

}  // namespace

std::vector<OrderedMessage> order_messages(const pb::FileDescriptor& file) {
  std::vector<const pb::Descriptor*> all;
  for (int i = 0; i < file.message_type_count(); ++i) collect(*file.message_type(i), all);
  std::vector<OrderedMessage> ordered;
  const Components wide_components(all, true);
  for (const Component& wide : wide_components.get()) {
    const Components narrow_components(wide.messages, false);
    for (const Component& narrow : narrow_components.get()) {
      for (const pb::Descriptor* message : narrow.messages) {
        ordered.push_back({message, cycle_of(narrow), cycle_of(wide)});
      }
    }
  }
  return ordered;
}

}  // namespace wasm_grpc::protoc
