#include "facade/grpc_web/text.h"

#include <algorithm>

#include "rpc/base64.h"

namespace wasm_grpc::facade::grpc_web {

namespace {

constexpr std::size_t group = 4;

}  // namespace

bool TextReader::read(std::string_view text, std::string& bytes) {
  if (!carried_.empty()) {
    const std::size_t more = std::min(group - carried_.size(), text.size());
    carried_.append(text.substr(0, more));
    text.remove_prefix(more);
    if (carried_.size() < group) return true;
    if (!decode(carried_, bytes)) return false;
    carried_.clear();
  }
  const std::size_t whole = text.size() - text.size() % group;
  carried_.append(text.substr(whole));
  return decode(text.substr(0, whole), bytes);
}

// Padding ends a piece, and another may follow.
bool TextReader::decode(std::string_view groups, std::string& bytes) const {
  while (!groups.empty()) {
    const auto padding = groups.find('=');
    const std::size_t size = padding == std::string_view::npos ? groups.size() : padding - padding % group + group;
    if (!rpc::base64_decode(groups.substr(0, size), bytes)) return false;
    groups.remove_prefix(size);
  }
  return true;
}

void append_text(std::string_view bytes, std::string& text) {
  const std::size_t begin = text.size();
  rpc::base64_encode(bytes, text);
  while ((text.size() - begin) % group != 0) text.push_back('=');
}

}  // namespace wasm_grpc::facade::grpc_web
