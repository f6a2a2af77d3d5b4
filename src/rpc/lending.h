// What it takes for a call of one thread to be served by a handler on another: its state, free of either thread, and
// what the handler says to it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

/// A call as its handler sees it, at the moment it is lent.
struct LentState {
  Request request;
  Response response;                     // what the handler has answered before, on the lender's thread
  std::shared_ptr<const Client> client;  // keeps the request's alive; nullptr where it is not known
  /// The request messages that have arrived and were not taken, framed as on the wire.
  std::vector<std::byte> messages;
};

/// What a handler has done to a lent call since it said so last.
struct LentAnswer {
  /// Bytes of the request it has taken.
  std::size_t consumed = 0;
  /// Response messages, framed as on the wire.
  std::vector<std::byte> output;
  /// The response as it is now: when its headers are to be sent, and when it has its status.
  std::optional<Response> response;
  /// The call has ended because a request message could not be decompressed.
  bool refused = false;
};

/// The two ends of a loan, for those who lend and those who take. Each function is used on the thread of its call.
class Lending {
 public:
  Lending() = delete;

  // ---- The call that is lent ----

  /// Takes out of `call` what its handler needs elsewhere. The call must not be finished or cancelled. From here on its
  /// listener passes on what arrives, and its transport sees what apply() is given.
  [[nodiscard]] static LentState take(Call& call);
  /// Takes the request messages that have arrived complete, framed as on the wire. The client may not send more before
  /// they were consumed at the other end.
  [[nodiscard]] static std::vector<std::byte> take_messages(Call& call);
  /// Answers the client. A call that has ended for it only counts what was consumed.
  static void apply(Call& call, LentAnswer&& answer);
  /// Has the listener told when there is room again.
  static void tell_when_writable(Call& call) noexcept { call.wants_writable_ = true; }

  // ---- The call that stands for it elsewhere ----

  /// Makes `call`, which is as new, what `state` says; without the messages, which the transport receives.
  static void install(Call& call, const Method& method, LentState&& state);

  // ---- The call that was lent, and comes back unfinished ----

  /// Makes `call` what `state`, taken from the call that stood for it, says; what has arrived since stays behind that.
  /// The call must not be finished or cancelled.
  static void bring_home(Call& call, LentState&& state);
};

}  // namespace wasm_grpc::rpc
