// Base64 of a stream, in which any piece may end with padding.
#pragma once

#include <string>
#include <string_view>

namespace wasm_grpc::facade::grpc_web {

/// Decodes a stream that comes in any portions.
class TextReader {
 public:
  /// Appends what `text` adds to `bytes`. False where it is not base64.
  [[nodiscard]] bool read(std::string_view text, std::string& bytes);
  /// Whether the stream may end here.
  [[nodiscard]] bool at_end() const noexcept { return carried_.empty(); }

 private:
  [[nodiscard]] bool decode(std::string_view groups, std::string& bytes) const;

  std::string carried_;  // of a group of four characters that is not complete
};

/// Appends `bytes` in base64, padded.
void append_text(std::string_view bytes, std::string& text);

}  // namespace wasm_grpc::facade::grpc_web
