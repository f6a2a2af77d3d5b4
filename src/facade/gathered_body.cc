#include "facade/gathered_body.h"

#include <algorithm>
#include <charconv>

#include "facade/frames.h"

namespace wasm_grpc::facade {

namespace {

// Where the length is not known, and this much has come: a window more.
constexpr std::size_t much = std::size_t{32} << 10;
constexpr std::size_t window = std::size_t{64} << 10;

}  // namespace

GatheredBody::GatheredBody(const rpc::Metadata& fields, std::size_t max_size) : max_size_(max_size) {
  const auto text = fields.get("content-length");
  if (!text) return;
  std::size_t length = 0;
  const auto [end, wrong] = std::from_chars(text->data(), text->data() + text->size(), length);
  if (wrong == std::errc() && end == text->data() + text->size()) length_ = length;
}

rpc::Status GatheredBody::add(std::span<const std::byte> bytes) {
  if (length_.value_or(0) > max_size_ || bytes.size() > max_size_ - text_.size()) {
    const std::string size = length_ ? std::to_string(*length_) : "more than " + std::to_string(max_size_);
    return {rpc::StatusCode::resource_exhausted,
            "the request message has " + size + " bytes; this server accepts at most " + std::to_string(max_size_)};
  }
  if (text_.empty() && length_) text_.reserve(*length_);
  text_.append(text_of(bytes));
  return {};
}

std::size_t GatheredBody::missing() const noexcept {
  // Of one that is too large only what it takes to find that.
  if (length_) return std::min(*length_, max_size_ + 1) - std::min(text_.size(), *length_);
  return text_.size() >= much ? std::min(window, max_size_ + 1 - text_.size()) : 0;
}

}  // namespace wasm_grpc::facade
