#include "runtime/instances/instance_starter.h"

#include <string>

#include "runtime/instances/instance_pool.h"

namespace wasm_grpc::runtime {

void InstanceStarter::start(std::unique_ptr<GuestInstance> guest) noexcept {
  go_on(std::move(guest), rpc::Clock::now() + context_.timeout);
}

void InstanceStarter::go_on(std::unique_ptr<GuestInstance> guest, rpc::Clock::time_point limit) noexcept {
  guest_ = std::move(guest);
  slices_ = 0;
  limit_ = limit;
  context_.scheduler.ready(*this);
}

void InstanceStarter::run() noexcept {
  context_.host_waits.remove(*this);  // it may be the timer that woke it
  const wasm::Progress progress = guest_->poll_start();
  if (progress == wasm::Progress::done) {
    pool_.add_started(std::move(guest_));
    return;
  }
  if (progress == wasm::Progress::failed) {
    give_up(describe_start_failure(*guest_));
    return;
  }
  const auto now = rpc::Clock::now();
  if (now >= limit_) {
    give_up("it did not finish in time");
  } else if (progress == wasm::Progress::suspended && guest_->instance.suspension().until > now &&
             context_.host_waits.add(*this, guest_->instance.suspension())) {
    context_.timers.schedule(*this, std::min(guest_->instance.suspension().until, limit_));
  } else {
    context_.scheduler.sliced(*this, ++slices_);
  }
}

void InstanceStarter::on_timer() noexcept {
  slices_ = 0;
  context_.scheduler.ready(*this);
}

void InstanceStarter::on_host_result() noexcept {
  context_.timers.cancel(*this);
  on_timer();
}

void InstanceStarter::give_up(std::string_view why) noexcept { pool_.background_start_failed(std::move(guest_), why); }

}  // namespace wasm_grpc::runtime
