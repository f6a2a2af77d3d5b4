// What is made of the table of settings: texts that people and their editors read.
#pragma once

#include <string>
#include <string_view>

#include "config/setting.h"

namespace wasm_grpc::config {

/// docs/settings.md.
[[nodiscard]] std::string settings_document();

/// A JSON Schema (draft 2020-12) of the config file, for editors that check TOML by one.
[[nodiscard]] std::string schema();

/// A config file of two modules' worth of comments: every setting with its default and what it does, in comments, so
/// that it serves `module` as the defaults do.
[[nodiscard]] std::string sample_config(const std::string& module);

/// The manual page wasm-grpc.toml(5), in roff.
[[nodiscard]] std::string settings_manual(std::string_view version);
/// A text as roff prints it, one that begins a line too.
[[nodiscard]] std::string roff_text(std::string_view text);

/// A value as a config file has it: 4096, "64 MiB", true, ["a", "b"]. Variables are not told: they may be secrets.
[[nodiscard]] std::string toml_text(const Setting& setting, const Value& value);

}  // namespace wasm_grpc::config
