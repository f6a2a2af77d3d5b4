#include "observe/otlp/collector.h"

#include <algorithm>
#include <utility>

#include "client/target.h"
#include "observe/otlp/message.h"
#include "wasm/guest_text.h"

namespace wasm_grpc::observe::otlp {

namespace {

constexpr std::size_t most_status_bytes = 400;  // of what a collector says, in our log

Exported::Outcome outcome_of(rpc::StatusCode code) {
  switch (code) {
    case rpc::StatusCode::ok:
      return Exported::Outcome::taken;
    case rpc::StatusCode::cancelled:
    case rpc::StatusCode::deadline_exceeded:
    case rpc::StatusCode::resource_exhausted:
    case rpc::StatusCode::aborted:
    case rpc::StatusCode::out_of_range:
    case rpc::StatusCode::unavailable:
    case rpc::StatusCode::data_loss:
      return Exported::Outcome::try_later;
    default:
      return Exported::Outcome::refused;
  }
}

}  // namespace

Collector::Collector(client::ChannelOptions options, client::Metadata metadata)
    : options_(std::move(options)), metadata_(std::move(metadata)) {}

Collector::~Collector() = default;

Result<> Collector::check(const client::ChannelOptions& options) {
  if (auto target = client::parse_target(options.address, options.tls); !target.ok()) {
    return std::move(target).error();
  }
  return success();
}

Exported Collector::send(const std::string& path, std::string_view request, std::chrono::milliseconds timeout,
                         const std::stop_token& stop) {
  if (channel_ == nullptr) {
    client::ChannelOptions options = options_;
    options.connect_timeout = std::min(options.connect_timeout, timeout);
    auto connected = client::Channel::connect(options);
    if (!connected.ok()) return {Exported::Outcome::try_later, connected.error().message};
    channel_ = std::move(connected).value();
  }
  client::CallOptions call;
  call.path = path;
  call.metadata = metadata_;
  call.deadline = timeout;
  call.stop = stop;
  std::string response;
  client::CallEvents events;
  events.message = [&response](std::string_view message) -> Result<> {
    response = message;
    return success();
  };
  auto ended = channel_->call(call, client::source_of({std::string(request)}), events);
  if (!ended.ok()) return {Exported::Outcome::try_later, ended.error().message};
  const rpc::Status& status = ended.value().status;
  Exported exported;
  exported.outcome = outcome_of(status.code);
  if (exported.outcome == Exported::Outcome::taken) {
    PartialSuccess partial;
    if (!read_response(response, partial)) {
      return {Exported::Outcome::refused, "it answers what is no answer of OTLP"};
    }
    exported.rejected = partial.rejected;
    exported.why = std::move(partial.message);
    return exported;
  }
  // What is wrong with the connection does not mend itself; and one in the middle of a call that it did not end is
  // better left.
  if (exported.outcome == Exported::Outcome::try_later) channel_.reset();
  exported.why = std::string(rpc::name(status.code)) + ": " + wasm::printable(status.message, most_status_bytes);
  return exported;
}

}  // namespace wasm_grpc::observe::otlp
