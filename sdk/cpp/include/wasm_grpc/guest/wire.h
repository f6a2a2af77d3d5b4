// Protobuf messages by hand: a reader and a writer of the wire format, for guests that bring no protobuf library.
#pragma once

// IWYU pragma: begin_exports
#include "wasm_grpc/guest/wire_format.h"
#include "wasm_grpc/guest/wire_reader.h"
#include "wasm_grpc/guest/wire_writer.h"
// IWYU pragma: end_exports
