#include "observe/log/recent_lines.h"

#include <exception>

#include "observe/log/formats.h"

namespace wasm_grpc::observe {

void RecentLines::add(const LogLine& said) noexcept {
  try {
    RecentLine line{std::chrono::system_clock::now(), said.level, std::string(said.source),
                    std::string(text_for_function(said)).substr(0, most_text)};
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::move(line));
    if (lines_.size() > most) lines_.pop_front();
  } catch (const std::exception&) {  // no memory: the log has it
  }
}

std::vector<RecentLine> RecentLines::lines() const {
  const std::lock_guard lock(mutex_);
  return {lines_.rbegin(), lines_.rend()};
}

}  // namespace wasm_grpc::observe
