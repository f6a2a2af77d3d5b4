// How a module that speaks an ABI of wazero-grpc-server, or of ext-grpc-server after it, is known.
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
    std::string_view type;
  };

  [[nodiscard]] std::string_view name() const noexcept final { return name_; }
  [[nodiscard]] bool recognises(const wasm::Module& module) const final;
  [[nodiscard]] bool has_import(const wasm::ImportInfo& import) const noexcept final;
  [[nodiscard]] Result<> check(const wasm::Module& module) const final;
  [[nodiscard]] std::vector<std::string> warnings(const wasm::Module& module) const final;

 protected:
  /// Whether the exports that it requires tell the ABI, or are those of another one too.
  enum class Exports : bool { shared, own };
  GuestAbi(std::string_view name, std::span<const Import> imports, std::span<const ExpectedExport> exports,
           Exports whose)
      : name_(name), imports_(imports), exports_(exports), known_by_exports_(whose == Exports::own) {}

 private:
  std::string_view name_;
  std::span<const Import> imports_;
  std::span<const ExpectedExport> exports_;
  bool known_by_exports_;
};

}  // namespace wasm_grpc::abi::pantopic
