// How many files of the host the instances of one module may have open, so that no guest takes the descriptors that the
// host needs for its clients.
#pragma once

#include <atomic>
#include <cstddef>
#include <utility>

#include "wasi/unique_fd.h"

namespace wasm_grpc::wasi {

/// Thread-safe.
class FileBudget {
 public:
  explicit FileBudget(std::size_t max_open) : left_(static_cast<std::ptrdiff_t>(max_open)) {}

  [[nodiscard]] bool take() noexcept {
    if (left_.fetch_sub(1, std::memory_order_relaxed) > 0) return true;
    give_back();
    return false;
  }
  void give_back() noexcept { left_.fetch_add(1, std::memory_order_relaxed); }

 private:
  std::atomic<std::ptrdiff_t> left_;
};

/// An open file of a guest, counted while it is open. The budget outlives it.
class GuestFile {
 public:
  GuestFile() = default;
  /// Takes over `fd`, and one take() of `budget`.
  GuestFile(UniqueFd fd, FileBudget& budget) noexcept : fd_(std::move(fd)), budget_(&budget) {}
  GuestFile(GuestFile&& other) noexcept : fd_(std::move(other.fd_)), budget_(std::exchange(other.budget_, nullptr)) {}
  GuestFile& operator=(GuestFile&& other) noexcept {
    GuestFile closing(std::move(*this));
    fd_ = std::move(other.fd_);
    budget_ = std::exchange(other.budget_, nullptr);
    return *this;
  }
  ~GuestFile() {
    if (budget_ != nullptr) budget_->give_back();
  }

  [[nodiscard]] int get() const noexcept { return fd_.get(); }
  explicit operator bool() const noexcept { return static_cast<bool>(fd_); }

 private:
  UniqueFd fd_;
  FileBudget* budget_ = nullptr;
};

}  // namespace wasm_grpc::wasi
