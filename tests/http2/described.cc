#include "described.h"

#include <span>

#include "rpc/message_prefix.h"

namespace wasm_grpc::http2 {

std::string text_message(std::string_view text) {
  return std::string("\x0a") + static_cast<char>(text.size()) + std::string(text);
}

Fields plain_fields(std::string_view method, std::string_view content_type, const Fields& extra) {
  Fields fields = {{":method", std::string(method)}, {"te", ""}, {"content-type", std::string(content_type)}};
  fields.insert(fields.end(), extra.begin(), extra.end());
  return fields;
}

std::string envelope(char flags, std::string_view message) {
  std::string framed = wasm_grpc::http2::framed(message);
  framed[0] = flags;
  return framed;
}

std::vector<Envelope> envelopes(std::string_view body) {
  std::vector<Envelope> found;
  while (body.size() >= rpc::prefix_size) {
    const std::size_t length = rpc::read_length(std::as_bytes(std::span(body)).data());
    if (length > body.size() - rpc::prefix_size) break;
    found.push_back({static_cast<unsigned char>(body[0]), std::string(body.substr(rpc::prefix_size, length))});
    body.remove_prefix(rpc::prefix_size + length);
  }
  return found;
}

}  // namespace wasm_grpc::http2
