// What a server has counted since it was made.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "wasm_grpc/durations.h"
#include "wasm_grpc/rpc/method.h"
#include "wasm_grpc/rpc/status.h"
#include "wasm_grpc/store_counters.h"

namespace wasm_grpc {

/// How often something happened, by its reason.
struct ReasonCount {
  std::string_view reason;  // lives for ever
  std::uint64_t count = 0;
};

/// Of one method, over all workers. It is counted by its path: what another generation of its module, or another
/// module, served by it before is in these numbers too.
struct MethodCounters {
  std::string path;  // "/package.Service/Method"; of kind HTTP a prefix
  rpc::MethodKind kind = rpc::MethodKind::unary;
  std::string module;  // who serves it; "host": native code

  std::uint64_t started = 0;  // given to a guest or a native handler
  /// By rpc::StatusCode. One whose client went away before it had a status is CANCELLED.
  std::array<std::uint64_t, rpc::max_status_code + 1> ended{};
  /// Messages as the handlers see them; of kind HTTP pieces of bodies.
  std::uint64_t messages_received = 0;
  std::uint64_t messages_sent = 0;
  /// From where the request had come, and of a stream its headers, to where the last of the answer left. Requests that
  /// came together, and answers that leave together, have the same time.
  Durations handling;
  /// How long its guests ran, in handler style; an estimate where they run shortly, of which one in 16 is measured.
  double guest_seconds = 0;

  /// Now.
  [[nodiscard]] std::uint64_t in_progress() const noexcept {
    std::uint64_t over = 0;
    for (const std::uint64_t count : ended) over += count;
    return started > over ? started - over : 0;
  }
};

/// Calls that the guests of a module make of one method of a target (TargetOptions), over all workers. In `calls`,
/// `module` is who calls, and `started` what was begun; what was refused before it was, is not counted. Messages are as
/// the guests see them; the time is until its status had come, or the guest had let go of it.
struct OutgoingCounters {
  std::string target;
  /// Its path is empty where a module calls more methods of a target than are told apart, which are 100.
  MethodCounters calls;
};

/// Of one module, over all workers.
struct ModuleCounters {
  std::string name;

  std::uint64_t instances_alive = 0;     // now, those that start and those that are idle included
  std::uint64_t instances_idle = 0;      // now
  std::uint64_t instances_starting = 0;  // now
  std::uint64_t instances_made = 0;
  std::uint64_t instances_discarded = 0;

  std::uint64_t memory_bytes = 0;       // now, of its instances' memories and tables, and what is kept for the next
  std::uint64_t growths_refused = 0;    // of a memory or table, for want of ServerOptions::max_total_memory
  std::uint64_t instances_delayed = 0;  // made later than calls wanted them, likewise

  std::uint64_t calls_waiting = 0;      // now, for an instance
  std::uint64_t calls_waited = 0;       // all that had to
  Durations waits;                      // how long those did
  Durations starts;                     // of instances, from when they were made until they were ready
  std::uint64_t calls_refused = 0;      // RESOURCE_EXHAUSTED: too many waited
  std::uint64_t calls_unavailable = 0;  // UNAVAILABLE at once: its instances failed to start just before
  /// Lines that its guests logged or printed beyond ModuleOptions::log.
  std::uint64_t log_lines_over_limit = 0;
  /// Guests that did not come to a good end, and took their instance with them: "trap", "stack overflow",
  /// "out of memory" (it trapped or exited after its memory or table had been refused growth), "exit",
  /// "cpu time", "event time", "failed start", "made way" (its call only waited for its client, who had more instances
  /// than others that waited for one), and three whose call had ended, and who did not return in time: "past its
  /// deadline", "cancelled", "answered".
  std::vector<ReasonCount> failures;
};

struct ServerCounters {
  std::uint64_t connections_accepted = 0;
  std::uint64_t connections_open = 0;  // now
  std::uint64_t connections_refused = 0;
  /// Connections that the server ended because of what their client did; the reasons are those of the log.
  std::vector<ReasonCount> connections_ended;

  std::uint64_t calls_started = 0;  // given to a guest or a native handler
  std::uint64_t calls_refused = 0;  // answered without one
  // Of those, by ServerOptions::access:
  std::uint64_t calls_denied = 0;           // by the policy
  std::uint64_t calls_unauthenticated = 0;  // for want of a good token
  std::uint64_t calls_over_rate = 0;        // by a rate limit
  /// Signatures of tokens that were checked; tokens that were found good before need none.
  std::uint64_t token_signatures_checked = 0;
  std::uint64_t calls_over_time = 0;  // ServerOptions::max_call_time, or that of a module or method, ended them
  /// Fields of requests whose values gRPC does not allow, such as text that is not ASCII: the calls are served without.
  std::uint64_t metadata_dropped = 0;
  /// Fields `x-forwarded-client-cert` that were dropped: of clients outside ServerOptions::certificate_forwarders, or
  /// malformed.
  std::uint64_t forwarded_certificates_dropped = 0;
  std::uint64_t calls_idle = 0;  // ClientLimits::request_idle_timeout ended them
  /// By rpc::StatusCode, both kinds. One whose client went away before it had a status is CANCELLED.
  std::array<std::uint64_t, rpc::max_status_code + 1> calls_ended{};

  /// Calls that a worker lent to an idle one (ServerOptions::share_work): before their guest had begun, and in the
  /// middle of it.
  std::uint64_t calls_lent = 0;
  std::uint64_t guests_lent = 0;

  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;

  /// Log lines that were dropped because nobody took them fast enough, or that could not be written. Those that
  /// ServerOptions::log_level drops are not counted.
  std::uint64_t log_lines_dropped = 0;

  /// Spans that the collector of traces has taken, and those that were dropped: it took nothing for too long, or
  /// rejected them.
  std::uint64_t spans_exported = 0;
  std::uint64_t spans_dropped = 0;
  /// Points of metrics, likewise.
  std::uint64_t points_exported = 0;
  std::uint64_t points_dropped = 0;

  std::uint64_t generation = 0;      // ReloadReport::generation of what is served
  std::uint64_t reloads_failed = 0;  // refused, with nothing changed

  /// Of those that are served, in the order they were added. What a module has counted whose place one took that has
  /// its name is counted on.
  std::vector<ModuleCounters> modules;
  /// Of those modules whose shared state is not in memory, by name.
  std::vector<StoreCounters> stores;
  /// Of those that are served, or still have calls, in the order they came; none without
  /// ServerOptions::count_methods.
  std::vector<MethodCounters> methods;
  /// Likewise; by module, target and path.
  std::vector<OutgoingCounters> outgoing;
};

}  // namespace wasm_grpc
