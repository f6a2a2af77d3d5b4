// How a call compresses and decompresses its messages: the small ones at once, the large ones as jobs of its worker's
// CodecQueue.
#include <algorithm>
#include <chrono>
#include <new>
#include <stdexcept>
#include <utility>

#include "rpc/codec.h"
#include "rpc/codec_queue.h"
#include "rpc/message_prefix.h"
#include "wasm_grpc/rpc/call.h"

namespace wasm_grpc::rpc {

namespace {

using namespace std::chrono_literals;

// What is compressed at once: a fifth of a slice.
constexpr std::size_t compressed_at_once = std::size_t{32} << 10;
// How long a message may be decompressed at once. How many bytes it has is known at its end only.
constexpr auto decompressing_at_once = 150us;

}  // namespace

Call::Call() = default;
Call::~Call() { forget_method(); }

// ---- Requests ----

/// The first message is decompressed over several turns.
class Call::Unpacking final : public CodecJob {
 public:
  explicit Unpacking(Call& call) noexcept : call_(call) {}

  /// Goes on where somebody else has begun. Else it takes memory when it is its turn only.
  void go_on(Decompression&& begun) noexcept {
    decompression_ = std::move(begun);
    begun_ = true;
  }

 private:
  void step() noexcept override {
    CodecOutcome outcome = CodecOutcome::no_memory;
    try {
      if (!std::exchange(begun_, true)) {
        decompression_ = call_.codec_->begin_decompression(call_.request_.encoding, call_.max_message_size_);
      }
      outcome = call_.codec_->step(decompression_, call_.first_message(), call_.plain_);
    } catch (const std::bad_alloc&) {
    }
    if (outcome == CodecOutcome::more) return;
    call_.codec_->end(std::move(decompression_));
    call_.unpacked(outcome);
  }

  Call& call_;
  Decompression decompression_;
  bool begun_ = false;
};

/// The decompressed message of a call that may give it up.
class Call::HeldPlain final : public HeldMessage {
 public:
  explicit HeldPlain(Call& call) noexcept : call_(call) {}

 private:
  void drop() noexcept override { call_.forget_plain(); }

