// The functions of wasm_grpc_client_1 as guests in text import them.
#pragma once

#include <string_view>

namespace wasm_grpc::abi {

inline constexpr std::string_view client_imports = R"(
    (import "wasm_grpc_client_1" "require" (func $require (param i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "open" (func $open (param i32 i32 i32 i32 i32 i64 i32 i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "send" (func $client_send (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "half_close" (func $half_close (param i32) (result i32)))
    (import "wasm_grpc_client_1" "recv" (func $client_recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "metadata_get" (func $metadata_get (param i32 i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "metadata_list" (func $metadata_list (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "status" (func $status (param i32) (result i32)))
    (import "wasm_grpc_client_1" "info" (func $info (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_client_1" "cancel" (func $cancel (param i32) (result i32)))
    (import "wasm_grpc_client_1" "close" (func $close (param i32) (result i32)))
    (import "wasm_grpc_client_1" "wait_any" (func $wait_any (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_client_1" "wait_fd" (func $wait_fd (param i32 i32) (result i32)))
)";

}  // namespace wasm_grpc::abi
