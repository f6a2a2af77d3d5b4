#include "store/redis/command.h"

#include <charconv>

namespace wasm_grpc::store::redis {

namespace {

void append_length(std::string& to, char mark, std::size_t length) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof(text), length).ptr;
  to += mark;
  to.append(text, end);
  to += "\r\n";
}

}  // namespace

void append_command(std::string& to, std::initializer_list<std::string_view> parts,
                    std::span<const std::string_view> more) {
  append_length(to, '*', parts.size() + more.size());
  for (const auto some : {std::span<const std::string_view>(parts.begin(), parts.size()), more}) {
    for (const std::string_view part : some) {
      append_length(to, '$', part.size());
      to += part;
      to += "\r\n";
    }
  }
}

}  // namespace wasm_grpc::store::redis
