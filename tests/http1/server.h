// The server behind a bridge: a session of nghttp2 that notes the requests and answers as it is told.
#pragma once

#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http1/bridge.h"

namespace wasm_grpc::http1 {

struct Request {
  std::int32_t stream = 0;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;
  bool ended = false;

  [[nodiscard]] std::string_view field(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
    return found == fields.end() ? std::string_view() : found->second;
  }
  bool operator==(const Request&) const = default;
};

/// One whole answer.
struct Reply {
  std::vector<std::pair<std::string, std::string>> fields = {{":status", "200"}};
  std::string body;
  std::vector<std::pair<std::string, std::string>> trailers;
};

class Server {
 public:
  /// `answer` is called when a request has ended.
  explicit Server(Bridge& bridge, std::function<Reply(const Request&)> answer, std::int32_t window = 65'535)
      : bridge_(bridge), answer_(std::move(answer)) {
    nghttp2_session_callbacks* callbacks = nullptr;
    nghttp2_session_callbacks_new(&callbacks);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, on_header);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, on_frame);
    nghttp2_option* option = nullptr;
    nghttp2_option_new(&option);
    nghttp2_option_set_no_auto_window_update(option, 1);
    nghttp2_session* session = nullptr;
    nghttp2_session_server_new2(&session, callbacks, this, option);
    session_.reset(session);
    nghttp2_option_del(option);
    nghttp2_session_callbacks_del(callbacks);
    const nghttp2_settings_entry settings = {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(window)};
    nghttp2_submit_settings(session_.get(), NGHTTP2_FLAG_NONE, &settings, 1);
  }

  /// What the client sends, and all that follows from it.
  void client_sends(std::string_view text) {
    bridge_.take(std::as_bytes(std::span(text)));
    exchange();
  }
  /// Frames in both directions, until there are none.
  void exchange() {
    for (bool active = true; active;) {
      active = false;
      for (auto frames = bridge_.next_frames(); !frames.empty(); frames = bridge_.next_frames()) {
        broken_ =
            broken_ || nghttp2_session_mem_recv(session_.get(), reinterpret_cast<const std::uint8_t*>(frames.data()),
                                                frames.size()) < 0;
        active = true;
      }
      const std::uint8_t* data = nullptr;
      for (ssize_t size = 0; (size = nghttp2_session_mem_send(session_.get(), &data)) > 0; active = true) {
        bridge_.take_frames(std::as_bytes(std::span(data, static_cast<std::size_t>(size))));
      }
    }
  }
  /// The handler has read so much of the body.
  void read(std::int32_t stream, std::size_t size) {
    nghttp2_session_consume(session_.get(), stream, size);
    exchange();
  }
  void reset(std::int32_t stream, std::uint32_t error) {
    nghttp2_submit_rst_stream(session_.get(), NGHTTP2_FLAG_NONE, stream, error);
    exchange();
  }
  void reply(std::int32_t stream, Reply reply) {
    submit(stream, std::move(reply));
    exchange();
  }
  void say_goodbye() {
    nghttp2_submit_shutdown_notice(session_.get());
    exchange();
  }

  [[nodiscard]] const std::vector<Request>& requests() const { return requests_; }
  /// The bridge has sent what is not HTTP/2.
  [[nodiscard]] bool broken() const { return broken_; }

 private:
  struct SessionDeleter {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };
  struct Output {
    Reply reply;
    std::size_t sent = 0;
  };

  static std::string text(const std::uint8_t* data, std::size_t size) {
    return {reinterpret_cast<const char*>(data), size};
  }
  static std::vector<nghttp2_nv> raw(const std::vector<std::pair<std::string, std::string>>& fields) {
    std::vector<nghttp2_nv> raw;
    for (const auto& [name, value] : fields) {
      raw.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(name.data())),
                     reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), name.size(), value.size(),
                     NGHTTP2_NV_FLAG_NONE});
    }
    return raw;
  }

  Request& request(std::int32_t stream) {
    for (Request& request : requests_) {
      if (request.stream == stream) return request;
    }
    requests_.push_back({.stream = stream, .fields = {}, .body = {}, .ended = false});
    return requests_.back();
  }

  static int on_header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* self) {
    static_cast<Server*>(self)
        ->request(frame->hd.stream_id)
        .fields.emplace_back(text(name, name_size), text(value, value_size));
    return 0;
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t stream, const std::uint8_t* data, std::size_t size,
                     void* self) {
    static_cast<Server*>(self)->request(stream).body += text(data, size);
    return 0;
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    Server& self = *static_cast<Server*>(user_data);
    const bool of_request = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
    if (!of_request || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
    Request& request = self.request(frame->hd.stream_id);
    request.ended = true;
    if (self.answer_) self.submit(request.stream, self.answer_(request));
    return 0;
  }

  void submit(std::int32_t stream, Reply reply) {
    Output& output = outputs_[stream];
    output = {.reply = std::move(reply), .sent = 0};
    nghttp2_data_provider provider{};
    provider.source.ptr = &output;
    provider.read_callback = [](nghttp2_session* session, std::int32_t id, std::uint8_t* buffer, std::size_t length,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) -> ssize_t {
      auto& [answer, sent] = *static_cast<Output*>(source->ptr);
      const std::size_t size = std::min(length, answer.body.size() - sent);
      std::memcpy(buffer, answer.body.data() + sent, size);
      sent += size;
      if (sent == answer.body.size()) {
        *flags |= NGHTTP2_DATA_FLAG_EOF;
        if (!answer.trailers.empty()) {
          *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
          const auto trailers = raw(answer.trailers);
          nghttp2_submit_trailer(session, id, trailers.data(), trailers.size());
        }
      }
      return static_cast<ssize_t>(size);
    };
    const bool has_body = !output.reply.body.empty() || !output.reply.trailers.empty();
    const auto fields = raw(output.reply.fields);
    nghttp2_submit_response(session_.get(), stream, fields.data(), fields.size(), has_body ? &provider : nullptr);
  }

  Bridge& bridge_;
  std::function<Reply(const Request&)> answer_;
  std::vector<Request> requests_;
  std::map<std::int32_t, Output> outputs_;
  bool broken_ = false;
  std::unique_ptr<nghttp2_session, SessionDeleter> session_;
};

/// What the bridge has for the client so far, taken out of it.
inline std::string written(Bridge& bridge) {
  const std::string text(reinterpret_cast<const char*>(bridge.output().data()), bridge.output().size());
  bridge.output().clear();
  return text;
}

}  // namespace wasm_grpc::http1
