// How the functions of WASI are defined, and the groups of them.
#pragma once

#include <string_view>
#include <utility>

#include "wasi/context.h"
#include "wasi/errno.h"
#include "wasm/instance.h"
#include "wasm/linker.h"
#include "wasm_grpc/host_function.h"

namespace wasm_grpc::wasi {

inline constexpr std::string_view import_module = "wasi_snapshot_preview1";

/// Adds functions to a linker. Each is an `Errno f(Context&, Caller&, arguments...)`; see host_function.h for the
/// arguments.
class Definer {
 public:
  explicit Definer(wasm::Linker& linker) : linker_(linker) {}

  template <typename... Args>
  void add(std::string_view name, Errno (*function)(Context&, Caller&, Args...)) {
    keep(linker_.define(import_module, name, bind(function)));
  }
  /// A function that may suspend the guest.
  template <typename... Args>
  void add_suspending(std::string_view name, Errno (*function)(Context&, Caller&, Args...)) {
    keep(linker_.define_suspending(import_module, name, bind(function)));
  }
  /// A function without a result.
  void add_without_result(std::string_view name, void (*function)(Caller&, std::uint32_t)) {
    keep(linker_.define(import_module, name, host_function(function)));
  }

  /// The first thing that went wrong, if any.
  [[nodiscard]] Result<> result() && { return std::move(result_); }

 private:
  template <typename... Args>
  static HostFunction bind(Errno (*function)(Context&, Caller&, Args...)) {
    return host_function([function](Caller& caller, Args... arguments) -> std::int32_t {
      auto* context =
          static_cast<Context*>(wasm::InstanceCaller::from(caller).instance().host_data(wasm::HostSlot::wasi));
      if (context == nullptr) {
        caller.trap("the host gave this instance no WASI context");
        return 0;
      }
      return static_cast<std::int32_t>(function(*context, caller, arguments...));
    });
  }
  void keep(Result<> result) {
    if (!result.ok() && result_.ok()) result_ = std::move(result);
  }

  wasm::Linker& linker_;
  Result<> result_ = success();
};

void define_arguments(Definer& definer);
void define_clock(Definer& definer);
void define_poll(Definer& definer);
void define_process(Definer& definer);
void define_random(Definer& definer);
void define_sockets(Definer& definer);
void define_descriptors(Definer& definer);  // files/descriptors.cc
void define_transfer(Definer& definer);     // files/transfer.cc
void define_storage(Definer& definer);      // files/storage.cc
void define_status(Definer& definer);       // files/status.cc
void define_open(Definer& definer);         // files/open.cc
void define_directories(Definer& definer);  // files/directories.cc
void define_links(Definer& definer);        // files/links.cc

}  // namespace wasm_grpc::wasi
