#include "host.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "hostmodules/modules.h"
#include "store/stores.h"
#include "wasi/imports.h"

namespace wasm_grpc::hostile {

namespace {

constexpr auto give_up_after = std::chrono::seconds(60);

template <typename T>
T value_of(Result<T> result) {
  if (!result.ok()) throw std::runtime_error(result.error().message);
  return std::move(result).value();
}

}  // namespace

Host::Host()
    : folder_((std::filesystem::temp_directory_path() / "wasm-grpc-hostile-XXXXXX").string()),
      log_(LogLevel::trace, [this](LogLevel, std::string_view, std::string_view text) { lines_.emplace_back(text); }) {
  value_of(abi::define_imports(linker_));
  value_of(wasi::define_imports(linker_));
  value_of(linker_.define(hostmodules::atomics()));
  value_of(linker_.define(hostmodules::kv()));
  const auto stores = std::make_shared<store::Stores>([](LogLevel, const std::string&) {});
  value_of(linker_.define(hostmodules::stored_atomics(stores)));
  value_of(linker_.define(hostmodules::stored_kv(stores)));
  value_of(linker_.define(hostmodules::trace([](Caller&, std::int32_t) -> rpc::CallSpan* { return nullptr; })));
  if (mkdtemp(folder_.data()) == nullptr) throw std::runtime_error("cannot make a temporary directory");
  std::ofstream(folder_ + "/file") << std::string(1000, 'x');
  wasi::Config config;
  config.arguments = {"guest"};
  config.environment = {{"K", "v"}};
  config.directories = {{folder_, "/", true}};
  sandbox_ = value_of(wasi::Sandbox::create(config));
  activity_.enter();
}

Host::~Host() {
  activity_.leave();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

Result<std::shared_ptr<runtime::GuestModule>> Host::load(std::string_view text,
                                                         std::chrono::milliseconds start_timeout) {
  return runtime::GuestModule::load(abi::engine(), linker_, "guest", std::as_bytes(std::span(text)), sandbox_, log_,
                                    start_timeout);
}

std::string Host::load_error(std::string_view text, std::chrono::milliseconds start_timeout) {
  const auto loaded = load(text, start_timeout);
  return loaded.ok() ? "" : loaded.error().message;
}

std::vector<std::string>& Host::log_lines() {
  if (!log_.flush(give_up_after)) throw std::runtime_error("the log is not written");
  return lines_;
}

const runtime::GuestModule& Host::guest() {
  if (guest_ == nullptr) guest_ = value_of(load(guest_text()));
  return *guest_;
}

const runtime::GuestModule& Host::stored_guest() {
  if (stored_guest_ == nullptr) {
    ModuleOptions options;
    options.name = "guest";
    options.store.backend = StoreBackend::sqlite;
    options.store.path = file_.path();
    options.store.durability = StoreDurability::relaxed;
    options.store.timeout = std::chrono::milliseconds(4'000);  // less than finish() takes for nothing that will happen
    const std::string text = guest_text();
    stored_guest_ = value_of(runtime::GuestModule::load(abi::engine(), linker_, "guest", std::as_bytes(std::span(text)),
                                                        sandbox_, log_, std::chrono::seconds(20), options));
  }
  return *stored_guest_;
}

Host& host() {
  static Host made;
  return made;
}

Instance::Instance(const runtime::GuestModule& module, const Poke& poke)
    : guest_(std::make_unique<runtime::GuestInstance>(module, &module.declaration())) {
  for (bool first = true;; first = false) {
    auto step = guest_->binding->begin_next_start_step();
    if (!step.ok()) {
      started = {Outcome::Kind::trapped, step.error().message};
      return;
    }
    if (!step.value()) return;
    started = finish(nullptr);
    if (!started.returned() && !guest_->binding->start_step_exited_well()) return;
    if (first && poke) poke(memory());
  }
}

Outcome Instance::finish(abi::TestCall* call) {
  const auto give_up = wasm::Clock::now() + give_up_after;
  while (wasm::Clock::now() < give_up) {
    switch (guest_->instance.poll()) {
      case wasm::Progress::done:
        return {Outcome::Kind::returned, {}};
      case wasm::Progress::failed: {
        const wasm::Failure& failure = guest_->instance.failure();
        const bool exited = failure.kind == wasm::Failure::Kind::exit;
        return {exited ? Outcome::Kind::exited : Outcome::Kind::trapped, failure.message};
      }
      case wasm::Progress::sliced:
        break;
      case wasm::Progress::suspended:
        if (guest_->instance.suspension().until > wasm::Clock::now() + std::chrono::seconds(5)) {
          // Nothing will happen. A guest that asked to be told of it may go on; another one is dropped by the host.
          const bool is_told = (guest_->instance.suspension().interests & abi::interest::cancelled) != 0;
          if (call == nullptr || call->cancelled() || !is_told) {
            guest_->instance.drop();
            return {Outcome::Kind::endless, {}};
          }
          call->client_cancels();
        }
        break;
    }
  }
  guest_->instance.drop();
  return {Outcome::Kind::endless, {}};
}

Outcome Instance::run(abi::TestCall& call, std::int32_t tag) {
  abi::CallStep step = guest_->binding->begin_call(call, tag);
  Outcome outcome{Outcome::Kind::returned, {}};
  while (step == abi::CallStep::fiber) {
    outcome = finish(&call);
    if (!outcome.returned()) break;
    step = guest_->binding->continue_call();
  }
  return outcome;
}

Outcome Instance::call_import(std::size_t import, std::span<const std::uint64_t> arguments) {
  store_arguments(arguments);
  abi::TestCall call(rpc::MethodKind::bidi_stream);
  call.add_request_metadata("file", "value");
  call.client_sends("hello");
  return run(call, static_cast<std::int32_t>(import));
}

bool Instance::serves() {
  abi::TestCall call(rpc::MethodKind::bidi_stream);
  return run(call, tag_nothing).returned() && call.finished() && call.status().code == rpc::StatusCode::ok;
}

}  // namespace wasm_grpc::hostile
