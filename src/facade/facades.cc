// The table of facades: a new one is a row.
#include "facade/facades.h"

#include <array>

#include "facade/connect/open.h"
#include "facade/exchange.h"
#include "facade/grpc_web/open.h"
#include "facade/rest/open.h"
#include "wasm_grpc/rpc/method.h"

namespace wasm_grpc::facade {

namespace {

struct Facade {
  Opening (*open)(const Head& head, const rpc::MethodTable& methods, const Tools& tools);
  bool Protocols::* spoken;
};

// In the order they are asked: gRPC-Web and Connect's streams by their content types alone, Connect's other calls by
// the paths of methods too, and what is left by rules.
constexpr std::array<Facade, 3> facades = {
    {{grpc_web::open, &Protocols::grpc_web}, {connect::open, &Protocols::connect}, {rest::open, &Protocols::rest}}};

/// The methods of these paths, as far as the files tell of them.
std::vector<const google::protobuf::MethodDescriptor*> described(
    std::span<const google::protobuf::FileDescriptor* const> files, std::span<const std::string> paths) {
  std::vector<const google::protobuf::MethodDescriptor*> found;
  const google::protobuf::DescriptorPool& pool = *files.front()->pool();
  for (const std::string& path : paths) {
    const auto parts = rpc::parse_method_path(path);
    if (!parts) continue;
    const auto* service = pool.FindServiceByName(std::string(parts->service));
    const auto* method = service == nullptr ? nullptr : service->FindMethodByName(std::string(parts->method));
    if (method != nullptr) found.push_back(method);
  }
  return found;
}

}  // namespace

Result<> Facades::add(std::string_view module, std::span<const google::protobuf::FileDescriptor* const> files,
                      std::span<const std::string> paths, std::shared_ptr<const json::Types> types) {
  if (files.empty()) return success();
  if (types == nullptr) types = std::make_shared<const json::Types>(files);
  const std::vector<const google::protobuf::MethodDescriptor*> methods = described(files, paths);
  if (auto routed = routes.add(methods, module, *types); !routed.ok()) return routed;
  schemas.add(methods, std::move(types));
  return success();
}

bool may_wait_for_answer(std::string_view content_type) noexcept {
  return content_type.starts_with("application/connect+") || content_type.starts_with("application/grpc");
}

Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools, const Protocols& spoken) {
  for (const Facade& facade : facades) {
    if (!(spoken.*facade.spoken)) continue;
    Opening opening = facade.open(head, methods, tools);
    if (opening.exchange != nullptr) opening.exchange->keep(tools.owner);
    if (opening.exchange != nullptr || opening.http_status != 0) return opening;
  }
  return {};
}

}  // namespace wasm_grpc::facade
