#include "cli/reloader.h"

#include <pthread.h>

#include <utility>

namespace wasm_grpc::cli {

namespace {

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
  return text;
}

/// "replaced greeter; 2 as before; new: cors-origin"
std::string describe(const ReloadReport& report, const std::vector<std::string>& settings) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : "; ") + part; };
  if (!report.added.empty()) add("added " + list(report.added));
  if (!report.replaced.empty()) add("replaced " + list(report.replaced));
  if (!report.removed.empty()) add("removed " + list(report.removed));
  if (!settings.empty()) add("new settings: " + list(settings));
  if (text.empty()) return "nothing has changed";
  if (!report.unchanged.empty()) add(std::to_string(report.unchanged.size()) + " as before");
  return text;
}

}  // namespace

Reloader::Reloader(Server& server, const ServiceManager& manager, Read read)
    : server_(server),
      manager_(manager),
      read_(std::move(read)),
      tags_(server, [this](std::string why) { ask(std::move(why)); }),
      thread_([this] { run(); }) {}

Reloader::~Reloader() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  stop_.request_stop();
  asked_.notify_all();
  if (watch_ != nullptr) watch_->stop();
  if (watcher_.joinable()) watcher_.join();
  thread_.join();
}

void Reloader::ask(std::string why) {
  {
    const std::lock_guard lock(mutex_);
    why_ = std::move(why);
  }
  asked_.notify_all();
}

Result<> Reloader::watch(std::vector<std::string> files) {
  auto watch = FileWatch::create(std::move(files));
  if (!watch.ok()) return std::move(watch).error();
  watch_ = std::move(watch).value();
  watcher_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "file-watch");
    while (watch_->wait()) ask("a file has changed");
  });
  return success();
}

void Reloader::follow(std::vector<FollowedTag> tags, registry::RegistryOptions options) {
  tags_.follow(std::move(tags), std::move(options));
}

void Reloader::run() {
  pthread_setname_np(pthread_self(), "reload");
  std::unique_lock lock(mutex_);
  while (true) {
    asked_.wait(lock, [this] { return ending_ || !why_.empty(); });
    if (ending_) return;
    const std::string why = std::exchange(why_, {});
    lock.unlock();
    reload(why);
    lock.lock();
  }
}

void Reloader::reload(const std::string& why) {
  manager_.reloading();
  auto wanted = read_(stop_.get_token());
  if (wanted.ok()) {
    for (const std::string& warning : wanted.value().warnings) server_.log(LogLevel::warn, warning);
  }
  const auto report = wanted.ok()
                          ? server_.reload(wanted.value().modules, wanted.value().options, wanted.value().of_addresses)
                          : Result<ReloadReport>(std::move(wanted).error());
  const std::string outcome = report.ok() ? "reloaded: " + describe(report.value(), wanted.value().settings)
                                          : "not reloaded, what was served is served on: " + report.error().message;
  server_.log(report.ok() ? LogLevel::info : LogLevel::error, why + "; " + outcome);
  if (report.ok()) {
    wanted.value().taken();
    if (watch_ != nullptr) watch_->follow(std::move(wanted.value().files));
    follow(std::move(wanted.value().tags), std::move(wanted.value().registries));
  }
  manager_.ready(outcome);
}

}  // namespace wasm_grpc::cli
