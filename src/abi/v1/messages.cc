// The messages of a call, and what of its answer goes with them.
#include <cstring>

#include "abi/v1/answers.h"
#include "abi/v1/binding.h"

namespace wasm_grpc::abi::v1 {

std::int32_t InstanceBinding::recv(std::int32_t id, std::span<std::byte> buffer) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (call->cancelled()) return cancelled();
  if (const auto message = call->message()) {
    const std::size_t size = message->size();
    if (size <= buffer.size()) {
      std::memcpy(buffer.data(), message->data(), size);
      call->pop_message();
    }
    return static_cast<std::int32_t>(size);
  }
  if (call->cancelled()) {  // the message could not be decompressed
    if (const CallTable::Entry* const entry = event_calls_.find(id)) entry->host->refused();
    return cancelled();
  }
  return call->requests_ended() ? END : AGAIN;
}

std::int32_t InstanceBinding::send(std::int32_t id, std::span<const std::byte> message) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  return answer(call->send(message));
}

std::int32_t InstanceBinding::finish(std::int32_t id, std::int32_t code, std::string_view message) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (code < 0 || code > rpc::max_status_code) return INVALID;
  // The call cuts it between characters; it need not be given much more than it keeps.
  message = message.substr(0, max_status_message_bytes + 4);
  const std::int32_t done = answer(call->finish({static_cast<rpc::StatusCode>(code), std::string(message)}));
  if (call != call_ && done == OK) {
    EventCallHost& host = *event_calls_.find(id)->host;
    event_calls_.erase(id);
    host.guest_finished();
  }
  return done;
}

std::int32_t InstanceBinding::metadata_add(std::int32_t id, std::int32_t where, std::string_view key,
                                           std::string_view value) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (where != metadata_headers && where != metadata_trailers) return INVALID;
  if (call->cancelled()) return cancelled();
  if (call->finished()) return CLOSED;
  const bool added = where == metadata_headers ? call->add_header(key, value) : call->add_trailer(key, value);
  return added ? OK : INVALID;
}

std::int32_t InstanceBinding::http_status(std::int32_t id, std::int32_t status) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (call->cancelled()) return cancelled();
  if (call->finished()) return CLOSED;
  return call->set_http_status(status) ? OK : INVALID;
}

std::int32_t InstanceBinding::headers_send(std::int32_t id) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  return answer(call->send_headers());
}

std::int32_t InstanceBinding::compress(std::int32_t id, std::int32_t on) {
  rpc::Call* const call = find(id);
  if (call == nullptr) return CLOSED;
  if (on != 0 && on != 1) return INVALID;
  const std::int32_t done = answer(call->compress(on != 0));
  return done == OK && call->compressing() ? 1 : done;
}

}  // namespace wasm_grpc::abi::v1
