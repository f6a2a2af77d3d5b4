#include "json/wire/output.h"

namespace wasm_grpc::json {

namespace {

/// Regions up to this size are moved at once: their bytes are near, and are moved once for each level of nesting.
constexpr std::size_t small_region = 4096;

std::size_t varint_size(std::size_t value) {
  std::size_t size = 1;
  for (; value > 0x7F; value >>= 7) ++size;
  return size;
}

}  // namespace

std::size_t ByteOutput::close_longer(Region region, std::size_t size) {
  if (size >= small_region) {
    large_.push_back({region.start, size});
    later_ += varint_size(size) - 1;
    return 0;
  }
  // Nothing within is left for later, as it would not be small.
  std::uint8_t* const end = room(1);
  std::uint8_t* const contents = end - size;
  std::memmove(contents + 1, contents, size);
  static_cast<void>(put_varint(size, contents - 1));
  ++at_;
  return 1;
}

void ByteOutput::finish() {
  if (large_.empty()) {
    out_.resize(at_);
    return;
  }
  std::sort(large_.begin(), large_.end(), [](const Later& a, const Later& b) { return a.start > b.start; });
  std::size_t from = at_;         // what is before it is not moved yet
  std::size_t to = at_ + later_;  // where it goes
  out_.resize(std::max(out_.size(), to));
  const std::size_t end = to;
  auto* const bytes = reinterpret_cast<std::uint8_t*>(out_.data());
  for (const Later& region : large_) {
    const std::size_t contents = region.start + 1;
    to -= from - contents;
    std::memmove(bytes + to, bytes + contents, from - contents);
    to -= varint_size(region.size);
    static_cast<void>(put_varint(region.size, bytes + to));
    from = region.start;
  }
  out_.resize(end);
}

void ByteOutput::grow(std::size_t more) { out_.resize(std::max(at_ + more, out_.size() + out_.size() / 2 + 64)); }

}  // namespace wasm_grpc::json
