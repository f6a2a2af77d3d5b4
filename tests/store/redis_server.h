// Debian's redis-server, for a test, and a connection of another program to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <string>
#include <vector>

#include "wasm_grpc/store_options.h"

struct redisContext;

namespace wasm_grpc::store {

/// A server in a directory of its own, on a socket there, that keeps nothing on disk. It ends with the object.
class RedisServer {
 public:
  /// Of redis-server: {"--maxmemory", "4mb"}.
  explicit RedisServer(std::vector<std::string> arguments = {});
  ~RedisServer();
  RedisServer(const RedisServer&) = delete;
  RedisServer& operator=(const RedisServer&) = delete;

  /// False where there is no such program: the test is to be skipped.
  [[nodiscard]] static bool installed();
  [[nodiscard]] std::string address() const { return "unix:" + socket(); }
  /// Of a store there.
  [[nodiscard]] StoreOptions options() const;

  void start();
  /// With SIGKILL.
  void kill();
  /// SIGSTOP, until resume().
  void pause() const;
  void resume() const;

  /// What it answers to a command: numbers as text, nothing as "", errors as they are, lists with a space between.
  [[nodiscard]] std::string ask(const std::vector<std::string>& command) const;

 private:
  [[nodiscard]] std::string socket() const { return (directory_ / "redis").string(); }

  std::filesystem::path directory_;
  const std::vector<std::string> arguments_;
  int process_ = -1;
};

}  // namespace wasm_grpc::store
