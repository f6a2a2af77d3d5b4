// Guests that call others, as WebAssembly text, and servers of several of them.
#pragma once

#include <gtest/gtest.h>

#include <charconv>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "abi/client_imports.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc::runtime {

/// Where the texts of a calling guest lie in its memory, as operands of a call: "(i32.const 256) (i32.const 4)".
inline std::string at(int place, std::string_view text) {
  return "(i32.const " + std::to_string(place) + ") (i32.const " + std::to_string(text.size()) + ")";
}

/// What a guest that calls is made of. Its service is test.NAME, with the one method Method.
struct CallingGuest {
  std::string name;
  /// Of the target and the path that $open_next calls.
  std::string target = "next";
  std::string path = "/test.next/Method";
  /// Of wasm_grpc_call, with $call and $tag; $made and $n are free.
  std::string body = "";
  /// What else is in the module.
  std::string more = "";
  /// In wasm_grpc_start.
  std::string start = "";
  int kind = 0;
  /// 0: handlers, 1: events.
  int style = 0;

  [[nodiscard]] std::string own_path() const { return "/test." + name + "/Method"; }

  [[nodiscard]] std::string text() const {
    const std::string served = style == 0 ? R"((func (export "wasm_grpc_call") (param $call i32) (param $tag i32)
      (result i32) (local $made i32) (local $n i32) )" +
                                                body + ")"
                                          : "";
    return R"((module
    (import "wasm_grpc_1" "method" (func $method (param i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "recv" (func $recv (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "send" (func $send (param i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "wait" (func $wait (param i32 i32 i64) (result i32)))
    (import "wasm_grpc_1" "finish" (func $finish (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "info" (func $served_info (param i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "deadline" (func $deadline (param i32) (result i64)))
    (import "wasm_grpc_1" "metadata_get" (func $served_metadata (param i32 i32 i32 i32 i32 i32) (result i32)))
    (import "wasm_grpc_1" "metadata_add" (func $metadata_add (param i32 i32 i32 i32 i32 i32) (result i32)))
)" + std::string(abi::client_imports) +
           R"(
    (memory (export "memory") 1 16)
    (data (i32.const 16) ")" +
           own_path() + R"(")
    (data (i32.const 256) ")" +
           target + R"(")
    (data (i32.const 512) ")" +
           path + R"(")
    (global $at (mut i32) (i32.const 4096))
    ;; Notes an answer, to be reported.
    (func $note (param i32) (i32.store (global.get $at) (local.get 0))
                            (global.set $at (i32.add (global.get $at) (i32.const 4))))
    ;; Sends the answers noted so far as one message.
    (func $report (param $call i32)
      (drop (call $send (local.get $call) (i32.const 4096) (i32.sub (global.get $at) (i32.const 4096))))
      (global.set $at (i32.const 4096)))
    ;; Opens a call of the next one, made for $parent.
    (func $open_next (param $kind i32) (param $timeout i64) (param $parent i32) (result i32)
      (call $open )" +
           at(256, target) + " " + at(512, path) + R"( (local.get $kind) (local.get $timeout) (local.get $parent)
        (i32.const 0) (i32.const 0)))
    ;; Waits until one of the interests of a call holds.
    (func $await (param $made i32) (param $interests i32) (result i32)
      (i32.store (i32.const 1024) (local.get $made)) (i32.store (i32.const 1028) (local.get $interests))
      (call $wait_any (i32.const 1024) (i32.const 1) (i64.const -1)))
    ;; Takes one message of it, sends that on as the answer to $call, and gives its status.
    (func $pass_on (param $made i32) (param $call i32) (result i32) (local $n i32)
      (drop (call $await (local.get $made) (i32.const 8)))
      (local.set $n (call $client_recv (local.get $made) (i32.const 8192) (i32.const 8192)))
      (if (i32.ge_s (local.get $n) (i32.const 0)) (then
        (drop (call $send (local.get $call) (i32.const 8192) (local.get $n)))))
      (call $status (local.get $made)))
    (func (export "wasm_grpc_start")
      (drop (call $method )" +
           at(16, own_path()) + " (i32.const " + std::to_string(kind) + ") (i32.const " + std::to_string(style) +
           ") (i32.const 0))) " + start + ") " + served + more + ")";
  }
};

/// Answers with the request.
inline CallingGuest echo(std::string name) {
  CallingGuest guest{.name = std::move(name)};
  guest.body = R"((local.set $n (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
    (drop (call $send (local.get $call) (i32.const 8192) (local.get $n))) (i32.const 0))";
  return guest;
}

/// Passes its request on, and the answer and status back.
inline CallingGuest gateway(std::string name, std::string next) {
  CallingGuest guest{.name = std::move(name), .target = next, .path = "/test." + next + "/Method"};
  guest.body = R"((local.set $n (call $recv (local.get $call) (i32.const 8192) (i32.const 8192)))
    (local.set $made (call $open_next (i32.const 0) (i64.const -1) (local.get $call)))
    (drop (call $client_send (local.get $made) (i32.const 8192) (local.get $n) (i32.const 1)))
    (call $pass_on (local.get $made) (local.get $call)))";
  return guest;
}

/// A server of several guests, each granted a target of the name of each.
class CallingServer {
 public:
  struct Served {
    CallingGuest guest;
    ModuleOptions options = {};
  };

  CallingServer(ServerOptions options, const std::vector<Served>& guests) {
    for (const Served& served : guests) {
      options.targets.push_back({.name = served.guest.name, .address = "module:" + served.guest.name});
    }
    if (!options.log) options.log = [](LogLevel, std::string_view, std::string_view) {};
    auto server = Server::create(options);
    EXPECT_TRUE(server.ok()) << server.error().message;
    server_ = std::move(server).value();
    for (const Served& served : guests) {
      ModuleOptions own = served.options;
      own.name = served.guest.name;
      if (own.targets.empty()) {
        for (const Served& other : guests) own.targets.push_back({.target = other.guest.name});
      }
      const std::string text = served.guest.text();
      auto added = server_->add_module(std::as_bytes(std::span(text)), own);
      EXPECT_TRUE(added.ok()) << added.error().message;
    }
    const std::string address = std::move(server_->listen("127.0.0.1:0")).value();
    const std::string digits = address.substr(address.rfind(':') + 1);
    std::from_chars(digits.data(), digits.data() + digits.size(), port_);
    EXPECT_TRUE(server_->start().ok());
  }
  ~CallingServer() {
    server_->stop_now();
    server_->wait();
  }

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] Server& server() { return *server_; }
  /// What was counted of a module.
  [[nodiscard]] ModuleCounters module(std::string_view name) const {
    for (const ModuleCounters& module : server_->counters().modules) {
      if (module.name == name) return module;
    }
    return {};
  }
  /// What was counted of its method.
  [[nodiscard]] MethodCounters method(std::string_view module) const {
    for (const MethodCounters& method : server_->counters().methods) {
      if (method.module == module) return method;
    }
    return {};
  }
  template <typename Condition>
  [[nodiscard]] bool eventually(const Condition& holds) const {
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > give_up) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return true;
  }

 private:
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
};

}  // namespace wasm_grpc::runtime
