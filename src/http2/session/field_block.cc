#include "http2/session/field_block.h"

#include <array>

#include "rpc/base64.h"
#include "rpc/percent.h"

namespace wasm_grpc::http2 {

namespace {

constexpr std::size_t kept_scratch = 64 * 1024;

constexpr std::array<std::string_view, rpc::max_status_code + 1> status_numbers = {
    "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16"};

// nghttp2 takes pointers to non-const and does not write through them.
std::uint8_t* bytes_of(std::string_view text) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(text.data()));
}

}  // namespace

void FieldBlock::clear() noexcept {
  fields_.clear();
  made_.clear();
  scratch_.clear();
  if (scratch_.capacity() > kept_scratch) std::string().swap(scratch_);
}

void FieldBlock::add(std::string_view name, std::string_view value) {
  fields_.push_back({bytes_of(name), bytes_of(value), name.size(), value.size(),
                     NGHTTP2_NV_FLAG_NO_COPY_NAME | NGHTTP2_NV_FLAG_NO_COPY_VALUE});
}

void FieldBlock::add_copy(std::string_view name, std::string_view value) {
  const std::size_t offset = scratch_.size();
  scratch_.append(value);
  add_made(name, offset);
}

void FieldBlock::add_number(std::string_view name, std::size_t value) { add_copy(name, std::to_string(value)); }

void FieldBlock::add_headers(const rpc::Metadata& headers) {
  for (const auto [key, value] : headers) add(key, value);
}

void FieldBlock::add_metadata(const rpc::Metadata& metadata) {
  for (const auto [key, value] : metadata) {
    if (rpc::is_binary_key(key)) {
      const std::size_t offset = scratch_.size();
      rpc::base64_encode(value, scratch_);
      add_made(key, offset);
    } else {
      add(key, value);
    }
  }
}

void FieldBlock::add_status(const rpc::Status& status, std::size_t max_message) {
  add("grpc-status", status_numbers[static_cast<std::size_t>(status.code) % status_numbers.size()]);
  if (status.message.empty()) return;
  const std::size_t offset = scratch_.size();
  rpc::percent_encode(status.message, scratch_);
  if (scratch_.size() - offset > max_message) {
    std::size_t end = offset + max_message;
    // Not inside an escape.
    for (std::size_t back = 1; back <= 2 && back <= max_message; ++back) {
      if (scratch_[end - back] == '%') {
        end -= back;
        break;
      }
    }
    // Nor inside a character: a byte of 10xxxxxx, which is always escaped, goes on with the one before.
    const auto continues = [&](std::size_t at) {
      return scratch_[at] == '%' && std::string_view("89AB").find(scratch_[at + 1]) != std::string_view::npos;
    };
    for (int bytes = 0; bytes < 3 && continues(end) && end - offset >= 3; ++bytes) end -= 3;
    scratch_.resize(end);
  }
  add_made("grpc-message", offset);
}

void FieldBlock::add_made(std::string_view name, std::size_t offset) {
  made_.push_back({fields_.size(), offset, scratch_.size() - offset});
  fields_.push_back({bytes_of(name), nullptr, name.size(), 0, NGHTTP2_NV_FLAG_NO_COPY_NAME});
}

std::span<const nghttp2_nv> FieldBlock::fields() {
  for (const Made& made : made_) {
    fields_[made.field].value = bytes_of(std::string_view(scratch_).substr(made.offset));
    fields_[made.field].valuelen = made.size;
  }
  return fields_;
}

}  // namespace wasm_grpc::http2
