#include "server.h"

#include <asio/post.hpp>
#include <chrono>
#include <cstdio>
#include <future>
#include <map>
#include <set>
#include <stdexcept>
#include <string>

namespace wasm_grpc::http2 {

namespace {

std::span<const std::byte> bytes(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string text_of(std::span<const std::byte> data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

/// A handler from a function, for calls that are answered at once.
class Immediate final : public rpc::Handler {
 public:
  explicit Immediate(std::function<void(rpc::Call&)> serve) : serve_(std::move(serve)) {}
  void start(rpc::Call& call) noexcept override { serve_(call); }

 private:
  std::function<void(rpc::Call&)> serve_;
};

/// Keeps calls until they are finished or cancelled; `step` is called whenever something happened.
class Lasting : public rpc::Handler, public rpc::CallListener {
 public:
  explicit Lasting(Seen& seen) : seen_(seen) {}

  void start(rpc::Call& call) noexcept override {
    ++seen_.started;
    call.retain();
    call.set_listener(this);
    calls_.insert(&call);
    step(call);
  }
  void on_readable(rpc::Call& call) noexcept override { step(call); }
  void on_writable(rpc::Call& call) noexcept override { step(call); }
  void on_cancelled(rpc::Call& call) noexcept override {
    ++seen_.cancelled;
    seen_.late_finish = static_cast<int>(call.finish({rpc::StatusCode::ok, ""}));
    forget(call);
  }

 protected:
  virtual void step(rpc::Call& call) = 0;
  virtual void forget(rpc::Call& call) {
    calls_.erase(&call);
    call.set_listener(nullptr);
    call.release();
  }
  void finish(rpc::Call& call) {
    call.finish({});
    forget(call);
  }
  void echo(rpc::Call& call) {
    while (const auto message = call.message()) {
      const auto result = call.send(*message);
      if (result == rpc::SendResult::again) {
        ++seen_.again;
        return;
      }
      call.pop_message();
    }
    if (call.requests_ended()) finish(call);
  }

  Seen& seen_;
  std::set<rpc::Call*> calls_;
};

class Bidi final : public Lasting {
 public:
  using Lasting::Lasting;

 private:
  void step(rpc::Call& call) override { echo(call); }
};

class HttpEcho final : public Lasting {
 public:
  using Lasting::Lasting;

 private:
  void step(rpc::Call& call) override {
    if (begun_.insert(&call).second) begin(call);
    echo(call);
  }
  static void begin(rpc::Call& call) {
    const rpc::Metadata& fields = call.request_metadata();
    if (const auto wanted = fields.get("want-status")) (void)call.set_http_status(std::stoi(std::string(*wanted)));
    std::string request(call.http_method());
    request.append(" ").append(call.http_target());
    (void)call.add_header("request", request);
    for (const auto [key, value] : fields) {
      if (key.starts_with("echo-") || key == "date") (void)call.add_header(key, value);
      if (key == "cookie") (void)call.add_header("cookies", value);
    }
    if (const auto type = fields.get("content-type")) (void)call.add_header("content-type", *type);
  }
  void forget(rpc::Call& call) override {
    begun_.erase(&call);
    Lasting::forget(call);
  }
  std::set<rpc::Call*> begun_;
};

class Stall final : public Lasting {
 public:
  using Lasting::Lasting;
  void release_all() {
    const std::set<rpc::Call*> calls = calls_;
    for (rpc::Call* call : calls) echo(*call);
  }

 private:
  void step(rpc::Call& call) override {
    if (seen_.release_stall) echo(call);
  }
};

class Never final : public Lasting {
 public:
  using Lasting::Lasting;

 private:
  void step(rpc::Call&) override {}
};

class Collect final : public Lasting {
 public:
  using Lasting::Lasting;

 private:
  void step(rpc::Call& call) override {
    std::string& all = joined_[&call];
    while (const auto message = call.message()) {
      all += text_of(*message);
      call.pop_message();
    }
    if (!call.requests_ended()) return;
    (void)call.send(bytes(all));
    finish(call);
  }
  void forget(rpc::Call& call) override {
    joined_.erase(&call);
    Lasting::forget(call);
  }
  std::map<rpc::Call*, std::string> joined_;
};

class Spread final : public Lasting {
 public:
  using Lasting::Lasting;

 private:
  struct Rest {
    int count = 0;
    std::string message;
  };
  void step(rpc::Call& call) override {
    if (const auto message = call.message()) {
      int size = 0;
      std::sscanf(text_of(*message).c_str(), "%d %d", &rest_[&call].count, &size);
      rest_[&call].message.assign(static_cast<std::size_t>(size), 's');
      call.pop_message();
    }
    Rest& rest = rest_[&call];
    for (; rest.count > 0; --rest.count) {
      if (call.send(bytes(rest.message)) == rpc::SendResult::again) {
        ++seen_.again;
        return;
      }
      ++seen_.sent;
    }
    finish(call);
  }
  void forget(rpc::Call& call) override {
    rest_.erase(&call);
    Lasting::forget(call);
  }
  std::map<rpc::Call*, Rest> rest_;
};

/// Echoes until the message "leave", then lets go of the call without a status.
class Abandon final : public Lasting {
 public:
  using Lasting::Lasting;

 private:
  void step(rpc::Call& call) override {
    while (const auto message = call.message()) {
      const bool leaves = text_of(*message) == "leave";
      (void)call.send(*message);
      call.pop_message();
      if (leaves) return forget(call);
    }
  }
};

void echo_unary(rpc::Call& call) {
  for (const auto [key, value] : call.request_metadata()) {
    if (!key.starts_with("echo-")) continue;
    (void)call.add_header(key, value);
    (void)call.add_trailer(key, value);
  }
  (void)call.send(*call.message());
  call.pop_message();
  call.finish({});
}

void fail(rpc::Call& call) {
  (void)call.add_trailer("reason", "none");
  call.finish({rpc::StatusCode::not_found, "no such thing: ü"});
}

void answer_early(rpc::Call& call) {
  (void)call.send(bytes("early"));
  call.finish({});
}

void fail_in_http(rpc::Call& call) {
  (void)call.add_header("content-type", "text/html");
  call.finish({rpc::StatusCode::not_found, "no such page"});
}

void break_off(rpc::Call& call) {
  (void)call.send(bytes("part"));
  call.finish({rpc::StatusCode::internal, "it failed"});
}

void inform(rpc::Call& call) {
  std::string text = call.method().path + " ";
  text.append(call.authority()).append(" ").append(call.peer());
  if (const rpc::Client* client = call.client(); client != nullptr) {
    text.append(" connection ").append(std::to_string(client->connection));
    text.append(" host ").append(std::to_string(client->host));
  }
  if (const auto deadline = call.deadline()) {
    const auto left = std::chrono::duration_cast<std::chrono::seconds>(*deadline - rpc::Clock::now());
    text.append(" deadline ").append(std::to_string(left.count()));
  }
  (void)call.send(bytes(text));
  call.finish({});
}

}  // namespace

class Server::Handlers {
 public:
  Handlers(rpc::MethodTable& methods, Seen& seen)
      : collect_(seen), spread_(seen), bidi_(seen), never_(seen), stall_(seen), abandon_(seen), http_(seen) {
    using enum rpc::MethodKind;
    const auto add = [&](const char* name, rpc::MethodKind kind, rpc::Handler& handler) {
      if (!methods.add({std::string("/test.Test/") + name, kind, &handler, rpc::MessageFormats::any}))
        throw std::logic_error(name);
    };
    add("Unary", unary, unary_);
    add("Collect", client_stream, collect_);
    add("Spread", server_stream, spread_);
    add("Bidi", bidi_stream, bidi_);
    add("Fail", unary, fail_);
    add("Never", unary, never_);
    add("NeverBidi", bidi_stream, never_);
    add("Stall", bidi_stream, stall_);
    add("Early", bidi_stream, early_);
    add("Forget", unary, forget_);
    add("Abandon", bidi_stream, abandon_);
    add("Info", unary, info_);
    const auto add_http = [&](const char* path, rpc::Handler& handler) {
      if (!methods.add({path, http, &handler})) throw std::logic_error(path);
    };
    add_http("/http", http_);
    add_http("/http/fail", fail_in_http_);
    add_http("/http/break", break_off_);
  }
  Stall& stall() { return stall_; }

 private:
  Immediate unary_{echo_unary};
  Collect collect_;
  Spread spread_;
  Bidi bidi_;
  Immediate fail_{fail};
  Never never_;
  Stall stall_;
  Abandon abandon_;
  Immediate early_{answer_early};
  Immediate forget_{[](rpc::Call&) {}};
  Immediate info_{inform};
  HttpEcho http_;
  Immediate fail_in_http_{fail_in_http};
  Immediate break_off_{break_off};
};

class Server::Worker final : public EndpointOwner, public net::ListenerWatch {
 public:
  explicit Worker(Server& server) : server_(server) {}
  void refused(const std::string& peer) noexcept override { server_.endpoint_->note_refused(peer, "one too many"); }
  void accept_failed(std::error_code) noexcept override {}
  void wake() noexcept override {
    ++flushes_;
    asio::post(server_.io_, [this] { server_.endpoint_->flush(); });
  }
  void drained() noexcept override { server_.drained_ = true; }
  [[nodiscard]] int flushes() const noexcept { return flushes_; }

 private:
  Server& server_;
  std::atomic<int> flushes_{0};
};

Server::Server(const ConnectionOptions& settings, std::size_t max_connections, const facade::Facades* facades)
    : seen_(std::make_unique<Seen>()),
      door_(max_connections),
      io_(1),
      work_(io_.get_executor()),
      timer_(io_),
      timers_(std::make_unique<rpc::TimerQueue>([this] { run_timers(); })),
      handlers_(std::make_unique<Handlers>(methods_, *seen_)),
      worker_(std::make_unique<Worker>(*this)),
      endpoint_(std::make_unique<Endpoint>(io_, settings, methods_, *timers_, *worker_)),
      listener_(std::make_shared<net::Listener>(io_, door_, *worker_)) {
  if (facades != nullptr) {
    endpoint_->use_facades({facades, [](const facade::Facades*) {}});
  }
  door_.add(*endpoint_);
  if (const auto result = listener_->open(std::move(net::bind_to(io_, "127.0.0.1:0").value().front()), false);
      !result) {
    throw std::runtime_error(result.error().message);
  }
  port_ = listener_->local_endpoint().port();
  thread_ = std::thread([this] { io_.run(); });
}

Server::~Server() {
  on_thread([this](Endpoint& endpoint) {
    listener_->close();
    endpoint.close();
  });
  io_.stop();
  thread_.join();
  endpoint_.reset();
}

void Server::run_timers() {
  const auto earliest = timers_->earliest();
  if (!earliest) return;
  timer_.expires_at(*earliest);
  timer_.async_wait([this](const asio::error_code& error) {
    if (error) return;
    timers_->run_due(rpc::Clock::now());
    run_timers();
  });
}

void Server::on_thread(const std::function<void(Endpoint&)>& action) {
  std::promise<void> done;
  asio::post(io_, [&] {
    action(*endpoint_);
    done.set_value();
  });
  done.get_future().wait();
}

void Server::let_hours_pass(int hours) {
  for (int i = 0; i < hours; ++i) {
    on_thread([&](Endpoint&) { timers_->run_due(rpc::Clock::now() + std::chrono::hours(1)); });
  }
}

void Server::drain() {
  on_thread([this](Endpoint& endpoint) {
    listener_->drain();
    endpoint.drain();
  });
}

Counters Server::counters() {
  Counters counters;
  on_thread([&](Endpoint& endpoint) { counters = endpoint.counters(); });
  return counters;
}

int Server::flushes() const { return worker_->flushes(); }

std::size_t Server::live_streams() {
  std::size_t streams = 0;
  on_thread([&](Endpoint& endpoint) { streams = endpoint.live_streams(); });
  return streams;
}

void Server::release_stall() {
  seen_->release_stall = true;
  on_thread([&](Endpoint&) { handlers_->stall().release_all(); });
}

}  // namespace wasm_grpc::http2
