// A config on its way: what was read of it so far, where it was said, and what is wrong with it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/read.h"
#include "config/setting.h"

namespace wasm_grpc::config {

/// Of a file, both from 1; 0 where it is the command line.
struct Place {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
};

struct Problem {
  Place place;
  std::string message;
};

struct Draft {
  Config config;
  std::vector<Problem> problems;
  /// Where the settings at the top of the file were said.
  std::unordered_map<const Setting*, Place> places;
  std::vector<Place> module_places;  // of config.modules
  std::vector<Place> listen_places;  // of config.listen, where the file has [[listen]]
  /// What was said of each; what was not is that of the server, which is known when all is read.
  std::vector<std::vector<Given>> listen_said;
  std::vector<Place> target_places;  // of config.server.targets

  void complain(Place place, std::string message) { problems.push_back({place, std::move(message)}); }
};

/// Puts a value where it belongs; variables go to those that are there, or replace one of the same name.
template <typename Subject>
void put(const Setting& setting, const Slot<Subject>& slot, Subject& subject, const Value& value) {
  if (setting.kind != Kind::variables) return slot.set(subject, value);
  auto all = std::get<Variables>(slot.get(subject));
  for (const auto& [name, text] : std::get<Variables>(value)) {
    const auto same = [&, &wanted = name](const auto& variable) { return variable.first == wanted; };
    if (const auto found = std::find_if(all.begin(), all.end(), same); found != all.end()) {
      found->second = text;
    } else {
      all.emplace_back(name, text);
    }
  }
  slot.set(subject, Value(std::move(all)));
}

/// Reads a text in TOML into the draft.
void read_toml(std::string_view text, const Source& source, const Secrets& secrets, Draft& draft);

}  // namespace wasm_grpc::config
