// The header fields of a request: what they ask for, and whether we can answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "facade/exchange.h"
#include "rpc/method_table.h"
#include "wasm_grpc/protocols.h"
#include "wasm_grpc/rpc/encoding.h"
#include "wasm_grpc/rpc/metadata.h"
#include "wasm_grpc/rpc/status.h"

namespace wasm_grpc::facade::rest {
class Routes;
}

namespace wasm_grpc::http2 {

/// What the server answers to a request by itself, which no handler sees: mostly why it is not served. `http_status` 0
/// is an answer in gRPC's terms, by `status`; any other is plain HTTP for a client that does not speak gRPC, with the
/// message as its body.
struct OwnAnswer {
  int http_status = 0;
  rpc::Status status;
  bool after_request = false;    // answered when the request is complete, as web servers do, rather than at once
  std::string allow = {};        // with 405: what is allowed
  std::string accept_post = {};  // with 415: the content types that are
  bool preflight = false;        // it is the answer to one of CORS
  // What a gate says besides.
  std::string challenge = {};                                 // with UNAUTHENTICATED
  std::optional<std::chrono::milliseconds> retry_after = {};  // with RESOURCE_EXHAUSTED
};

/// Reads the fields of one request one by one (PROTOCOL-HTTP2.md, "Requests"), then judges the whole: whether it is one
/// of gRPC, or of HTTP for a method of that kind. Reused: reset() keeps its storage.
class RequestHead {
 public:
  void reset() noexcept;

  /// Takes one field. The name is lower-case and the value free of control characters: nghttp2 has seen to it, or
  /// MessageRules. User metadata goes into `metadata`. Fields past `max_list_size` are only counted.
  void add(std::string_view name, std::string_view value, std::size_t max_list_size, rpc::Metadata& metadata);

  /// To be called after the last field, with the same `metadata`: what is answered without a handler, or nothing. The
  /// metadata of gRPC is then decoded; to that of HTTP the content-type is added. `tools` are those of the facades;
  /// nullptr: there are none. What is not `spoken` is refused.
  [[nodiscard]] std::optional<OwnAnswer> judge(const rpc::MethodTable& methods, std::size_t max_list_size,
                                               rpc::Metadata& metadata, const facade::Tools* tools = nullptr,
                                               const Protocols& spoken = Protocols());

  /// What the request asks for; after judge() found nothing.
  [[nodiscard]] const rpc::Method* method() const noexcept { return method_; }
  [[nodiscard]] std::optional<std::chrono::nanoseconds> timeout() const noexcept { return timeout_; }
  /// After judge(): what speaks with the client, in whatever way; nullptr where that is gRPC or HTTP.
  [[nodiscard]] std::unique_ptr<facade::Exchange> take_exchange() noexcept { return std::move(exchange_); }
  [[nodiscard]] bool has_exchange() const noexcept { return exchange_ != nullptr; }
  [[nodiscard]] std::string& authority() noexcept { return authority_; }
  /// rpc::Request::content_subtype.
  [[nodiscard]] std::string& content_subtype() noexcept { return content_subtype_; }
  [[nodiscard]] bool is_head_request() const noexcept { return http_method_ == "HEAD"; }
  /// The HTTP method, and the path with its query.
  [[nodiscard]] std::string_view http_method() const noexcept {
    return http_method_.empty() ? "POST" : std::string_view(http_method_);
  }
  [[nodiscard]] std::string_view target() const noexcept { return path_; }
  /// True when fields were left out, being more than that.
  [[nodiscard]] bool is_larger_than(std::size_t max_list_size) const noexcept { return list_size_ > max_list_size; }
  /// How the client compresses its messages.
  [[nodiscard]] rpc::Encoding encoding() const noexcept { return encoding_; }
  /// What it accepts in return; that includes what it uses itself (grpc/doc/compression.md).
  [[nodiscard]] rpc::EncodingSet accepted_encodings() const noexcept { return accepted_encodings_; }
  /// True when the client sent forwarded_certificate_key.
  [[nodiscard]] bool has_forwarded_certificate() const noexcept { return has_forwarded_certificate_; }
  /// Fields that were dropped, since gRPC allows no such values.
  [[nodiscard]] std::size_t dropped_fields() const noexcept { return dropped_; }
  /// True when the client spoke of compression: the answer then says which we have.
  [[nodiscard]] bool mentions_encodings() const noexcept { return mentions_encodings_; }

 private:
  void take_encoding(std::string_view value);
  void add_metadata(std::string_view key, std::string_view value, rpc::Metadata& metadata);
  /// Makes metadata of gRPC of what came: binary values are decoded, fields that cannot be metadata dropped.
  void decode(rpc::Metadata& metadata);
  void decode_value(std::string_view key, std::string_view value, rpc::Metadata& metadata);
  void take_content_type(std::string_view value);
  static void rewrite_for_http(rpc::Metadata& metadata);
  [[nodiscard]] rpc::Status judge_grpc_fields() const;
  [[nodiscard]] std::optional<OwnAnswer> judge_metadata(rpc::Metadata& metadata);
  [[nodiscard]] std::optional<OwnAnswer> judge_http(const rpc::MethodTable& methods, rpc::Metadata& metadata,
                                                    const facade::Tools* tools, const Protocols& spoken);
  [[nodiscard]] OwnAnswer refuse_type(const Protocols& spoken) const;
  [[nodiscard]] bool is_ruled(const facade::rest::Routes& routes, const rpc::Metadata& metadata) const;
  [[nodiscard]] facade::Opening open_facade(const rpc::MethodTable& methods, rpc::Metadata& metadata,
                                            const facade::Tools& tools, const Protocols& spoken) const;
  [[nodiscard]] std::optional<OwnAnswer> take_opening(facade::Opening&& opening, rpc::Metadata& metadata);

  const rpc::Method* method_ = nullptr;
  std::size_t list_size_ = 0;
  std::string path_;
  std::string authority_;
  std::string http_method_;       // empty for POST
  std::string content_type_;      // kept when it is not application/grpc
  std::string content_subtype_;   // of one that is; empty for protobuf
  std::string unknown_encoding_;  // quoted
  std::string metadata_error_;
  rpc::Encoding encoding_ = rpc::Encoding::identity;
  rpc::EncodingSet accepted_encodings_;
  bool mentions_encodings_ = false;
  bool is_grpc_ = false;
  bool has_encoded_ = false;  // metadata has binary values in base64
  bool has_forwarded_certificate_ = false;
  bool has_unfit_ = false;  // or values that gRPC does not allow
  std::uint32_t content_types_ = 0;
  std::size_t dropped_ = 0;
  bool timeout_malformed_ = false;
  std::optional<std::chrono::nanoseconds> timeout_;
  std::unique_ptr<facade::Exchange> exchange_;
};

}  // namespace wasm_grpc::http2
