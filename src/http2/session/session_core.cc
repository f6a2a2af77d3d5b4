#include "http2/session/session_core.h"

namespace wasm_grpc::http2 {

SessionCore::SessionCore(const ConnectionOptions& connection_options, const rpc::MethodTable& method_table,
                         rpc::TimerQueue& timer_queue, EndpointOwner& its_owner, rpc::CodecQueue* codecs)
    : terms(std::make_shared<const net::Terms>(net::Terms{connection_options})),
      methods(method_table),
      timers(timer_queue),
      owner(its_owner),
      callbacks(Session::make_callbacks()),
      streams(codecs) {}

}  // namespace wasm_grpc::http2
