// How a module that speaks an ABI of wazero-grpc-server is known.
#pragma once

#include <span>
#include <string_view>

#include "abi/abi.h"
#include "abi/expected_exports.h"

namespace wasm_grpc::abi::pantopic {

/// What the ABIs are beside their bindings. The texts and the list live as long as the program.
class GuestAbi : public Abi {
 public:
  struct Import {
    std::string_view module;
    std::string_view name;
  };

  [[nodiscard]] std::string_view name() const noexcept final { return name_; }
  [[nodiscard]] bool recognises(const wasm::Module& module) const final;
  [[nodiscard]] bool has_import(std::string_view module, std::string_view name) const noexcept final;
  [[nodiscard]] Result<> check(const wasm::Module& module) const final;
  [[nodiscard]] std::vector<std::string> warnings(const wasm::Module& module) const final;

 protected:
  GuestAbi(std::string_view name, std::span<const Import> imports, std::span<const ExpectedExport> exports)
      : name_(name), imports_(imports), exports_(exports) {}

 private:
  std::string_view name_;
  std::span<const Import> imports_;
  std::span<const ExpectedExport> exports_;
};

}  // namespace wasm_grpc::abi::pantopic
