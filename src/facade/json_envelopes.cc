#include "facade/json_envelopes.h"

#include <algorithm>

#include "facade/frames.h"

namespace wasm_grpc::facade {

namespace {

std::size_t length_of(std::string_view envelope) { return rpc::read_length(std::as_bytes(std::span(envelope)).data()); }

}  // namespace

rpc::Status JsonEnvelopes::take(std::span<const std::byte> body, std::vector<std::byte>& frames) {
  std::string_view bytes = text_of(body);
  while (!bytes.empty()) {
    std::size_t wanted = rpc::prefix_size - std::min(rpc::prefix_size, envelope_.size());
    if (wanted == 0) wanted = rpc::prefix_size + length_of(envelope_) - envelope_.size();
    const std::size_t more = std::min(wanted, bytes.size());
    envelope_.append(bytes.substr(0, more));
    bytes.remove_prefix(more);
    if (envelope_.size() < rpc::prefix_size) continue;
    const std::size_t length = length_of(envelope_);
    if (length > max_size_) {
      envelope_.clear();  // nor is more of it wanted
      return {rpc::StatusCode::resource_exhausted, "the request message has " + std::to_string(length) +
                                                       " bytes; this server accepts at most " +
                                                       std::to_string(max_size_)};
    }
    if (envelope_.size() < rpc::prefix_size + length) continue;
    const rpc::Status status = take_envelope(frames);
    if (length > std::size_t{4096}) {
      std::string().swap(envelope_);
    } else {
      envelope_.clear();
    }
    if (!status.ok()) return status;
  }
  return {};
}

rpc::Status JsonEnvelopes::take_envelope(std::vector<std::byte>& frames) {
  const auto flags = static_cast<unsigned>(static_cast<unsigned char>(envelope_.front()));
  if (flags > 1) {
    return {rpc::StatusCode::invalid_argument, "the request message begins with flags " + std::to_string(flags) +
                                                   "; expected 0 (not compressed) or 1 (compressed)"};
  }
  if (flags == 1 && encoding_ == rpc::Encoding::identity) {
    return {rpc::StatusCode::internal, "the request message is marked compressed, but no field names a compression"};
  }
  const std::string_view text = std::string_view(envelope_).substr(rpc::prefix_size);
  return messages_.read(text, flags == 1 && !text.empty() ? encoding_ : rpc::Encoding::identity, frames);
}

rpc::Status JsonEnvelopes::end() const {
  if (envelope_.empty()) return {};
  return {rpc::StatusCode::invalid_argument, "the request ended in the middle of a message"};
}

std::size_t JsonEnvelopes::missing() const noexcept {
  if (envelope_.size() < rpc::prefix_size) return 0;
  return rpc::prefix_size + length_of(envelope_) - envelope_.size();
}

rpc::Status JsonEnvelopes::translate(std::span<const std::byte> frames, std::string& body) const {
  std::string message;
  while (const auto frame = take_frame(frames)) {
    message.clear();
    if (rpc::Status status = messages_.write(frame->message, message); !status.ok()) return status;
    const bool compressed = gzip_ && messages_.compress(message);
    append_frame(body, compressed ? compressed_flag : std::byte{0}, message);
  }
  return {};
}

}  // namespace wasm_grpc::facade
