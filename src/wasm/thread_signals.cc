#include "wasm/thread_signals.h"

#include <pthread.h>
#include <signal.h>

#include <initializer_list>

namespace wasm_grpc::wasm {

void block_signals() noexcept {
  sigset_t signals;
  sigfillset(&signals);
  for (const int fault : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGABRT, SIGPROF}) sigdelset(&signals, fault);
  pthread_sigmask(SIG_SETMASK, &signals, nullptr);
}

}  // namespace wasm_grpc::wasm
