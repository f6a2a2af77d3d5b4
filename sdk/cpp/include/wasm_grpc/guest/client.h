// Calls that a guest makes, of the targets that the operator grants it: docs/guest-cpp.md, "Call other services".
//
//   const helloworld::Greeter::Stub greeter("greeter");
//   const Result<HelloReply> reply = greeter.SayHello(context, {.name = "Ada"});
#pragma once

// IWYU pragma: begin_exports
#include "wasm_grpc/guest/client/async_call_stream.h"
#include "wasm_grpc/guest/client/call_stream.h"
#include "wasm_grpc/guest/client/http_target.h"
#include "wasm_grpc/guest/client/made_call.h"
#include "wasm_grpc/guest/client/pending_reply.h"
#include "wasm_grpc/guest/client/target.h"
// IWYU pragma: end_exports
