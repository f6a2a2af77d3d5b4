#include "cli/builder.h"

#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <utility>

#include "cli/commands.h"

namespace wasm_grpc::cli {

namespace {

void say(const std::string& text) { std::fprintf(stderr, "wasm-grpc: %s\n", printable(text).c_str()); }

/// Starts a command of the shell in a folder, with the signals of a program that nobody has changed. The process, or
/// what errno says.
pid_t start_command(const std::string& command, const std::string& folder, bool own_group, int& error) {
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_t actions;
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_init(&actions);
  sigset_t none;
  sigset_t all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                           (own_group ? POSIX_SPAWN_SETPGROUP : 0)));
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  // What a build prints is not what was asked of this program.
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);
  std::string shell = "sh";
  std::string flag = "-c";
  std::string text = command;
  char* arguments[] = {shell.data(), flag.data(), text.data(), nullptr};
  pid_t started = -1;
  error = posix_spawn(&started, "/bin/sh", &actions, &attributes, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return error == 0 ? started : -1;
}

}  // namespace

Result<std::unique_ptr<Builder>> Builder::create(DevProject project) {
  auto watch = FileWatch::create_tree(project.folder.string(), is_made);
  if (!watch.ok()) return std::move(watch).error();
  return std::unique_ptr<Builder>(new Builder(std::move(project), std::move(watch).value()));
}

Builder::~Builder() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
    if (running_ > 0) kill(-running_, SIGTERM);
  }
  watch_->stop();
  if (thread_.joinable()) thread_.join();
}

bool Builder::build(bool own_group) {
  const auto began = std::chrono::steady_clock::now();
  say("building: " + project_.command);
  pid_t process = -1;
  {
    const std::lock_guard lock(mutex_);
    if (ends_) return false;
    int error = 0;
    process = start_command(project_.command, project_.folder.string(), own_group, error);
    if (process < 0) {
      say(std::string("the build cannot be started: ") + std::strerror(error));
      return false;
    }
    if (own_group) running_ = process;
  }
  int status = 0;
  siginfo_t ended{};
  while (waitid(P_PID, static_cast<id_t>(process), &ended, WEXITED | WNOWAIT) != 0 && errno == EINTR) {
  }
  {
    // Its number is not given to another before it is waited for.
    const std::lock_guard lock(mutex_);
    running_ = 0;
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
    }
    if (ends_) return false;
  }
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
  const bool done = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  if (done) say("built in " + std::to_string(took.count()) + " ms");
  return done;
}

void Builder::build_first() {
  while (true) {
    if (!build(false)) {
      say("the build failed; it is tried again when a source changes");
    } else if (project_.built().empty()) {
      say("the build went well, but made no module " + (project_.folder / project_.modules).string() +
          "; it is tried again when a source changes");
    } else {
      return;
    }
    if (!watch_->wait()) return;
  }
}

void Builder::start() {
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "build");
    while (watch_->wait()) {
      if (!build(true)) {
        const std::lock_guard lock(mutex_);
        if (!ends_) say("the build failed; what was built before serves on");
      }
    }
  });
}

}  // namespace wasm_grpc::cli
