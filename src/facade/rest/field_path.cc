#include "facade/rest/field_path.h"

#include <algorithm>

#include "json/field.h"
#include "json/text/input.h"
#include "json/wire/output.h"

namespace wasm_grpc::facade::rest {

Result<Rule::FieldPath> find_field_path(const json::MessageType& type, std::string_view path) {
  Rule::FieldPath fields;
  const json::MessageType* in = &type;
  while (true) {
    const std::string_view name = path.substr(0, path.find('.'));
    const json::Field* const field = in->find(name);
    if (field == nullptr) return Error{in->name() + " has no field \"" + json::shown(name) + "\""};
    fields.push_back(field);
    if (name.size() == path.size()) break;
    path.remove_prefix(name.size() + 1);
    const bool goes_on =
        field->kind == json::Kind::message && !field->is_repeated && field->message->shape() == json::Shape::plain;
    if (!goes_on) return Error{field->name + " is no message that is there once"};
    in = field->message;
  }
  if (!json::has_text(*fields.back())) return Error{fields.back()->name + " is a message, which no text can say"};
  return fields;
}

std::optional<std::string> append_field(const Rule::FieldPath& path, std::string_view text, std::vector<std::byte>& out,
                                        const json::ReadOptions& options) {
  if (path.size() > static_cast<std::size_t>(std::max(options.max_depth, 0))) return "nested too deeply";
  std::vector<std::byte> value;
  if (auto error = json::read_field_text(*path.back(), text, value, options)) return error;
  json::ByteOutput output(out);
  std::vector<json::ByteOutput::Region> open;
  for (std::size_t i = 0; i + 1 < path.size(); ++i) {
    output.raw(path[i]->tag_bytes.data(), path[i]->tag_size);
    open.push_back(output.open());
  }
  output.raw(value.data(), value.size());
  for (; !open.empty(); open.pop_back()) output.close(open.back());
  output.finish();
  return std::nullopt;
}

}  // namespace wasm_grpc::facade::rest