  Call& call_;
};

std::span<const std::byte> Call::first_message() const noexcept {
  const std::byte* prefix = input_.data() + input_taken_;
  return {prefix + prefix_size, read_length(prefix)};
}

std::optional<std::span<const std::byte>> Call::message() noexcept {
  if (complete_messages_ == 0) return std::nullopt;
  const auto data = first_message();
  if (input_[input_taken_] == std::byte{0}) {
    request_.message_encoding = Encoding::identity;
    return data;
  }
  if (!decompressed_ && !decompress(data)) {
    if (broken_ != CodecOutcome::done) refuse_message(refusal_of(broken_));
    return std::nullopt;
  }
  request_.message_encoding = request_.encoding;
  return plain_;
}

bool Call::prepare_message() noexcept {
  if (cancelled_) return true;
  if (complete_messages_ == 0) return request_.half_closed;
  if (input_[input_taken_] == std::byte{0} || decompressed_) return true;
  return decompress(first_message()) || broken_ != CodecOutcome::done;
}

CodecOutcome Call::decompress_at_once(Decompression& begun, std::span<const std::byte> data) {
  CodecQueue* const queue = codec_->queue();
  auto outcome = codec_->step(begun, data, plain_);
  const auto until = outcome == CodecOutcome::more && queue != nullptr ? Clock::now() + decompressing_at_once
                                                                       : Clock::time_point::max();
  while (outcome == CodecOutcome::more && (queue == nullptr || Clock::now() < until)) {
    outcome = codec_->step(begun, data, plain_);
  }
  if (queue != nullptr) queue->note_at_once(plain_.size());
  return outcome;
}

// Not before the handler asks for the message: a call holds one decompressed message at a time.
bool Call::decompress(std::span<const std::byte> data) noexcept {
  if (cancelled_ || unpacking_ != nullptr || broken_ != CodecOutcome::done) return false;
  if (data.empty()) {  // as .NET marks a message of no bytes, which no compressor would make
    plain_.clear();
    decompressed_ = true;
    return true;
  }
  CodecQueue* const queue = codec_->queue();
  auto outcome = CodecOutcome::more;
  try {
    plain_.clear();
    Decompression begun;
    if (queue == nullptr || queue->allows_at_once()) {
      begun = codec_->begin_decompression(request_.encoding, max_message_size_);
      outcome = decompress_at_once(begun, data);
    }
    if (outcome == CodecOutcome::more) {
      unpacking_ = std::make_unique<Unpacking>(*this);
      if (queue->empty() && !plain_.empty()) {
        unpacking_->go_on(std::move(begun));
      } else {
        empty(plain_);  // many that wait are not to hold what they have begun
      }
      queue->add(*unpacking_, request_.method);
      return false;
    }
    codec_->end(std::move(begun));
  } catch (const std::bad_alloc&) {
    unpacking_.reset();
    outcome = CodecOutcome::no_memory;
  }
  broken_ = outcome;
  decompressed_ = outcome == CodecOutcome::done;
  return decompressed_;
}

Status Call::refusal_of(CodecOutcome outcome) const {
  switch (outcome) {
    case CodecOutcome::corrupt:
      return {StatusCode::internal,
              "the request message is not what grpc-encoding says: one whole message in " +
                  std::string(name(request_.encoding)) +
                  (request_.encoding == Encoding::deflate ? " (the zlib format of RFC 1950)" : "")};
    case CodecOutcome::too_large:
      return {StatusCode::resource_exhausted,
              "the request message has more than " + std::to_string(max_message_size_) +
                  " bytes when it is decompressed; this server accepts at most that many"};
    default:
      return {StatusCode::resource_exhausted, "the server has no memory to decompress the request message"};
  }
}

void Call::unpacked(CodecOutcome outcome) noexcept {
  retain();  // whoever is told may let go
  unpacking_.reset();
  if (outcome == CodecOutcome::done) {
    decompressed_ = true;
    if (may_drop_plain_) hold_plain();
    notify_readable();
  } else {
    empty(plain_);
    fail(refusal_of(outcome));
  }
  release();
}

void Call::hold_plain() noexcept {
  try {
    held_ = std::make_unique<HeldPlain>(*this);
    codec_->queue()->hold(*held_, plain_.capacity());
  } catch (const std::bad_alloc&) {
    held_.reset();
  }
}

void Call::stop_unpacking() noexcept {
  if (unpacking_ == nullptr) return;
  unpacking_.reset();
  empty(plain_);
}

void Call::forget_plain() noexcept {
  unpacking_.reset();
  held_.reset();
  decompressed_ = false;
  broken_ = CodecOutcome::done;
  empty(plain_);
}

// The handler is in the middle of something: it finds out by itself, from what message() returns.
void Call::refuse_message(Status status) noexcept {
  if (!response_.finished) set_status(std::move(status));
  end_refused();
}

void Call::end_refused() noexcept {
  forget_plain();
  cancelled_ = true;
  listener_ = nullptr;
}

// ---- Responses ----

/// Messages that wait for one that is compressed over several turns, it included.
class Call::Packing final : public CodecJob {
 public:
  explicit Packing(Call& call) noexcept : call_(call) {}

  void add(std::byte flag, std::span<const std::byte> message) {
    const auto prefix = make_prefix(flag, message.size());
    call_.make_room(waiting_, waiting_.size() + prefix.size() + message.size());
    waiting_.insert(waiting_.end(), prefix.begin(), prefix.end());
    waiting_.insert(waiting_.end(), message.begin(), message.end());
  }
  [[nodiscard]] std::size_t waiting_bytes() const noexcept { return waiting_.size() - taken_; }
  [[nodiscard]] std::vector<std::byte>& memory() noexcept { return waiting_; }

