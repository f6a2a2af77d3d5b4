#include "rpc/lending.h"

#include <utility>

namespace wasm_grpc::rpc {

LentState Lending::take(Call& call) {
  LentState state;
  state.messages = take_messages(call);  // first: it may fail
  if (call.client_ != nullptr) state.client = call.client_->shared_from_this();
  state.headers = call.headers_;
  state.trailers = call.trailers_;
  state.request_metadata = std::move(call.request_metadata_);
  state.authority = std::move(call.authority_);
  state.http_method = call.http_method();
  state.http_target = call.http_target();
  state.http_status = call.http_status_;
  state.deadline = call.deadline();
  state.request_encoding = call.request_encoding_;
  state.accepted_encodings = call.accepted_encodings_;
  state.half_closed = call.half_closed_;
  state.message_encoding = call.message_encoding_;
  state.response_encoding = call.response_encoding_;
  state.headers_wanted = call.headers_wanted_;
  state.compressing = call.compressing_;
  state.sent_messages = call.sent_messages_;
  return state;
}

std::vector<std::byte> Lending::take_messages(Call& call) {
  std::vector<std::byte> messages;
  if (call.complete_messages_ == 0) return messages;
  if (call.input_taken_ == 0 && call.input_scanned_ == call.input_.size()) {
    messages.swap(call.input_);
  } else {
    messages.assign(call.input_.begin() + static_cast<std::ptrdiff_t>(call.input_taken_),
                    call.input_.begin() + static_cast<std::ptrdiff_t>(call.input_scanned_));
  }
  call.complete_messages_ = 0;
  call.input_taken_ = call.input_scanned_;
  if (call.input_taken_ >= call.input_.size()) {
    call.empty(call.input_);
    call.input_taken_ = 0;
    call.input_scanned_ = 0;
  }
  if (call.decompressed_) {  // it is decompressed again where it is taken
    call.decompressed_ = false;
    call.empty(call.plain_);
  }
  return messages;
}

void Lending::apply(Call& call, LentAnswer&& answer) {
  if (answer.consumed > 0) call.input_consumed(answer.consumed);
  if (call.cancelled_ || call.finished_) return;
  if (answer.head && !call.headers_wanted_) {
    call.headers_ = std::move(answer.head->headers);
    call.response_encoding_ = answer.head->response_encoding;
    call.http_status_ = answer.head->http_status;
    call.headers_wanted_ = true;
    call.output_ready();
  }
  if (!answer.output.empty()) {
    call.append_framed(answer.output);
    call.output_ready();
  }
  if (answer.end) {
    call.trailers_ = std::move(answer.end->trailers);
    if (answer.end->refused) {
      call.refuse_message(std::move(answer.end->status));
    } else {
      call.set_status(std::move(answer.end->status));
    }
    call.broken_off_ = answer.end->broken_off;
  }
}

void Lending::install(Call& call, const Method& method, LentState&& state) {
  call.method_ = &method;
  call.request_metadata_ = std::move(state.request_metadata);
  call.authority_ = std::move(state.authority);
  call.http_status_ = state.http_status;
  call.deadline_ = state.deadline.value_or(Call::no_deadline);
  call.request_encoding_ = state.request_encoding;
  call.accepted_encodings_ = state.accepted_encodings;
  call.half_closed_ = state.half_closed;
  call.message_encoding_ = state.message_encoding;
  call.headers_ = std::move(state.headers);
  call.trailers_ = std::move(state.trailers);
  call.response_encoding_ = state.response_encoding;
  call.headers_wanted_ = state.headers_wanted;
  call.compressing_ = state.compressing;
  call.sent_messages_ = state.sent_messages;
}

}  // namespace wasm_grpc::rpc
