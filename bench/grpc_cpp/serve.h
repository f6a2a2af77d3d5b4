// What the servers over grpc++ have in common.
#pragma once

#include <functional>
#include <string>

namespace grpc {
class ServerBuilder;
}

namespace wasm_grpc::bench {

/// Serves what `add` registers, which says whether it could, at that address until SIGTERM. Returns the exit code.
int serve(const char* program, const std::string& address, const std::function<bool(grpc::ServerBuilder&)>& add);

}  // namespace wasm_grpc::bench
