#include "services/health.h"

#include <algorithm>
#include <utility>

#include "rpc/utf8.h"
#include "services/health_messages.pb.h"

namespace wasm_grpc::services {

namespace {

using health::HealthCheckResponse;

/// The service a HealthCheckRequest asks for.
std::optional<std::string> asked_for(std::span<const std::byte> message) {
  health::HealthCheckRequest request;
  if (!request.ParseFromArray(message.data(), static_cast<int>(message.size())) || !rpc::is_utf8(request.service())) {
    return std::nullopt;
  }
  return std::move(*request.mutable_service());
}

rpc::Status not_a_request() { return {rpc::StatusCode::invalid_argument, "not a HealthCheckRequest"}; }

HealthCheckResponse::ServingStatus status_of(bool serving) {
  return serving ? HealthCheckResponse::SERVING : HealthCheckResponse::NOT_SERVING;
}

void append(const google::protobuf::MessageLite& message, std::vector<std::byte>& out) {
  const std::size_t start = out.size();
  out.resize(start + message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(reinterpret_cast<std::uint8_t*>(out.data() + start));
}

}  // namespace

rpc::Status check_health(const HealthRegistry& registry, std::span<const std::byte> request,
                         std::vector<std::byte>& response) {
  const auto service = asked_for(request);
  if (!service) return not_a_request();
  const auto serving = registry.serving(*service);
  if (!serving) return {rpc::StatusCode::not_found, "there is no service \"" + *service + "\""};
  HealthCheckResponse answer;
  answer.set_status(status_of(*serving));
  append(answer, response);
  return {};
}

rpc::Status list_health(const HealthRegistry& registry, std::vector<std::byte>& response) {
  health::HealthListResponse answer;
  for (auto& [service, serving] : registry.all()) (*answer.mutable_statuses())[service].set_status(status_of(serving));
  append(answer, response);
  return {};
}

/// One client that watches one service.
class HealthWatchHandler::Watch final : public rpc::CallListener {
 public:
  Watch(HealthWatchHandler& owner, rpc::Call& call, std::string service)
      : owner_(owner), call_(call), service_(std::move(service)) {
    call_.set_listener(this);
    call_.retain();
  }
  ~Watch() override {
    call_.set_listener(nullptr);
    call_.release();
  }

  /// Tells the client what it does not know yet. True when the call has ended with it.
  [[nodiscard]] bool update() noexcept {
    const bool stopping = owner_.registry_.stopping();
    const auto serving = owner_.registry_.serving(service_);
    const auto status = serving ? status_of(*serving) : HealthCheckResponse::SERVICE_UNKNOWN;
    if (status != told_ && call_.writable()) {
      try {
        HealthCheckResponse answer;
        answer.set_status(status);
        std::vector<std::byte> bytes;
        append(answer, bytes);
        if (call_.send(bytes) == rpc::SendResult::ok) told_ = status;
      } catch (...) {
        call_.finish({rpc::StatusCode::resource_exhausted, "out of memory"});
        return true;
      }
    }
    // Or a stop would wait for those that watch it.
    if (stopping) call_.finish({rpc::StatusCode::unavailable, "the server is stopping"});
    return stopping;
  }

  void on_readable(rpc::Call&) noexcept override {}
  void on_writable(rpc::Call& call) noexcept override {
    if (update()) owner_.end(call);
  }
  void on_cancelled(rpc::Call& call) noexcept override { owner_.end(call); }

 private:
  HealthWatchHandler& owner_;
  rpc::Call& call_;
  std::string service_;
  std::optional<HealthCheckResponse::ServingStatus> told_;
};

HealthWatchHandler::HealthWatchHandler(HealthRegistry& registry, Post post)
    : registry_(registry), post_(std::move(post)) {
  registry.add_observer([this] { registry_changed(); });
}

void HealthWatchHandler::registry_changed() {
  if (posted_.exchange(true)) return;  // however often it changes, one look is on its way
  const auto wait = next_look_.load() - std::chrono::steady_clock::now();
  const auto after = std::chrono::ceil<std::chrono::milliseconds>(wait);
  post_(std::max(after, std::chrono::milliseconds(0)), [this] { update_all(); });
}

HealthWatchHandler::~HealthWatchHandler() = default;

void HealthWatchHandler::end(rpc::Call& call) noexcept { watches_.erase(&call); }

void HealthWatchHandler::serve(rpc::Call& call) noexcept {
  try {
    const auto message = call.message();
    if (!message) return;  // it could not be decompressed, and the client has been told
    auto service = asked_for(*message);
    call.pop_message();
    if (!service) {
      call.finish(not_a_request());
      return;
    }
    auto& watch = watches_[&call];
    watch = std::make_unique<Watch>(*this, call, std::move(*service));
    if (watch->update()) end(call);
  } catch (...) {
    end(call);
    call.finish({rpc::StatusCode::resource_exhausted, "out of memory"});
  }
}

void HealthWatchHandler::update_all() noexcept {
  next_look_.store(std::chrono::steady_clock::now() + pause);
  posted_.store(false);  // before the look: what changes from here on is looked at again
  for (auto watch = watches_.begin(); watch != watches_.end();) {
    watch = watch->second->update() ? watches_.erase(watch) : std::next(watch);
  }
}

}  // namespace wasm_grpc::services
