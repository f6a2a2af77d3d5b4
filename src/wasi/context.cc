#include "wasi/context.h"

namespace wasm_grpc::wasi {

Context::Context(const Sandbox& sandbox, std::string_view module_name, Output& output)
    : sandbox_(sandbox),
      stdout_(output, module_name, false),
      stderr_(output, module_name, true),
      descriptors_(sandbox) {}

Context::~Context() { flush(); }

void Context::flush() noexcept {
  stdout_.flush();
  stderr_.flush();
}

}  // namespace wasm_grpc::wasi
