#include "rpc/buffer_pool.h"

#include <utility>

namespace wasm_grpc::rpc {

void BufferPool::reserve(std::vector<std::byte>& buffer, std::size_t size) {
  if (buffer.capacity() >= size) return;
  // The smallest that is large enough.
  auto best = kept_.end();
  for (auto it = kept_.begin(); it != kept_.end(); ++it) {
    if (it->capacity() >= size && (best == kept_.end() || it->capacity() < best->capacity())) best = it;
  }
  if (best == kept_.end()) {
    buffer.reserve(size);
    return;
  }
  bytes_ -= best->capacity();
  best->assign(buffer.begin(), buffer.end());
  buffer.swap(*best);
  best->swap(kept_.back());
  kept_.pop_back();
}

void BufferPool::keep(std::vector<std::byte>& buffer) noexcept {
  std::vector<std::byte> taken = std::move(buffer);
  buffer = {};
  if (kept_.size() >= max_buffers || bytes_ + taken.capacity() > max_bytes) return;
  if (kept_.capacity() < max_buffers) kept_.reserve(max_buffers);
  taken.clear();
  bytes_ += taken.capacity();
  kept_.push_back(std::move(taken));
}

}  // namespace wasm_grpc::rpc
