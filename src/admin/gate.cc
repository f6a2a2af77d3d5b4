#include "admin/gate.h"

#include <algorithm>
#include <fstream>

#include "rpc/base64.h"

namespace wasm_grpc::admin {

namespace {

constexpr std::size_t least_token = 16;
constexpr std::size_t most_token = 4096;

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  if (!file) return Error{"cannot read the admin token file " + path};
  std::string text(most_token + 2, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!printable || text.size() < least_token || text.size() > most_token) {
    return Error{"the admin token file " + path +
                 " is to have one line of 16 to 4096 printable characters without spaces, such as `openssl rand -hex "
                 "32` makes"};
  }
  return text;
}

// Takes as long whatever is different.
bool same(std::string_view given, std::string_view right) noexcept {
  unsigned difference = given.size() == right.size() ? 0 : 1;
  for (std::size_t i = 0; i < right.size(); ++i) {
    difference |= static_cast<unsigned char>(i < given.size() ? given[i] : 0) ^ static_cast<unsigned char>(right[i]);
  }
  return difference == 0;
}

// Addresses can not be made to point elsewhere, names can.
bool is_of_this_machine(std::string_view authority) noexcept {
  if (authority.starts_with("[")) return authority.starts_with("[::1]") || authority.starts_with("[::ffff:127.");
  const std::string_view host = authority.substr(0, authority.rfind(':'));
  if (host == "localhost") return true;
  const bool numeric = !host.empty() && host.find_first_not_of("0123456789.") == std::string_view::npos;
  return numeric && host.starts_with("127.");
}

// "Bearer TOKEN", or what a browser makes of it when it asks its user: "Basic ", and NAME:TOKEN in base64.
std::string token_of(std::string_view authorization) {
  constexpr std::string_view bearer = "Bearer ", basic = "Basic ";
  if (authorization.starts_with(bearer)) return std::string(authorization.substr(bearer.size()));
  if (!authorization.starts_with(basic)) return {};
  std::string user_and_token;
  if (!rpc::base64_decode(authorization.substr(basic.size()), user_and_token)) return {};
  const std::size_t colon = user_and_token.find(':');
  return colon == std::string::npos ? std::string() : user_and_token.substr(colon + 1);
}

}  // namespace

Result<Gate> Gate::open(const AdminOptions& options) {
  if (!options.token_file.empty()) {
    if (auto token = read_token(options.token_file); !token.ok()) return std::move(token).error();
  }
  return Gate(options);
}

Gate::Verdict Gate::judge(bool over_unix_socket, std::string_view authority, std::string_view authorization) const {
  if (!token_file_.empty()) {
    const auto token = read_token(token_file_);
    if (!token.ok()) return Verdict::no_token;
    return same(token_of(authorization), token.value()) ? Verdict::may : Verdict::no_token;
  }
  if (over_unix_socket || without_token_ || is_of_this_machine(authority)) return Verdict::may;
  return Verdict::wrong_name;
}

Gate::Verdict Gate::judge(const rpc::Call& call) const {
  const auto authorization = call.request_metadata().get("authorization");
  return judge(call.peer().starts_with("unix:"), call.authority(), authorization.value_or(std::string_view()));
}

}  // namespace wasm_grpc::admin
