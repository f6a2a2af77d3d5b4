#include "runtime/guests/background_start.h"

namespace wasm_grpc::runtime {

void BackgroundStart::on_turn() noexcept {
  switch (run_.step()) {
    case GuestRun::Step::started:
      pool_.add_started(run_.release());
      return;
    case GuestRun::Step::failed:
      pool_.start_failed(run_.start_failure());
      run_.discard();
      return;
    default:
      return;
  }
}

}  // namespace wasm_grpc::runtime
