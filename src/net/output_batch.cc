#include "net/output_batch.h"

namespace wasm_grpc::net {

namespace {

constexpr std::size_t max_copied = 64 * 1024;
constexpr std::size_t max_size = 256 * 1024;
// The operating system takes many more (IOV_MAX), Asio gathers 64 of them.
constexpr std::size_t max_segments = 62;

}  // namespace

OutputBatch::OutputBatch() {
  copied_.reserve(max_copied + max_copied / 2);
  segments_.reserve(max_segments + 2);
  buffers_.reserve(max_segments + 2);
}

void OutputBatch::clear() noexcept {
  copied_.clear();
  segments_.clear();
  buffers_.clear();
  size_ = 0;
}

bool OutputBatch::full() const noexcept {
  return copied_.size() >= max_copied || size_ >= max_size || segments_.size() >= max_segments;
}

void OutputBatch::copy(std::span<const std::byte> bytes) {
  if (segments_.empty() || segments_.back().outside != nullptr) segments_.push_back({nullptr, copied_.size(), 0});
  segments_.back().size += bytes.size();
  copied_.insert(copied_.end(), bytes.begin(), bytes.end());
  size_ += bytes.size();
}

void OutputBatch::refer(std::span<const std::byte> bytes) {
  segments_.push_back({bytes.data(), 0, bytes.size()});
  size_ += bytes.size();
}

const std::vector<asio::const_buffer>& OutputBatch::buffers() {
  buffers_.clear();
  for (const Segment& segment : segments_) {
    const std::byte* start = segment.outside != nullptr ? segment.outside : copied_.data() + segment.offset;
    buffers_.emplace_back(start, segment.size);
  }
  return buffers_;
}

void OutputBatch::save_rest(std::size_t written, std::vector<std::byte>& out) const {
  out.reserve(out.size() + size_ - written);
  for (const Segment& segment : segments_) {
    if (written >= segment.size) {
      written -= segment.size;
      continue;
    }
    const std::byte* start = segment.outside != nullptr ? segment.outside : copied_.data() + segment.offset;
    out.insert(out.end(), start + written, start + segment.size);
    written = 0;
  }
}

}  // namespace wasm_grpc::net
