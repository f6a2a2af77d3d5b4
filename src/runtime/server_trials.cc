// Calls that the admin address makes to try methods: what they look like, and on which worker they are made.
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/json.h"
#include "client/symbols.h"
#include "runtime/outgoing/trial_call.h"
#include "runtime/server_state.h"

namespace wasm_grpc {

namespace {

/// A method that can be tried, and what describes it.
struct Described {
  MethodInfo method;
  std::shared_ptr<const services::DescribedFiles> files;
};

/// Nothing where it takes more than one request, or is not described.
std::optional<Described> described(const MethodInfo& method,
                                   const std::shared_ptr<const services::DescribedFiles>& files) {
  const bool takes_one = method.kind == rpc::MethodKind::unary || method.kind == rpc::MethodKind::server_stream;
  if (!takes_one || files == nullptr || method.request_type.empty()) return std::nullopt;
  return Described{method, files};
}

}  // namespace

/// On the admin's thread; what it keeps of the calls of each worker is used on that one's.
class Server::State::ServerTrials final : public admin::Trials {
 public:
  explicit ServerTrials(State& state) : state_(state), running_(state.workers.size()) {}

  [[nodiscard]] std::vector<Method> methods() const override {
    std::vector<Method> methods;
    for (const Described& each : all()) methods.push_back({each.method.path, each.method.kind});
    return methods;
  }

  [[nodiscard]] std::optional<std::string> example(std::string_view path) const override {
    const auto found = find(path);
    return found ? client::request_template(*found->files, found->method.request_type) : std::nullopt;
  }

  [[nodiscard]] Result<Cancel> begin(const admin::Attempt& attempt, Done done) override {
    const auto found = find(attempt.path);
    if (!found) return Error{"there is no such method that can be tried; /try lists them"};
    const auto json = std::make_shared<const Messages>(*found);
    auto message = json->json.read(found->method.request_type, attempt.request);
    if (!message.ok()) return Error{"the request: " + message.error().message};
    const std::size_t index = next_++ % state_.workers.size();
    runtime::Worker& worker = *state_.workers[index];
    const auto post = [&worker](std::function<void()> function) { worker.post({}, std::move(function)); };
    auto finish = [this, index, json, done = std::move(done)](const runtime::TrialCall& call, admin::Outcome outcome) {
      outcome.to_json = [json](const std::string& bytes) {
        return json->json.write(json->method.response_type, bytes, {.emit_defaults = true});
      };
      done(std::move(outcome));
      std::erase_if(running_[index], [&](const auto& each) { return each.get() == &call; });
    };
    const auto call = std::make_shared<runtime::TrialCall>(post, std::move(finish));
    post([this, &worker, index, call, path = attempt.path, message = std::move(message).value(),
          metadata = attempt.metadata, timeout = attempt.timeout] {
      running_[index].push_back(call);
      call->begin(worker.local_calls(), worker.find_method(path), message, metadata, timeout);
    });
    return Cancel([post, call = std::weak_ptr(call)] {
      post([call] {
        if (const auto running = call.lock()) running->cancel();
      });
    });
  }

  /// The workers have ended.
  void close() noexcept {
    for (auto& calls : running_) {
      for (const auto& call : calls) call->drop();
      calls.clear();
    }
  }

 private:
  /// How the messages of a method are written.
  struct Messages {
    explicit Messages(Described described)
        : method(std::move(described.method)), files(std::move(described.files)), json(*files) {}
    MethodInfo method;
    std::shared_ptr<const services::DescribedFiles> files;
    client::MessageJson json;
  };

  [[nodiscard]] std::vector<Described> all() const {
    std::vector<Described> found;
    const auto add = [&](const auto& method, const auto& files) {
      if (auto one = described(method, files)) found.push_back(std::move(*one));
    };
    const auto serving = state_.current();
    for (const auto& module : serving->modules) {
      for (const MethodInfo& method : module->methods) add(method, module->guest->described());
    }
    for (const auto& registered : state_.native.methods) {
      const auto files = state_.native.describing(registered.info.path);
      if (files == nullptr) continue;
      MethodInfo method = registered.info;
      const services::MethodTypes types = files->types(method.path);
      method.request_type = types.request;
      method.response_type = types.response;
      add(method, files);
    }
    return found;
  }
  [[nodiscard]] std::optional<Described> find(std::string_view path) const {
    for (Described& each : all()) {
      if (each.method.path == path) return std::move(each);
    }
    return std::nullopt;
  }

  State& state_;
  std::size_t next_ = 0;
  std::vector<std::vector<std::shared_ptr<runtime::TrialCall>>> running_;  // of each worker
};

std::shared_ptr<admin::Trials> Server::State::make_trials() {
  if (!options.admin.try_it) return nullptr;
  trials = std::make_shared<ServerTrials>(*this);
  return trials;
}

void Server::State::close_trials() noexcept {
  if (trials != nullptr) trials->close();
}

}  // namespace wasm_grpc
