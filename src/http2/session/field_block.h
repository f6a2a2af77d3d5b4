// Builds the header fields of a response.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::http2 {

/// A list of fields in nghttp2's form. One per endpoint, cleared and filled again for each block, so that it does not
/// allocate. Names and values given to add() and add_metadata() are not copied: they must live until the frame was
/// sent.
class FieldBlock {
 public:
  void clear() noexcept;
  void add(std::string_view name, std::string_view value);
  void add_number(std::string_view name, std::size_t value);
  /// With a copy of the value.
  void add_copy(std::string_view name, std::string_view value);
  /// All pairs as they are.
  void add_headers(const rpc::Metadata& headers);
  /// All pairs; values of `-bin` keys in base64.
  void add_metadata(const rpc::Metadata& metadata);
  /// grpc-status and, where there is a message, grpc-message; the message is cut when its encoded form would be longer
  /// than `max_message`.
  void add_status(const rpc::Status& status, std::size_t max_message);
  /// The fields; valid until the next change.
  [[nodiscard]] std::span<const nghttp2_nv> fields();

 private:
  // A value that was made here: nghttp2 copies it from scratch_ when the block is submitted.
  struct Made {
    std::size_t field;
    std::size_t offset;
    std::size_t size;
  };
  void add_made(std::string_view name, std::size_t offset);

  std::vector<nghttp2_nv> fields_;
  std::vector<Made> made_;
  std::string scratch_;
};

}  // namespace wasm_grpc::http2
