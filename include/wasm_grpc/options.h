// What an embedder can set. The comments are the manual; the command line's flags have the same names and defaults.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "wasm_grpc/access_log_options.h"
#include "wasm_grpc/admin_options.h"
#include "wasm_grpc/guest_limits.h"
#include "wasm_grpc/instance_life.h"
#include "wasm_grpc/live_options.h"
#include "wasm_grpc/log.h"
#include "wasm_grpc/log_limits.h"
#include "wasm_grpc/metrics_options.h"
#include "wasm_grpc/shared_state.h"
#include "wasm_grpc/store_options.h"
#include "wasm_grpc/target_options.h"
#include "wasm_grpc/trace_options.h"

namespace wasm_grpc {

/// A directory of the host that a module may see.
struct DirectoryGrant {
  std::string host_path;
  std::string guest_path;
  bool read_only = true;

  [[nodiscard]] bool operator==(const DirectoryGrant&) const = default;
};

/// What holds for some methods of a module.
struct MethodOptions {
  /// "/package.Service/Method", or the path of what it serves by HTTP. One that ends with '/', such as
  /// "/package.Service/", stands for all methods whose paths begin with it. It must be that of some method.
  std::string path;
  /// In place of ModuleOptions::max_call_time, where it is said. Of several that are for a method the one with its own
  /// path holds, else the longest.
  std::optional<std::chrono::milliseconds> max_call_time = std::nullopt;

  [[nodiscard]] bool operator==(const MethodOptions&) const = default;
};

/// What one module is given. Nothing but clocks, random numbers and its log, unless said here.
struct ModuleOptions {
  /// How logs name it; the file's name without ".wasm" when empty.
  std::string name;
  /// argv[1] and following of the guest; argv[0] is the module's name.
  std::vector<std::string> arguments;
  std::vector<std::pair<std::string, std::string>> environment;
  std::vector<DirectoryGrant> directories;
  /// How long its instances live, and how many are kept.
  InstanceLife instances;
  /// What its guests may use; ServerOptions::guests where that is not said. Memory, tables and stack may not be more
  /// than there, and the time slice is always that of the server.
  std::optional<GuestLimits> guests;
  /// What its instances may share through the host.
  SharedStateLimits shared_state;
  /// Where that is kept. It stays there for as long as the module is served: a reload that says otherwise is refused.
  StoreOptions store;
  /// Whom its guests may call (docs/targets.md): nobody but these.
  std::vector<TargetGrant> targets;
  /// Whether it is loaded without targets that its start says it needs (ModuleInfo::needed_targets), to be looked at.
  /// Calls of those end with PERMISSION_DENIED.
  bool may_lack_targets = false;
  /// How much its guests may write into the log.
  LogLimits log;
  /// Lines of its guests of less severity are dropped; ServerOptions::log_level where that is not said. It may change
  /// while the server runs: Server::set_log_level().
  std::optional<LogLevel> log_level;
  /// How long a call of its methods may take, in place of ServerOptions::max_call_time, where it is said; it may be
  /// longer than that. Holds for calls on the server's own connections, and for those that other modules make. 0: for
  /// ever.
  std::optional<std::chrono::milliseconds> max_call_time;
  /// What holds for some of its methods, in place of what is said above.
  std::vector<MethodOptions> methods;
  /// Whether a reload is refused that takes from its callers what they have: a method, or its kind, or a field of a
  /// message by its number or type (docs/reload.md). Else there are warnings.
  bool require_compatible = false;

  [[nodiscard]] bool operator==(const ModuleOptions&) const = default;
};

/// All that a server is made with. LiveOptions is what may change later.
struct ServerOptions : LiveOptions {
  /// Threads that serve, each with its own event loop and instances. 0: one for each core.
  unsigned workers = 0;

  /// A worker with more to do than it can at once lends calls that take long to an idle worker, so that one client can
  /// keep all cores busy. False: all calls of a connection run on one thread.
  bool share_work = true;

  /// Most instances alive at once in the process, on whichever worker. Each call in progress has one to itself. 4 GiB
  /// of addresses are reserved for each; memory is used only as guests use it.
  std::uint32_t max_instances = 4096;

