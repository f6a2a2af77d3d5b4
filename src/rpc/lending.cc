#include "rpc/lending.h"

#include <utility>

#include "rpc/message_prefix.h"

namespace wasm_grpc::rpc {

LentState Lending::take(Call& call) {
  LentState state;
  state.messages = take_messages(call);  // first: it may fail
  if (call.request_.client != nullptr) state.client = call.request_.client->shared_from_this();
  state.response = call.response_;           // a copy: what the handler has said already is still to be sent
  state.request = std::move(call.request_);  // the transport goes on with what is no storage, which a move leaves
  call.request_.span = state.request.span;   // which it ends
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
  call.forget_plain();  // it is decompressed again where it is taken
  return messages;
}

void Lending::apply(Call& call, LentAnswer&& answer) {
  if (answer.consumed > 0) call.input_consumed(answer.consumed);
  if (call.cancelled_ || call.response_.finished) return;
  if (!answer.output.empty()) call.append_framed(answer.output);
  if (answer.response) call.response_ = std::move(*answer.response);
  if (answer.refused) call.end_refused();
  if (!answer.output.empty() || answer.response) call.output_ready();
}

void Lending::install(Call& call, const Method& method, LentState&& state) {
  call.request_ = std::move(state.request);
  call.set_method(method);
  call.response_ = std::move(state.response);
}

void Lending::bring_home(Call& call, LentState&& state) {
  std::vector<std::byte> input = std::move(state.messages);
  for (std::size_t at = 0; at < input.size(); at += prefix_size + read_length(input.data() + at)) {
    ++call.complete_messages_;
  }
  const std::size_t before = input.size();
  input.insert(input.end(), call.input_.begin() + static_cast<std::ptrdiff_t>(call.input_taken_), call.input_.end());
  call.input_scanned_ = call.input_scanned_ - call.input_taken_ + before;
  call.input_taken_ = 0;
  call.input_ = std::move(input);
  // What the transport has learned since is its own.
  state.request.half_closed = call.request_.half_closed;
  state.request.method = call.request_.method;
  state.request.client = call.request_.client;
  call.request_ = std::move(state.request);
  call.response_ = std::move(state.response);
}

}  // namespace wasm_grpc::rpc
