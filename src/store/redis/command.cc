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
  append_count(to, parts.size() + more.size());
  for (const std::string_view part : parts) append_argument(to, {part});
  for (const std::string_view part : more) append_argument(to, {part});
}

void append_count(std::string& to, std::size_t arguments) { append_length(to, '*', arguments); }

void append_argument(std::string& to, std::initializer_list<std::string_view> parts) {
  std::size_t size = 0;
  for (const std::string_view part : parts) size += part.size();
  append_length(to, '$', size);
  for (const std::string_view part : parts) to += part;
  to += "\r\n";
}

}  // namespace wasm_grpc::store::redis
