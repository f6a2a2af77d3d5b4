// The table of facades: a new one is a row.
#include "facade/facades.h"

#include <array>

#include "facade/connect/open.h"
#include "facade/exchange.h"
#include "facade/grpc_web/open.h"

namespace wasm_grpc::facade {

namespace {

using Open = Opening (*)(const Head& head, const rpc::MethodTable& methods, const Tools& tools);

// In the order they are asked: gRPC-Web and Connect's streams by their content types alone, Connect's other calls by
// the paths of methods too.
constexpr std::array<Open, 2> facades = {grpc_web::open, connect::open};

}  // namespace

bool may_wait_for_answer(std::string_view content_type) noexcept {
  return content_type.starts_with("application/connect+") || content_type.starts_with("application/grpc");
}

Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools) {
  for (const Open ask : facades) {
    Opening opening = ask(head, methods, tools);
    if (opening.exchange != nullptr || opening.http_status != 0) return opening;
  }
  return {};
}

}  // namespace wasm_grpc::facade
