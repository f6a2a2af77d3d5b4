// GET /openapi.json: what is served, for tools that know HTTP and JSON.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "openapi/part.h"
#include "runtime/generations/served_module.h"
#include "wasm_grpc/rpc/call.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {

inline constexpr std::string_view openapi_path = "/openapi.json";

/// The part of a module, ServedModule::openapi: of the services that it serves and describes.
[[nodiscard]] std::shared_ptr<const openapi::Part> openapi_part(const ServedModule& module);
/// Of all modules. It costs little where their parts fit together, as those of modules that know nothing of each other
/// do.
[[nodiscard]] std::string openapi_document(std::span<const std::shared_ptr<const ServedModule>> modules);

/// Answers GET and HEAD with the document of JSON that `current` points to; it outlives the handler, and is changed on
/// its thread only.
class DocumentHandler final : public rpc::Handler {
 public:
  explicit DocumentHandler(const std::shared_ptr<const std::string>& current) : document_(current) {}
  void start(rpc::Call& call) noexcept override;

 private:
  const std::shared_ptr<const std::string>& document_;
};

}  // namespace wasm_grpc::runtime