  /// Bytes that the linear memories and tables of all guests may have together, as they declare and grow them, touched
  /// or not. When they are taken, memory.grow and table.grow fail, and calls wait for new instances, for which idle
  /// ones make way. Half of it is kept for the modules in equal parts, so that none finds nothing left. 0: three
  /// quarters of what the machine has, or the control group (cgroup) of the process, where that is less. What guests'
  /// stacks, their code and the host's buffers of calls take comes on top.
  std::uint64_t max_total_memory = 0;

  /// Bytes of answers that all clients together may leave unread, as far as they are not on their way; what a
  /// connection has of less than 64 KiB does not count. When there are more, the connection that has most is ended; and
  /// one that has more than half of it. 0: a quarter of the machine's memory, or of that of the control group.
  std::uint64_t max_unread_output = 0;

  /// Bytes at the front of an ended instance's memory that are overwritten and kept for the next instance, rather than
  /// given back to the system. Where instances are many and short, as with InstanceMode::fresh, 128 KiB make a call
  /// twice as cheap; but the process keeps as much for each of the instances that were alive at once.
  std::size_t kept_slot_memory = 0;

  /// What guests may use.
  GuestLimits guests;

  /// The directory where compiled modules are kept, so that the next start does not compile them again: it takes some
  /// milliseconds then, where compiling takes about a second for each 3 MB. It is made where it is missing. Its files
  /// are run as they are, so it must belong to the process's user and be writable by nobody else, nor by a guest.
  /// Nothing removes files of modules that are not served any more. Empty: none.
  std::string code_cache;

  /// Proxies whose connections begin by the PROXY protocol, version 1 or 2, which says who their client is: networks
  /// and addresses such as "10.0.0.0/8", "fd00::/8" and "192.0.2.7", "unix:" for unix sockets. A connection from there
  /// that begins otherwise is closed; from elsewhere nobody is believed.
  std::vector<std::string> proxies;

  /// Proxies that say by `x-forwarded-client-cert`, as Envoy does, who their client is: networks and addresses as
  /// above. The names of its certificate are then those of the call (rpc::Call::tls_names()), and none where it says
  /// nothing; those of the proxy's own certificate never are. From elsewhere nobody is believed, and the field is
  /// dropped.
  std::vector<std::string> certificate_forwarders;

  /// Whom modules may be granted to call (ModuleOptions::targets).
  std::vector<TargetOptions> targets;

  /// How long stop() goes on serving as before, while /readyz and grpc.health.v1 already say that it is not ready: so
  /// long balancers may take to notice, before they find connections closed.
  std::chrono::milliseconds shutdown_delay{0};

  /// How long stop() waits for calls in progress before it ends them.
  std::chrono::milliseconds drain_timeout{30'000};

  /// Whether clients may ask for the services and the .proto files that describe them: grpc.reflection.v1 and v1alpha.
  bool reflection = true;
  /// Whether clients may ask whether the server and its services are healthy: grpc.health.v1.
  bool health = true;

  /// Whether calls are counted by their method (ServerCounters::methods).
  bool count_methods = true;

  /// Of Server::listen_admin().
  AdminOptions admin;

  /// Whether calls tell their clients in a trailer how loaded the server is, and whether clients may ask to be told so
  /// once in a while (ORCA, gRFC A51), so that they can choose among servers by that.
  bool orca_trailers = false;
  bool orca_service = false;

  /// Where log lines go: to this function; else to the next; else to a file, or standard error without its name. When
  /// the server is destroyed, what is left is written within a second, or dropped.
  LogEventFunction log_events;
  LogFunction log;
  /// What is written is appended. It is opened again, by its name, when Server::reopen_logs() says so.
  std::string log_file;
  /// Of what is written to a file or standard error.
  LogFormat log_format = LogFormat::text;
  /// The log of calls, apart from the others.
  AccessLogOptions access_log;

  /// Which calls are traced, and who is told.
  TraceOptions trace;
  /// Who is told what is counted, without asking.
  MetricsOptions metrics;
};

}  // namespace wasm_grpc
