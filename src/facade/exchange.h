// One request in a protocol that is not gRPC, on its way to an rpc::Call and back.
//
// A call speaks gRPC: messages, each behind a prefix of five bytes (its "frame"), go in and come out, and at the end
// there is a status with trailers. A facade turns the body of a request into such frames, and frames, status and
// trailers into the body of its answer. So whatever holds for calls (limits, deadlines, flow control, counters, where
// guests run) holds for every protocol, and a handler does not know by which one it was called.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "rpc/method_table.h"
#include "wasm_grpc/protocols.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/response.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::rpc {
class Codec;
}

namespace wasm_grpc::facade {

struct Facades;

/// Made by a facade for one request. Belongs to its stream, and to one thread.
class Exchange {
 public:
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  virtual ~Exchange() = default;

  // ---- The request ----

  /// Takes the next bytes of the body, in any portions, and appends what they are in frames, whole or in part. A status
  /// that is not ok is what the call is answered with.
  [[nodiscard]] virtual rpc::Status take(std::span<const std::byte> body, std::vector<std::byte>& frames) = 0;
  /// The body has ended.
  [[nodiscard]] virtual rpc::Status end(std::vector<std::byte>& frames) = 0;
  /// Bytes of the body that it keeps, since they are not yet a frame.
  [[nodiscard]] virtual std::size_t held() const noexcept { return 0; }
  /// How many bytes of the body are still to come of a message that has begun, of whose frame `frame_bytes` are
  /// missing.
  [[nodiscard]] virtual std::size_t missing(std::size_t frame_bytes) const noexcept { return frame_bytes; }

  // ---- The answer ----

  /// True where the answer begins by what is known at its end: translate() then gets all of it, before head().
  [[nodiscard]] virtual bool answers_whole() const noexcept { return false; }
  /// True where frames are the body as they are: translate() is not called.
  [[nodiscard]] virtual bool passes_frames() const noexcept { return false; }
  /// True where status and trailers follow the body as in gRPC.
  [[nodiscard]] virtual bool ends_in_trailers() const noexcept { return false; }
  /// Adds the header fields, with binary values in base64, and returns the HTTP status.
  [[nodiscard]] virtual int head(const rpc::Response& response, rpc::Metadata& fields) = 0;
  /// Appends to the body what whole frames are. A status that is not ok takes the place of that of the response.
  [[nodiscard]] virtual rpc::Status translate(std::span<const std::byte> frames, std::string& body) = 0;
  /// Appends to the body how the answer ends.
  virtual void finish(const rpc::Response& response, std::string& body) = 0;

  /// Has what it refers to live as long as it does.
  void keep(std::shared_ptr<const Facades> facades) noexcept { facades_ = std::move(facades); }

 protected:
  Exchange() = default;

 private:
  std::shared_ptr<const Facades> facades_;
};

/// What exchanges use of the worker they are on, which outlives them.
struct Tools {
  const Facades& facades;
  rpc::Codec& codec;
  std::size_t max_message_size;
  /// Keeps the facades, which exchanges refer to. It counts those of one worker only, so that workers do not share a
  /// count. nullptr: they outlive the exchanges.
  std::shared_ptr<const Facades> owner = nullptr;
};

/// The head of a request that is not gRPC over HTTP/2.
struct Head {
  std::string_view http_method;
  std::string_view target;
  std::string_view content_type;
  /// All other fields, but those of HTTP/2 and gRPC, as they came: binary values are not decoded.
  rpc::Metadata& fields;
  // What gRPC's own fields said, for those that share them; `grpc_refusal` is what is wrong with them.
  const rpc::Status& grpc_refusal;
  rpc::Encoding grpc_encoding;
  rpc::EncodingSet grpc_accepted;
  std::optional<std::chrono::nanoseconds> grpc_timeout;
};

/// What a facade makes of a head.
struct Opening {
  /// nullptr: it is not this facade's, or `http_status` says why it is not served.
  std::unique_ptr<Exchange> exchange;
  /// nullptr where `refusal` says why.
  const rpc::Method* method = nullptr;
  rpc::Status refusal;
  std::optional<std::chrono::nanoseconds> timeout;
  rpc::Encoding encoding = rpc::Encoding::identity;
  rpc::EncodingSet accepted;

  /// Plain HTTP, with the text of `refusal`; 0: none.
  int http_status = 0;
  std::string_view header_name = {};  // of a literal
  std::string header_value = {};
};

/// True for content types whose clients may read answers before they end the request. Others are to be answered after
/// it: curl takes an answer for none that comes before.
[[nodiscard]] bool may_wait_for_answer(std::string_view content_type) noexcept;

/// `head` opened by the facade whose it is, of those that are spoken. Takes the fields that are the protocol's own out
/// of head.fields.
[[nodiscard]] Opening open(const Head& head, const rpc::MethodTable& methods, const Tools& tools,
                           const Protocols& spoken = Protocols());

}  // namespace wasm_grpc::facade
