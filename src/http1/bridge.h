// HTTP/1.1 spoken with a client, HTTP/2 with the server: bytes on both sides, no I/O.
//
// A request becomes a stream of an nghttp2 client session, whose frames the server's session takes as if they came from
// a client; the frames of the answer become HTTP/1.1 again. So routing, limits, flow control, HEAD, errors and the end
// of a connection are said once, for HTTP/2, and HTTP/1.1 has the cost of the translation alone.
#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http1/framing.h"
#include "http1/parser.h"

namespace wasm_grpc::http1 {

/// One connection. Requests are served one after the other; what a client sends ahead waits.
class Bridge {
 public:
  /// `scheme` is "http" or "https" and lives as long as the program. A request head may have `max_head` bytes. Not
  /// `spoken`: requests are answered that this version is not.
  Bridge(std::string_view scheme, std::size_t max_head, bool spoken = true);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  // ---- The client's side ----

  void take(std::span<const std::byte> bytes);
  /// Whether more is to be read from the client: not while much that it sent waits.
  [[nodiscard]] bool wants_input() const noexcept;
  /// What is to be written to the client. The caller clears it.
  [[nodiscard]] std::vector<std::byte>& output() noexcept { return output_; }
  /// Gives back what a large exchange needed, where none is under way.
  void shrink_when_idle() noexcept;
  /// The connection is to be closed once the output has left.
  [[nodiscard]] bool is_over() const noexcept { return over_; }
  /// Why, where that was the client's fault; else empty.
  [[nodiscard]] std::string_view complaint() const noexcept { return complaint_; }
  /// A number for the request head of which only a part has come; 0 when there is none.
  [[nodiscard]] std::uint64_t incomplete() const noexcept {
    return waits_for_head() && !input_.empty() ? requests_ + 1 : 0;
  }

  // ---- The server's side ----

  [[nodiscard]] bool has_frames() const noexcept;
  /// The next frames for the server; empty when there are none. Valid until the next call of anything.
  [[nodiscard]] std::span<const std::byte> next_frames();
  /// The server's frames, in pieces of any size.
  void take_frames(std::span<const std::byte> bytes);

 private:
  struct Callbacks;  // nghttp2's
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  /// What the answer to the current request is.
  struct Answer {
    int status = 0;  // 0: its fields have not come
    std::string fields;
    bool has_length = false;
    bool begun = false;  // the head has gone out
    bool chunked = false;
  };

  [[nodiscard]] bool waits_for_head() const noexcept { return stream_ == 0 && !over_; }
  void go_on();
  [[nodiscard]] bool take_head();
  [[nodiscard]] bool take_body();
  [[nodiscard]] const char* read_target(std::string& authority, std::string& path) const;
  void submit(const Framing& framing, const std::string& authority, const std::string& path);
  void hang_up(std::string_view reason);
  void reject(int status, std::string_view reason);
  void begin_answer(bool has_body);
  void end_answer(std::uint32_t error);
  void write(std::string_view text);
  void drop_input(std::size_t size);
  [[nodiscard]] ssize_t give_body(std::uint8_t* buffer, std::size_t length, std::uint32_t* flags);

  std::string_view scheme_;
  std::size_t max_head_;
  bool spoken_;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
  std::vector<std::byte> input_;  // of the client, from a head or a body on
  std::size_t searched_ = 0;      // there is no end of a head before it
  bool line_seen_ = false;        // the first line of the head is well-formed
  std::vector<std::byte> output_;
  std::vector<std::byte> body_;  // of the request, from body_given_ on
  std::size_t body_given_ = 0;
  HeadParser head_;
  BodyReader reader_;
  Answer answer_;
  std::int32_t stream_ = 0;  // the request that is served; 0: none
  std::uint64_t requests_ = 0;
  bool is_1_1_ = true;
  bool is_head_ = false;
  bool keep_alive_ = true;
  bool leaving_ = false;  // the server has said that the connection ends
  bool over_ = false;
  std::string complaint_;
};

}  // namespace wasm_grpc::http1
