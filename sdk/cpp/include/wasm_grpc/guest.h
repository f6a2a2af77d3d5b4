// Everything a guest needs: a WASI module that is served over gRPC. See docs/guest-cpp.md.
#pragma once

// IWYU pragma: begin_exports
#include "wasm_grpc/guest/any.h"
#include "wasm_grpc/guest/async_stream.h"
#include "wasm_grpc/guest/bytes.h"
#include "wasm_grpc/guest/client.h"
#include "wasm_grpc/guest/context.h"
#include "wasm_grpc/guest/error_details.h"
#include "wasm_grpc/guest/exports.h"
#include "wasm_grpc/guest/health.h"
#include "wasm_grpc/guest/http.h"
#include "wasm_grpc/guest/instance_events.h"
#include "wasm_grpc/guest/log.h"
#include "wasm_grpc/guest/message.h"
#include "wasm_grpc/guest/message_stream.h"
#include "wasm_grpc/guest/metadata.h"
#include "wasm_grpc/guest/reply.h"
#include "wasm_grpc/guest/result.h"
#include "wasm_grpc/guest/service.h"
#include "wasm_grpc/guest/status.h"
#include "wasm_grpc/guest/stream.h"
#include "wasm_grpc/guest/task.h"
#include "wasm_grpc/guest/typed_service.h"
#include "wasm_grpc/guest/utf8.h"
#include "wasm_grpc/guest/wait.h"
#include "wasm_grpc/guest/wire.h"
// IWYU pragma: end_exports
