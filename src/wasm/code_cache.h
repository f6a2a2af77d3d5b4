// Compiled code that is kept in files, so that a module is compiled once and not at every start.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "wasm_grpc/result.h"

struct wasmtime_module;

namespace wasm_grpc::wasm {

class Engine;

/// A directory of such files, one for each module, named after the hash of its bytes. What is in them is run as it is,
/// without a sandbox: so the directory must belong to the user of this process, and be writable by nobody else.
///
/// Processes may share a directory, and files may be removed from it at any time. Thread-safe.
class CodeCache {
 public:
  /// Opens the directory, and makes it where it is missing. The error says what is wrong with it. `warn` is told why
  /// code could not be kept, which is no error otherwise.
  [[nodiscard]] static Result<std::unique_ptr<CodeCache>> open(const std::string& directory,
                                                               std::function<void(const std::string&)> warn);
  ~CodeCache();
  CodeCache(const CodeCache&) = delete;
  CodeCache& operator=(const CodeCache&) = delete;

  /// The name of the file of a module, of which these are the bytes.
  [[nodiscard]] static std::string file_name(std::span<const std::byte> bytes);

  /// The code of that file, mapped into memory; nullptr when it is not there, or was made by another version of the
  /// engine, with other settings or for another processor. The caller deletes it.
  [[nodiscard]] wasmtime_module* load(const Engine& engine, const std::string& file_name) const;

  /// Keeps the code of a module in that file. The file is there whole or not at all, also after a crash.
  void store(const wasmtime_module& module, const std::string& file_name) const;

 private:
  CodeCache(int directory, std::string path, std::function<void(const std::string&)> warn)
      : directory_(directory), path_(std::move(path)), warn_(std::move(warn)) {}

  int directory_;  // an open file
  std::string path_;
  std::function<void(const std::string&)> warn_;
};

}  // namespace wasm_grpc::wasm
