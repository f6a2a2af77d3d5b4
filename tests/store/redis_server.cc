#include "store/redis_server.h"

#include <gtest/gtest.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <thread>

#include "eventually.h"

namespace wasm_grpc::store {

namespace {

constexpr const char* program = "/usr/bin/redis-server";

struct Close {
  void operator()(redisContext* context) const noexcept { redisFree(context); }
  void operator()(redisReply* reply) const noexcept { freeReplyObject(reply); }
};

std::string text_of(const redisReply& reply) {
  switch (reply.type) {
    case REDIS_REPLY_INTEGER:
      return std::to_string(reply.integer);
    case REDIS_REPLY_NIL:
      return "";
    case REDIS_REPLY_ARRAY: {
      std::string all;
      for (std::size_t i = 0; i < reply.elements; ++i) all += (i == 0 ? "" : " ") + text_of(*reply.element[i]);
      return all;
    }
    default:
      return {reply.str, static_cast<std::size_t>(reply.len)};
  }
}

}  // namespace

RedisServer::RedisServer(std::vector<std::string> arguments) : arguments_(std::move(arguments)) {
  std::string name = (std::filesystem::temp_directory_path() / "redis-XXXXXX").string();
  EXPECT_NE(mkdtemp(name.data()), nullptr);
  directory_ = name;
  start();
}

RedisServer::~RedisServer() {
  kill();
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
}

bool RedisServer::installed() { return access(program, X_OK) == 0; }

StoreOptions RedisServer::options() const {
  StoreOptions options;
  options.backend = StoreBackend::redis;
  options.redis.addresses = {address()};
  return options;
}

void RedisServer::start() {
  const std::string config = (directory_ / "config").string();  // which a sentinel writes
  std::ofstream(config, std::ios::app).flush();
  std::vector<std::string> command = {program,        config,
                                      "--port",       "0",
                                      "--unixsocket", socket(),
                                      "--save",       "",
                                      "--dir",        directory_.string(),
                                      "--logfile",    (directory_ / "log").string()};
  command.insert(command.end(), arguments_.begin(), arguments_.end());
  std::vector<char*> pointers;
  for (std::string& part : command) pointers.push_back(part.data());
  pointers.push_back(nullptr);
  ASSERT_EQ(posix_spawn(&process_, program, nullptr, nullptr, pointers.data(), environ), 0);
  ASSERT_TRUE(eventually([&] {
    const std::string answer = ask({"PING"});
    return answer == "PONG" || answer.starts_with("NOAUTH");
  })) << "it does not start";
}

void RedisServer::kill() {
  if (process_ < 0) return;
  ::kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
  process_ = -1;
}

void RedisServer::pause() const { ::kill(process_, SIGSTOP); }
void RedisServer::resume() const { ::kill(process_, SIGCONT); }

std::string RedisServer::ask(const std::vector<std::string>& command) const {
  const std::unique_ptr<redisContext, Close> connection(redisConnectUnix(socket().c_str()));
  if (connection == nullptr || connection->err != 0) return "no connection";
  std::vector<const char*> parts;
  std::vector<std::size_t> sizes;
  for (const std::string& part : command) {
    parts.push_back(part.data());
    sizes.push_back(part.size());
  }
  const std::unique_ptr<redisReply, Close> reply(static_cast<redisReply*>(
      redisCommandArgv(connection.get(), static_cast<int>(parts.size()), parts.data(), sizes.data())));
  return reply == nullptr ? "no reply" : text_of(*reply);
}

}  // namespace wasm_grpc::store
