// A small gRPC client on nghttp2, for tests: everything happens on the test's thread, step by step.
#pragma once

#include <nghttp2/nghttp2.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace wasm_grpc::http2 {

using Fields = std::vector<std::pair<std::string, std::string>>;

/// What came back on one stream.
struct Reply {
  Fields headers;   // of the first block
  Fields trailers;  // of the second; those of a trailers-only answer are in `headers`
  std::string body;
  bool ended = false;                       // END_STREAM was seen
  bool closed = false;                      // the stream is over
  std::optional<std::uint32_t> reset_code;  // of an RST_STREAM that was received
  int header_blocks = 0;

  /// The first value of that name in headers, then trailers; empty when there is none.
  [[nodiscard]] std::string field(std::string_view name) const;
  /// The complete messages in the body.
  [[nodiscard]] std::vector<std::string> messages() const;
  /// grpc-status as a number; -1 when there is none.
  [[nodiscard]] int status() const;
  /// grpc-message, decoded.
  [[nodiscard]] std::string message() const;
};

class Client {
 public:
  /// What is between the client and its socket: TLS.
  class Layer {
   public:
    Layer() = default;
    Layer(const Layer&) = delete;
    Layer& operator=(const Layer&) = delete;
    virtual ~Layer() = default;
    /// What the socket is to get, given what the client has to say, nothing perhaps. What cannot leave yet is kept.
    [[nodiscard]] virtual std::string encode(std::string_view said) = 0;
    /// What the client is to get, given what came from the socket.
    [[nodiscard]] virtual std::string decode(std::string_view came) = 0;
  };

  struct Options {
    bool consume = true;  // give windows back as data arrives
    std::int32_t stream_window = 65535;
    bool one_byte_at_a_time = false;  // write so
    bool acknowledge_pings = true;
    std::shared_ptr<Layer> layer = nullptr;
  };

  explicit Client(std::uint16_t port) : Client(port, Options()) {}
  Client(std::uint16_t port, Options options);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// Opens a stream with the fields a gRPC client sends, and `extra`; a name that is in both is taken from `extra`, an
  /// empty value there leaves it out. Returns its id.
  std::int32_t open(std::string_view path, const Fields& extra = {}, bool end = false);
  /// Queues one message, framed, and the end if so wanted.
  void send(std::int32_t id, std::string_view message, bool end = false);
  /// Queues bytes as they are.
  void send_raw(std::int32_t id, std::string_view bytes, bool end = false);
  void end(std::int32_t id) { send_raw(id, "", true); }
  void reset(std::int32_t id, std::uint32_t code = NGHTTP2_CANCEL);
  /// Gives back the window of data received, when Options::consume is off.
  void consume(std::int32_t id);
  void ping();

  /// A whole unary call.
  const Reply& call(std::string_view path, std::string_view message, const Fields& extra = {});

  /// Reads and writes until the condition holds. False when it does not within 20 seconds, or the connection ended.
  [[nodiscard]] bool run_until(const std::function<bool()>& condition);
  [[nodiscard]] bool run_until_closed(std::int32_t id) {
    return run_until([&] { return replies_[id].closed; });
  }
  /// Reads and writes for that long.
  void run_for(std::chrono::milliseconds time);
  /// Writes what was queued, as far as the socket takes it.
  void write();
  /// Closes the socket without a word.
  void drop();

  [[nodiscard]] Reply& reply(std::int32_t id) { return replies_[id]; }
  /// Bytes queued for the stream that have not left, because its window is used up.
  [[nodiscard]] std::size_t unsent(std::int32_t id) { return outputs_[id].bytes.size(); }
  [[nodiscard]] bool connection_ended() const { return ended_; }
  /// The error codes of the GOAWAY frames received, and the last stream ids they named.
  [[nodiscard]] const std::vector<std::pair<std::uint32_t, std::int32_t>>& goaways() const { return goaways_; }
  [[nodiscard]] int pongs() const { return pongs_; }
  [[nodiscard]] std::uint32_t setting(nghttp2_settings_id id) const {
    return nghttp2_session_get_remote_settings(session_, id);
  }

 private:
  struct Output {
    std::string bytes;
    bool end = false;
    bool deferred = false;
  };

  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*,
                       std::size_t, std::uint8_t, void*);
  static int on_frame(nghttp2_session*, const nghttp2_frame*, void*);
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*, std::size_t, void*);
  static int on_close(nghttp2_session*, std::int32_t, std::uint32_t, void*);
  static ssize_t read_output(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t, std::uint32_t*,
                             nghttp2_data_source*, void*);
  void pump(int wait_milliseconds);
  [[nodiscard]] std::string next_output();
  [[nodiscard]] bool take_input(std::string_view bytes);

  Options options_;
  int socket_ = -1;
  nghttp2_session* session_ = nullptr;
  bool ended_ = false;
  std::string pending_;  // bytes nghttp2 gave that the socket has not taken
  std::map<std::int32_t, Reply> replies_;
  std::map<std::int32_t, Output> outputs_;
  std::map<std::int32_t, std::size_t> unconsumed_;
  std::vector<std::pair<std::uint32_t, std::int32_t>> goaways_;
  int pongs_ = 0;
};

/// The 5-byte prefix and the message.
[[nodiscard]] std::string framed(std::string_view message);

}  // namespace wasm_grpc::http2
