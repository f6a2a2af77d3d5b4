// Calls that who asks the admin address makes from there, to try a method.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/result.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::admin {

/// A call that is wanted.
struct Attempt {
  std::string path;
  std::string request;  // JSON
  /// Of keys and values that gRPC allows.
  rpc::Metadata metadata;
  std::chrono::milliseconds timeout{0};
};

/// What became of it.
struct Outcome {
  rpc::Status status;
  rpc::Metadata headers;
  rpc::Metadata trailers;
  std::vector<std::string> messages;  // in the wire format
  /// More messages came than are kept, and the call was cancelled.
  bool is_cut = false;
  std::chrono::duration<double> time{0};
  /// A message as JSON; the error says why it is none. From any thread.
  std::function<Result<std::string>(const std::string& message)> to_json;
};

/// How the server makes them: as a client of this machine would, with all that is asked of clients. Used on the admin's
/// thread.
class Trials {
 public:
  /// Messages of an answer that are kept, and bytes of them.
  static constexpr std::size_t most_messages = 100;
  static constexpr std::size_t most_bytes = std::size_t{256} << 10;

  virtual ~Trials() = default;

  struct Method {
    std::string path;
    rpc::MethodKind kind = rpc::MethodKind::unary;
  };
  /// Those that can be tried: they take one request, and it is known what it looks like.
  [[nodiscard]] virtual std::vector<Method> methods() const = 0;
  /// A request of the method to be filled in, as JSON; nothing where it is none of those.
  [[nodiscard]] virtual std::optional<std::string> example(std::string_view path) const = 0;

  /// Told once, on another thread; not at all when the server stops before.
  using Done = std::function<void(Outcome outcome)>;
  /// Ends the call, when it has not ended. From any thread, as long as the server is there.
  using Cancel = std::function<void()>;
  /// Makes the call. The error says what is wrong with the attempt, for who makes it.
  [[nodiscard]] virtual Result<Cancel> begin(const Attempt& attempt, Done done) = 0;
};

}  // namespace wasm_grpc::admin
