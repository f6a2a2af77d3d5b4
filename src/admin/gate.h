// Who is let in at the admin address.
#pragma once

#include <string>
#include <string_view>

#include "wasm_grpc/admin_options.h"
#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::admin {

/// Decides by the token, where there is one. Where there is none, only this machine can ask; then it also keeps out web
/// pages whose names were made to point here (DNS rebinding): they ask for a name that is not this machine's.
class Gate {
 public:
  /// Reads the token file, to refuse one that is no good from the start.
  [[nodiscard]] static Result<Gate> open(const AdminOptions& options);

  /// Whether it may listen beyond this machine.
  [[nodiscard]] bool guards() const noexcept { return !token_file_.empty() || without_token_; }

  enum class Verdict : std::uint8_t { may, no_token, wrong_name };
  [[nodiscard]] Verdict judge(const rpc::Call& call) const;
  /// What judge() looks at: whom a request is for, and its Authorization.
  [[nodiscard]] Verdict judge(bool over_unix_socket, std::string_view authority, std::string_view authorization) const;

 private:
  explicit Gate(const AdminOptions& options) : token_file_(options.token_file), without_token_(options.without_token) {}

  std::string token_file_;
  bool without_token_ = false;
};

}  // namespace wasm_grpc::admin
