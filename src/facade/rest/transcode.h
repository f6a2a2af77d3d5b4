// Requests and replies between HTTP and gRPC, by a rule.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "facade/rest/routes.h"
#include "json/read.h"
#include "json/write.h"

namespace wasm_grpc::facade::rest {

/// Appends the request message, in the wire format, that the captures of the path, the query and the body are
/// (google/api/ http.proto, "Rules for HTTP mapping"). `body` is JSON; of no bytes, it says nothing. Nothing, or what
/// is wrong, in one sentence for the client, and `out` is as before.
///
/// A parameter of the query that is no field is an error, unless `options` leaves out unknown fields; so is one that
/// the path or the body says already, or a field that is given twice and is not repeated.
[[nodiscard]] std::optional<std::string> make_request(const Match& match, std::string_view body,
                                                      std::vector<std::byte>& out,
                                                      const json::ReadOptions& options = {});

/// Appends the JSON of a reply, or of the field of it that the rule has for a body. Nothing, or what is wrong, and
/// `out` is as before.
[[nodiscard]] std::optional<std::string> make_reply(const Rule& rule, std::span<const std::byte> message,
                                                    std::string& out, const json::WriteOptions& options = {});

}  // namespace wasm_grpc::facade::rest
