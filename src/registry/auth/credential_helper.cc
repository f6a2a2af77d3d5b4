#include "registry/auth/credential_helper.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <nlohmann/json.hpp>
#include <thread>

namespace wasm_grpc::registry {

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds most_time{30};
constexpr std::chrono::milliseconds look_up{100};
constexpr std::size_t most_said = std::size_t{64} << 10;

/// A pipe, closed at the end.
struct Pipe {
  std::array<int, 2> ends{-1, -1};
  ~Pipe() {
    close_end(0);
    close_end(1);
  }
  Pipe() = default;
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  bool open() { return pipe2(ends.data(), O_CLOEXEC) == 0; }
  void close_end(std::size_t end) {
    if (ends[end] >= 0) close(ends[end]);
    ends[end] = -1;
  }
};

/// Starts the program with these as its standard input and output; its process, or -1 and why not.
pid_t start(const std::string& program, int in, int out, int& error) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
  // `serve` keeps signals from its threads, and ignores that of a pipe; a program does not expect either.
  sigset_t signals;
  sigemptyset(&signals);
  posix_spawnattr_setsigmask(&attributes, &signals);
  sigfillset(&signals);
  posix_spawnattr_setsigdefault(&attributes, &signals);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::string name = program;
  std::string verb = "get";
  char* arguments[] = {name.data(), verb.data(), nullptr};
  pid_t process = -1;
  error = posix_spawnp(&process, name.c_str(), &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? process : -1;
}

/// What it prints until it closes its output; nothing when it takes too long, or says too much.
bool read_all(int from, std::string& said, Clock::time_point end, const std::stop_token& stop) {
  while (Clock::now() < end && !stop.stop_requested()) {
    pollfd waiting{from, POLLIN, 0};
    if (poll(&waiting, 1, static_cast<int>(look_up.count())) <= 0) continue;
    std::array<char, 4096> buffer{};
    const ssize_t count = read(from, buffer.data(), buffer.size());
    if (count == 0) return true;
    if (count < 0 && errno != EINTR) return false;
    if (count > 0) said.append(buffer.data(), static_cast<std::size_t>(count));
    if (said.size() > most_said) return false;
  }
  return false;
}

/// Waits for it, and kills it where it does not end by then.
bool ended_well(pid_t process, Clock::time_point end, const std::stop_token& stop) {
  int status = 0;
  while (waitpid(process, &status, WNOHANG) == 0) {
    if (Clock::now() >= end || stop.stop_requested()) kill(process, SIGKILL);
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

Result<Credentials> ask_helper(const std::string& name, const std::string& server, const std::stop_token& stop) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  if (name.size() > 100 || name.find_first_not_of(letters) != std::string::npos) {
    return Error{
        "the credential helper of the config has a name with characters other than letters, digits, '-', "
        "'_' and '.'"};
  }
  const std::string program = "docker-credential-" + name;
  Pipe in;
  Pipe out;
  if (!in.open() || !out.open()) return Error{"no pipe to " + program + ": " + std::strerror(errno)};
  int error = 0;
  const pid_t process = start(program, in.ends[0], out.ends[1], error);
  if (process < 0) return Error{"the credential helper " + program + " cannot be run: " + std::strerror(error)};
  // A name fits into the pipe, and while we could read it ourselves nobody is told that the other end is gone.
  const bool asked = write(in.ends[1], server.data(), server.size()) == static_cast<ssize_t>(server.size());
  in.close_end(0);
  in.close_end(1);
  out.close_end(1);
  const auto end = Clock::now() + most_time;
  std::string said;
  const bool heard = asked && read_all(out.ends[0], said, end, stop);
  const bool well = ended_well(process, heard ? end : Clock::now(), stop);
  if (!heard) return Error{"the credential helper " + program + " did not answer in time, or said too much"};
  if (!well) {
    if (said.find("credentials not found") != std::string::npos) return Credentials();
    return Error{"the credential helper " + program + " failed for " + server};
  }
  const auto json = nlohmann::json::parse(said, nullptr, false);
  const auto text_of = [&json](const char* key) -> const std::string* {
    const auto found = json.is_object() ? json.find(key) : json.end();
    return found == json.end() ? nullptr : found->get_ptr<const std::string*>();
  };
  const std::string* username = text_of("Username");
  const std::string* secret = text_of("Secret");
  if (username == nullptr || secret == nullptr) {
    return Error{"the credential helper " + program + " did not answer with a Username and a Secret"};
  }
  Credentials credentials;
  if (*username == "<token>") {
    credentials.identity_token = *secret;
  } else {
    credentials.username = *username;
    credentials.password = *secret;
  }
  return credentials;
}

}  // namespace wasm_grpc::registry
