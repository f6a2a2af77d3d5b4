// What WASI keeps for one instance.
#pragma once

#include <memory>
#include <string_view>

#include "wasi/descriptor.h"
#include "wasi/line_buffer.h"
#include "wasi/output.h"
#include "wasi/sandbox.h"

namespace wasm_grpc::wasm {
class Instance;
}

namespace wasm_grpc::wasi {

/// One instance's file descriptors and half-printed lines. Made without a call to the system. Used by the thread that
/// runs the instance. Attach it by instance.set_host_data(wasm::HostSlot::wasi, &context) before the guest runs; it
/// outlives the instance.
class Context {
 public:
  /// `sandbox`, `output` and the bytes of `module_name` outlive it.
  Context(const Sandbox& sandbox, std::string_view module_name, Output& output);
  /// Flushes.
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  /// Gives the output what the guest has printed without ending the line.
  void flush() noexcept;

  [[nodiscard]] const Sandbox& sandbox() const noexcept { return sandbox_; }
  [[nodiscard]] DescriptorTable& descriptors() noexcept { return descriptors_; }
  [[nodiscard]] LineBuffer& stdout_lines() noexcept { return stdout_; }
  [[nodiscard]] LineBuffer& stderr_lines() noexcept { return stderr_; }

 private:
  const Sandbox& sandbox_;
  LineBuffer stdout_;
  LineBuffer stderr_;
  DescriptorTable descriptors_;
};

}  // namespace wasm_grpc::wasi
