#include "facade/json_messages.h"

#include "facade/frames.h"
#include "facade/json_text.h"
#include "json/read.h"
#include "json/write.h"

namespace wasm_grpc::facade {

rpc::Status JsonMessages::read(std::string_view text, rpc::Encoding encoding, std::vector<std::byte>& frames) const {
  std::vector<std::byte> plain;
  if (rpc::Status status = decompress_json(encoding, codec_, max_size_, text, plain); !status.ok()) return status;
  const std::size_t begun = begin_frame(frames);
  if (auto wrong = json::read(*schema_.request, text, frames)) {
    frames.resize(begun - rpc::prefix_size);
    return {rpc::StatusCode::invalid_argument, std::move(*wrong)};
  }
  end_frame(frames, begun, std::byte{0});
  return {};
}

rpc::Status JsonMessages::write(std::span<const std::byte> message, std::string& text) const {
  if (rpc::Status status = check_size_for_json(message.size(), max_size_); !status.ok()) return status;
  if (auto wrong = json::write(*schema_.response, message, text)) {
    return {rpc::StatusCode::internal, "the response cannot be said in JSON: " + *wrong};
  }
  return {};
}

bool JsonMessages::compress(std::string& text) const { return compress_json(codec_, text); }

}  // namespace wasm_grpc::facade
