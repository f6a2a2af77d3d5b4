// GET /: the page that people look at.
#pragma once

#include <string>
#include <string_view>

#include "admin/view.h"

namespace wasm_grpc::admin {

/// The page as it is read without scripts: numbers since the start, as text. Its script then keeps the numbers current
/// by /status.json, and draws. `nonce`: what allows that one script to run (Content-Security-Policy).
[[nodiscard]] std::string status_page(const View& view, std::string_view nonce);

}  // namespace wasm_grpc::admin
