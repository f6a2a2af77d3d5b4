// Command lines of the form `--name value`, for the benchmark's programs.
#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace wasm_grpc::bench {

class Options {
 public:
  /// `values` holds the names known and their defaults. Throws std::runtime_error for any other, or one without a
  /// value.
  Options(std::span<char*> arguments, std::map<std::string, std::string, std::less<>> values)
      : values_(std::move(values)) {
    for (std::size_t i = 0; i < arguments.size(); i += 2) {
      const std::string_view name = arguments[i];
      const auto known = name.starts_with("--") ? values_.find(name.substr(2)) : values_.end();
      if (known == values_.end()) throw std::runtime_error("unknown option '" + std::string(name) + "'");
      if (i + 1 == arguments.size()) throw std::runtime_error(std::string(name) + " needs a value");
      known->second = arguments[i + 1];
    }
  }

  [[nodiscard]] const std::string& text(std::string_view name) const { return values_.find(name)->second; }

  [[nodiscard]] int number(std::string_view name, int least) const {
    const std::string& value = text(name);
    int result = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), result);
    if (error != std::errc() || end != value.data() + value.size() || result < least)
      throw std::runtime_error("--" + std::string(name) + " is '" + value + "'; expected a whole number, at least " +
                               std::to_string(least));
    return result;
  }

 private:
  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace wasm_grpc::bench
