// How a thread of a store begins.
#pragma once

#include <pthread.h>
#include <sched.h>

#include "wasm/thread_signals.h"

namespace wasm_grpc::store {

/// Of the calling thread. It does not interrupt a worker of its core that has just given it something to do, and may be
/// about to give it more (SCHED_BATCH): so it does in one go what a worker's guests ask in one turn. Where a core is
/// idle it is woken there as ever.
inline void begin_thread(const char* name) noexcept {
  wasm::block_signals();
  pthread_setname_np(pthread_self(), name);
  const sched_param none{};
  static_cast<void>(pthread_setschedparam(pthread_self(), SCHED_BATCH, &none));  // else it is as other threads are
}

}  // namespace wasm_grpc::store