 private:
  void step() noexcept override {
    const std::byte* const prefix = waiting_.data() + taken_;
    const std::span message(prefix + prefix_size, read_length(prefix));
    try {
      if (prefix[0] == std::byte{0}) {
        call_.append_plain(message);
      } else if (!compress(message)) {
        return;
      }
    } catch (const std::exception&) {
      call_.fail({StatusCode::resource_exhausted, "the server has no memory for the response message"});
      return;
    }
    taken_ += prefix_size + message.size();
    Call& call = call_;
    if (taken_ == waiting_.size()) {
      call.packed();
    } else {
      call.output_ready();
    }
  }

  /// False when there is more to do.
  bool compress(std::span<const std::byte> message) {
    std::vector<std::byte>& output = call_.output_;
    std::size_t& unfinished = call_.output_unfinished_;
    if (!begun_) {
      call_.drop_sent_output(prefix_size + message.size());
      Compression begun = call_.codec_->begin_compression(call_.response_.encoding);
      call_.reserve_output(prefix_size);
      output.resize(output.size() + prefix_size);
      unfinished = prefix_size;
      compression_ = std::move(begun);
      begun_ = true;
    }
    const std::size_t before = output.size();
    const CodecOutcome outcome = call_.codec_->step(compression_, message, output);
    unfinished += output.size() - before;
    if (outcome == CodecOutcome::more) return false;
    begun_ = false;
    call_.codec_->end(std::move(compression_));
    if (outcome == CodecOutcome::done) {
      const auto prefix = make_prefix(std::byte{1}, unfinished - prefix_size);
      std::copy(prefix.begin(), prefix.end(), output.end() - static_cast<std::ptrdiff_t>(unfinished));
      unfinished = 0;
    } else {
      output.resize(output.size() - std::exchange(unfinished, 0));
      call_.append_plain(message);
    }
    return true;
  }

  Call& call_;
  std::vector<std::byte> waiting_;  // prefixes and messages; flag 1: to be compressed
  std::size_t taken_ = 0;
  Compression compression_;
  bool begun_ = false;
};

// False where it may be sent at once: nothing is before it, and it is small or is not compressed.
bool Call::pack_later(std::span<const std::byte> message) {
  const bool compresses = response_.compressing && message.size() <= Codec::max_compressed_input;
  CodecQueue* const queue = codec_ == nullptr ? nullptr : codec_->queue();
  if (packing_ == nullptr && (!compresses || queue == nullptr || message.size() <= compressed_at_once)) return false;
  const std::byte flag{compresses ? std::uint8_t{1} : std::uint8_t{0}};
  if (packing_ != nullptr) {
    packing_->add(flag, message);
    return true;
  }
  auto packing = std::make_unique<Packing>(*this);
  packing->add(flag, message);
  queue->add(*packing, request_.method);
  packing_ = std::move(packing);
  retain();
  return true;
}

void Call::packed() noexcept {
  empty(packing_->memory());
  packing_.reset();
  output_ready();
  release();
}

// The call has ended for its client.
void Call::drop_packing() noexcept {
  if (packing_ == nullptr) return;
  empty(packing_->memory());
  packing_.reset();
  output_.resize(output_.size() - std::exchange(output_unfinished_, 0));
  release();
}

std::size_t Call::unsent_bytes() const noexcept {
  const std::size_t waiting = packing_ == nullptr ? 0 : packing_->waiting_bytes();
  return output_.size() - output_sent_ + waiting;
}

// Also where that makes it longer: a handler that asks for compression may want the flag to be seen.
bool Call::append_compressed(std::span<const std::byte> message) {
  if (message.size() > Codec::max_compressed_input) return false;
  const std::size_t start = output_.size();
  output_.resize(start + prefix_size);
  if (!codec_->compress(response_.encoding, message, output_)) {
    output_.resize(start);
    return false;
  }
  const auto prefix = make_prefix(std::byte{1}, output_.size() - start - prefix_size);
  std::copy(prefix.begin(), prefix.end(), output_.begin() + static_cast<std::ptrdiff_t>(start));
  return true;
}

}  // namespace wasm_grpc::rpc
