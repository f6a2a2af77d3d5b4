#include "wasm/failure.h"

#include <wasmtime.h>

#include <algorithm>
#include <string_view>

#include "wasm/guest_text.h"

namespace wasm_grpc::wasm {

namespace {

constexpr std::size_t max_frames = 30;

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view blank{" \t\r\0", 4};
  const std::size_t first = line.find_first_not_of(blank);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(blank) - first + 1);
}

/// The causes of an error are numbered: "0: ".
std::string_view without_number(std::string_view line) {
  const std::size_t end = line.find_first_not_of("0123456789");
  const bool numbered = end != 0 && end != std::string_view::npos && line.substr(end).starts_with(": ");
  return numbered ? line.substr(end + 2) : line;
}

/// The engine's messages have a line for each cause, and a place in text format follows as a picture: "--> <anon>:1:7"
/// and the source below it. Here it is "what: why: why" and "what (line 1, column 7)". Names that the guest chose are
/// in it, so it is made printable and cut.
std::string one_line(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.starts_with("--> ")) {
      const std::size_t column = line.rfind(':');
      const std::size_t row = line.rfind(':', column - 1);
      out.append(" (line ").append(line.substr(row + 1, column - row - 1));
      out.append(", column ").append(line.substr(column + 1)).append(")");
      break;
    }
    if (line.empty() || line == "Caused by:") continue;
    if (!out.empty()) out += ": ";
    out += without_number(line);
  }
  return printable(out, most_of_message);
}

std::string frame_text(const wasm_frame_t* frame) {
  const wasm_name_t* function = wasmtime_frame_func_name(frame);
  std::string out = function != nullptr ? printable({function->data, function->size}, most_of_name)
                                        : "function " + std::to_string(wasm_frame_func_index(frame));
  return out + " at offset " + std::to_string(wasm_frame_module_offset(frame));
}

std::vector<std::string> take_frames(wasm_frame_vec_t* frames) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < frames->size && i < max_frames; ++i) out.push_back(frame_text(frames->data[i]));
  if (frames->size > max_frames) out.push_back("... " + std::to_string(frames->size - max_frames) + " more");
  wasm_frame_vec_delete(frames);
  return out;
}

/// The engine appends a backtrace of its own to messages; ours is in Failure::backtrace. What caused the failure
/// follows it.
std::string without_backtrace(std::string_view text) {
  static constexpr std::string_view causes = "Caused by:";
  if (text.starts_with("error while executing")) {
    const std::size_t at = text.rfind(causes);  // a function may be named so
    if (at != std::string_view::npos) return one_line(text.substr(at + causes.size()).substr(1));
  }
  return one_line(text);
}

}  // namespace

std::string Failure::describe() const {
  std::string out = message;
  for (const std::string& frame : backtrace) out += "\n    in " + frame;
  return out;
}

std::string take_message(wasmtime_error* error) {
  wasm_name_t message;
  wasmtime_error_message(error, &message);
  std::string out = one_line({message.data, message.size});
  wasm_name_delete(&message);
  wasmtime_error_delete(error);
  return out;
}

Failure take_failure(wasm_trap_t* trap, wasmtime_error* error) {
  Failure failure;
  wasm_name_t message;
  wasm_frame_vec_t frames;
  if (trap != nullptr) {
    wasmtime_trap_code_t code = 0;
    const bool overflow = wasmtime_trap_code(trap, &code) && code == WASMTIME_TRAP_CODE_STACK_OVERFLOW;
    if (overflow) failure.kind = Failure::Kind::stack_overflow;
    wasm_trap_message(trap, &message);
    wasm_trap_trace(trap, &frames);
  } else {
    wasmtime_error_message(error, &message);
    wasmtime_error_wasm_trace(error, &frames);
  }
  failure.message = without_backtrace({message.data, message.size});
  wasm_name_delete(&message);
  failure.backtrace = take_frames(&frames);
  // Last: the frames borrow from it.
  if (trap != nullptr) {
    wasm_trap_delete(trap);
  } else {
    wasmtime_error_delete(error);
  }
  return failure;
}

}  // namespace wasm_grpc::wasm
