// A row of the table of settings.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "config/config.h"
#include "config/value.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::config {

/// When a setting that was changed in the file takes effect.
enum class Change : std::uint8_t {
  reload,   // when the file is read again
  restart,  // when the server is started again; a reload refuses it by name
};

/// The least and the most of a number, both included.
struct Range {
  std::int64_t least = 0;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

/// The longest time, in milliseconds: 30 days.
inline constexpr std::int64_t longest_time = std::int64_t{30} * 24 * 3'600'000;
inline constexpr std::int64_t KiB = std::int64_t{1} << 10;
inline constexpr std::int64_t MiB = std::int64_t{1} << 20;
inline constexpr std::int64_t GiB = std::int64_t{1} << 30;
inline constexpr std::int64_t TiB = std::int64_t{1} << 40;

/// Where a value is in a `Subject`: a Config, a ModuleConfig, a ListenConfig, the options of a target, what a module is
/// granted of one, or what holds for some of its methods.
template <typename Subject>
struct Slot {
  Value (*get)(const Subject&) = nullptr;
  /// The value has passed the setting's check, and is of its kind.
  void (*set)(Subject&, const Value&) = nullptr;

  explicit operator bool() const noexcept { return set != nullptr; }
};

template <typename Member>
[[nodiscard]] Value to_value(const Member& member) {
  if constexpr (std::is_enum_v<Member>) {
    return static_cast<std::int64_t>(member);
  } else if constexpr (std::same_as<Member, std::chrono::milliseconds>) {
    return static_cast<std::int64_t>(member.count());
  } else if constexpr (std::integral<Member> && !std::same_as<Member, bool>) {
    return static_cast<std::int64_t>(member);
  } else {
    return member;
  }
}
template <typename Member>
[[nodiscard]] Value to_value(const std::optional<Member>& member) {
  return member ? to_value(*member) : Value();
}

template <typename Member>
void from_value(const Value& value, Member& member) {
  if constexpr (std::is_enum_v<Member> || (std::integral<Member> && !std::same_as<Member, bool>)) {
    member = static_cast<Member>(std::get<std::int64_t>(value));
  } else if constexpr (std::same_as<Member, std::chrono::milliseconds>) {
    member = std::chrono::milliseconds(std::get<std::int64_t>(value));
  } else {
    member = std::get<Member>(value);
  }
}
template <typename Member>
void from_value(const Value& value, std::optional<Member>& member) {
  from_value(value, member.emplace());
}

/// The slot of what `Field` returns a reference to, for a Subject that may be const:
/// slot<Config, [](auto& config) -> auto& { return config.server.workers; }>().
template <typename Subject, auto Field>
[[nodiscard]] constexpr Slot<Subject> slot() noexcept {
  return {[](const Subject& subject) { return to_value(Field(subject)); },
          [](Subject& subject, const Value& value) { from_value(value, Field(subject)); }};
}

/// One setting: a flag of `serve`, a key of the config file, a line of --help, of docs/settings.md and of the schema.
///
/// A setting of a module that is said at the top of the file, or by a flag, holds for all modules; a flag before what
/// the file says.
struct Setting {
  /// The table of the file, "log" for [log]; empty for the top. In [[module]] and [[listen]] it is a table within.
  std::string_view table = {};
  /// The key there. The flag is "--key", or "--table-key".
  std::string_view key;
  Kind kind;
  Range range = {};                                // of numbers
  std::span<const std::string_view> choices = {};  // of a choice, in the order of the enum's values
  /// What stands for the value in --help: "BYTES". Not for booleans.
  std::string_view argument = {};
  /// One line for --help, without a full stop.
  std::string_view help;
  /// For docs/settings.md, in Markdown, relative to docs/: what it does, and what happens at a limit.
  std::string_view docs;
  /// The default in words, where the value by itself does not say it.
  std::string_view default_text = {};
  Change change = Change::reload;
  /// Makes no sense for all modules or addresses at once: no flag, and not at the top of the file.
  bool only_within = false;
  /// What is wrong with a text, beyond its kind; nullptr: nothing can be.
  Result<> (*check)(std::string_view text) = nullptr;

  // Where it goes: one of them at least.
  Slot<Config> config = {};
  Slot<ModuleConfig> module = {};
  Slot<ListenConfig> listen = {};
  Slot<TargetOptions> target = {};
  Slot<TargetGrant> grant = {};
  Slot<MethodOptions> method = {};

  /// "key", or "table-key".
  [[nodiscard]] std::string name() const;
  /// "--key", or "--table-key".
  [[nodiscard]] std::string flag() const { return "--" + name(); }
};

/// What a new server has.
[[nodiscard]] Value default_of(const Setting& setting);

/// What is wrong with a number of the setting: that it is out of its range.
[[nodiscard]] Result<> check_number(const Setting& setting, std::int64_t number);
/// Reads a value that is written as one text: of every kind but booleans, and of lists one of them.
[[nodiscard]] Result<Value> parse_value(const Setting& setting, std::string_view text);

/// Settings that belong together.
struct Group {
  std::string_view title;  // "Limits of guests"
  std::string_view text;   // before their table in docs/settings.md, in Markdown
  std::span<const Setting> settings;
};

/// All settings, in the order of the documents.
[[nodiscard]] std::span<const Group* const> groups() noexcept;
/// The one of that flag, without its dashes; nullptr for none.
[[nodiscard]] const Setting* find_setting(std::string_view name) noexcept;

/// The settings of the server that differ, and that a reload takes; "[[listen]]" for what addresses have of their own.
[[nodiscard]] std::vector<std::string> taken_by_reload(const Config& running, const Config& next);
/// The settings that differ, and that a running server cannot change: by name, in the order of the table.
[[nodiscard]] std::vector<std::string> need_restart(const Config& running, const Config& next);

}  // namespace wasm_grpc::config
