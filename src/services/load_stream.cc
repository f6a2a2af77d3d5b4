#include "services/load_stream.h"

#include <google/protobuf/io/coded_stream.h>

#include <algorithm>
#include <utility>

namespace wasm_grpc::services {

namespace {

using google::protobuf::io::CodedInputStream;

constexpr std::uint32_t varint = 0, length_delimited = 2, wire_type_bits = 3;
constexpr std::uint32_t tag(std::uint32_t field, std::uint32_t type) { return field << wire_type_bits | type; }

// Passes over a field that is not looked at.
bool skip(CodedInputStream& in, std::uint32_t field_tag) {
  std::uint32_t size = 0;
  std::uint64_t number = 0;
  switch (field_tag & 7U) {
    case varint:
      return in.ReadVarint64(&number);
    case 1:
      return in.Skip(8);
    case length_delimited:
      return in.ReadVarint32(&size) && in.Skip(static_cast<int>(size));
    case 5:
      return in.Skip(4);
    default:
      return false;
  }
}

// google.protobuf.Duration, to its end.
std::optional<std::chrono::milliseconds> read_duration(CodedInputStream& in) {
  constexpr std::int64_t most_seconds = 315'576'000'000;  // duration.proto: ten thousand years
  std::uint64_t seconds = 0, nanoseconds = 0;
  while (const std::uint32_t next = in.ReadTag()) {
    const bool read = next == tag(1, varint)   ? in.ReadVarint64(&seconds)
                      : next == tag(2, varint) ? in.ReadVarint64(&nanoseconds)
                                               : skip(in, next);
    if (!read) return std::nullopt;
  }
  if (!in.ConsumedEntireMessage()) return std::nullopt;
  const std::int64_t whole = std::clamp(static_cast<std::int64_t>(seconds), std::int64_t{0}, most_seconds);
  const std::int64_t part =
      std::clamp(static_cast<std::int64_t>(nanoseconds), std::int64_t{0}, std::int64_t{999'999'999});
  return std::chrono::milliseconds(whole * 1000 + part / 1'000'000);
}

rpc::Status stopping_status() { return {rpc::StatusCode::unavailable, "the server is stopping"}; }

}  // namespace

std::optional<std::chrono::milliseconds> asked_interval(std::span<const std::byte> request) {
  CodedInputStream in(reinterpret_cast<const std::uint8_t*>(request.data()), static_cast<int>(request.size()));
  std::chrono::milliseconds interval{0};
  while (const std::uint32_t next = in.ReadTag()) {
    if (next != tag(1, length_delimited)) {
      if (!skip(in, next)) return std::nullopt;
      continue;
    }
    int size = 0;
    if (!in.ReadVarintSizeAsInt(&size)) return std::nullopt;
    if (size > static_cast<int>(request.size()) - in.CurrentPosition()) return std::nullopt;
    const auto limit = in.PushLimit(size);
    const auto read = read_duration(in);
    if (!read || in.BytesUntilLimit() != 0) return std::nullopt;
    interval = *read;
    in.PopLimit(limit);
  }
  if (!in.ConsumedEntireMessage()) return std::nullopt;
  return interval;
}

/// One client that listens.
class LoadStreamHandler::Stream final : private rpc::CallListener {
 public:
  Stream(LoadStreamHandler& owner, std::uint64_t id, rpc::Call& call, std::chrono::milliseconds interval)
      : owner_(owner), id_(id), call_(call), interval_(interval) {
    call_.set_listener(this);
    call_.retain();
  }
  ~Stream() override {
    call_.set_listener(nullptr);
    call_.release();
  }

  [[nodiscard]] std::chrono::milliseconds interval() const noexcept { return interval_; }
  void finish() noexcept { call_.finish(stopping_status()); }
  /// Who does not read misses some.
  void send(std::string_view report) noexcept {
    if (call_.writable()) static_cast<void>(call_.send(std::as_bytes(std::span(report))));
  }

 private:
  void on_readable(rpc::Call&) noexcept override {}
  void on_writable(rpc::Call&) noexcept override {}
  void on_cancelled(rpc::Call&) noexcept override { owner_.end(id_); }

  LoadStreamHandler& owner_;
  const std::uint64_t id_;
  rpc::Call& call_;
  const std::chrono::milliseconds interval_;
};

LoadStreamHandler::LoadStreamHandler(const LoadBoard& board, Post post) : board_(board), post_(std::move(post)) {}
LoadStreamHandler::~LoadStreamHandler() = default;

void LoadStreamHandler::serve(rpc::Call& call) noexcept {
  const auto message = call.message();
  if (!message) return;  // it could not be decompressed, and the client has been told
  const auto interval = asked_interval(*message);
  call.pop_message();
  if (!interval) {
    call.finish({rpc::StatusCode::invalid_argument, "the request is not a xds.service.orca.v3.OrcaLoadReportRequest"});
    return;
  }
  if (stopping_) {
    call.finish(stopping_status());
    return;
  }
  const std::uint64_t id = ++last_id_;
  try {
    streams_.emplace(id, std::make_unique<Stream>(*this, id, call, std::max(*interval, least_interval)));
  } catch (...) {
    call.finish({rpc::StatusCode::resource_exhausted, "out of memory"});
    return;
  }
  report(id);
}

void LoadStreamHandler::report(std::uint64_t id) noexcept {
  const auto found = streams_.find(id);
  if (found == streams_.end()) return;
  found->second->send(*board_.report());
  post_(found->second->interval(), [this, id] { report(id); });
}

void LoadStreamHandler::end(std::uint64_t id) noexcept { streams_.erase(id); }

void LoadStreamHandler::end_all() noexcept {
  stopping_ = true;
  for (const auto& [id, stream] : std::exchange(streams_, {})) stream->finish();
}

}  // namespace wasm_grpc::services
