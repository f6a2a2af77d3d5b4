// The header fields of a request: what they are taken for, and what becomes metadata.
//
// Input: lines "name: value", from which what HTTP/2 itself refuses is left out, as nghttp2 does.
#include "http2/session/request_head.h"

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http2/session/field_block.h"
#include "require.h"
#include "rpc/method_table.h"

namespace {

constexpr std::size_t max_list_size = 2048;

class NoHandler final : public wasm_grpc::rpc::Handler {
 public:
  void start(wasm_grpc::rpc::Call&) noexcept override {}
};

const std::uint8_t* octets(std::string_view text) { return reinterpret_cast<const std::uint8_t*>(text.data()); }

bool passes_http2(std::string_view name, std::string_view value) {
  return nghttp2_check_header_name(octets(name), name.size()) != 0 &&
         nghttp2_check_header_value(octets(value), value.size()) != 0;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace wasm_grpc;
  using fuzz::require;
  NoHandler handler;
  rpc::MethodTable methods;
  require(methods.add({"/test.Test/Unary", rpc::MethodKind::unary, &handler}).ok(), "the method is added");
  require(methods.add({"/http", rpc::MethodKind::http, &handler}).ok(), "the path of HTTP is added");

  http2::RequestHead head;
  rpc::Metadata metadata;
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (!input.empty()) {
    const std::string_view line = input.substr(0, input.find('\n'));
    input.remove_prefix(line.size() == input.size() ? line.size() : line.size() + 1);
    const std::size_t colon = line.find(": ", 1);
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = line.substr(colon + 2);
    if (passes_http2(name, value)) head.add(name, value, max_list_size, metadata);
  }
  const auto refusal = head.judge(methods, max_list_size, metadata);
  if (!refusal && head.method() == methods.find_http("/http")) {
    require(head.target().starts_with("/http"), "a path is served where it was declared");
    require(!head.http_method().empty(), "a request of HTTP has a method");
  } else if (!refusal) {
    require(head.method() == methods.find("/test.Test/Unary"), "a request that is served names a method");
    require(metadata.byte_size() <= max_list_size, "metadata is no more than the header fields it came from");
    if (head.timeout()) require(head.timeout()->count() >= 0, "no timeout is negative");
    for (const auto [key, value] : metadata) {
      require(!rpc::is_reserved_key(key) || key == "grpc-previous-rpc-attempts" || key == "grpc-trace-bin",
              "no key of the protocol becomes metadata, but those that are meant for handlers");
      if (!rpc::is_binary_key(key)) require(rpc::is_valid_ascii_value(value), "metadata that is text is printable");
    }
    http2::FieldBlock block;
    block.add_metadata(metadata);
    require(block.fields().size() == metadata.size(), "metadata can be sent back");
  }
  head.reset();
  return 0;
}
