// Guests of wazero-grpc-server as text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "abi/guest_fixture.h"

namespace wasm_grpc::abi::pantopic {

/// Where the guests below have their buffers, in one page of memory.
namespace place {
inline constexpr std::uint32_t method_cap = 64;
inline constexpr std::uint32_t method_len = 68;
inline constexpr std::uint32_t message_cap = 72;
inline constexpr std::uint32_t message_len = 76;
inline constexpr std::uint32_t error_code = 80;
inline constexpr std::uint32_t method = 128;
inline constexpr std::uint32_t message = 4096;
}  // namespace place

/// What a guest says of itself in its start.
struct Description {
  std::string services = "/test.Service/u.Method";
  std::array<std::uint32_t, 7> table = {place::method_cap,  place::method_len, place::method,    place::message_cap,
                                        place::message_len, place::message,    place::error_code};
  std::uint32_t address = 0;  // of the table
  std::uint32_t method_capacity = 256;
  std::uint32_t message_capacity = 256;
};

inline std::string data(std::uint32_t at, std::string_view bytes) {
  static constexpr std::string_view digits = "0123456789abcdef";
  std::string text = "(data (i32.const " + std::to_string(at) + ") \"";
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += {'\\', digits[value >> 4], digits[value & 15]};
  }
  return text + "\")";
}

inline std::string data(std::uint32_t at, std::uint32_t value) {
  return data(at, std::string_view(reinterpret_cast<const char*>(&value), sizeof(value)));
}

/// The memory, the export that describes it, and for the code of tests: $code and $len set the error code and the
/// length of the message, $add makes the first byte of the message larger.
inline std::string described(std::string_view describe_export, const Description& description = {}) {
  std::string text = "(memory (export \"memory\") 1 1)";
  for (std::uint32_t i = 0; i < description.table.size(); ++i) text += data(4 * i, description.table[i]);
  text += data(place::method_cap, description.method_capacity) + data(place::message_cap, description.message_capacity);
  text += data(place::message_len, static_cast<std::uint32_t>(description.services.size()));
  text += data(place::message, description.services);
  return text + "(func (export \"" + std::string(describe_export) + "\") (result i32) (i32.const " +
         std::to_string(description.address) + R"())
    (func $code (param i32) (i32.store (i32.const 80) (local.get 0)))
    (func $len (param i32) (i32.store (i32.const 76) (local.get 0)))
    (func $add (param i32)
      (i32.store8 (i32.const 4096) (i32.add (i32.load8_u (i32.const 4096)) (local.get 0)))))";
}

inline std::string function(std::string_view name, std::string_view body) {
  return "(func (export \"" + std::string(name) + "\") " + std::string(body) + ")";
}

inline std::string push_text(std::string_view functions, const Description& description = {}) {
  return R"((module (import "pantopic/wazero-grpc-server" "__grpc_server_send" (func $send)))" +
         described("__grpc_server", description) + std::string(functions) + ")";
}

/// $send_at sends so many bytes of its memory.
inline std::string ext_text(std::string_view functions, const Description& description = {},
                            std::string_view import_module = "pantopic/ext-grpc-server") {
  return "(module (import \"" + std::string(import_module) + R"(" "__grpc_server_send" (func $send (param i64)))
    (func $send_at (param $at i32) (param $size i32)
      (call $send (i64.or (i64.shl (i64.extend_i32_u (local.get $at)) (i64.const 32))
                          (i64.extend_i32_u (local.get $size))))))" +
         described("__grpc_server", description) + std::string(functions) + ")";
}

inline std::string pull_text(std::string_view call, const Description& description = {}) {
  return R"((module (import "grpc" "Recv" (func $recv)) (import "grpc" "Send" (func $send)))" +
         described("__grpcServerInit", description) + function("__grpcServerCall", call) + ")";
}

/// The client sends its one message.
inline void ask(TestCall& call, std::string_view message) {
  call.client_sends(message);
  call.client_ends();
}

}  // namespace wasm_grpc::abi::pantopic
