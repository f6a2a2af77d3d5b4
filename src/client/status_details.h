// grpc-status-details-bin for people.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "client/json.h"

namespace wasm_grpc::client {

/// "0x" and the bytes.
[[nodiscard]] std::string hexadecimal(std::string_view bytes);

/// A line for each detail of a serialized google.rpc.Status: its type, and its JSON where the type is known.
[[nodiscard]] std::vector<std::string> details_as_text(std::string_view status, const MessageJson& json);

}  // namespace wasm_grpc::client
