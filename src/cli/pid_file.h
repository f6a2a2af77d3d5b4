// The file that tells others which process serves.
#pragma once

#include <string>

#include "wasm_grpc/result.h"

namespace wasm_grpc::cli {

/// Has the number of this process, and a line end. It goes with this, unless another process has written its own there
/// meanwhile, as a successor does that serves already.
class PidFile {
 public:
  /// None.
  PidFile() = default;
  /// Whole or not at all: it replaces what is there. The error names the file.
  [[nodiscard]] static Result<PidFile> write(const std::string& path);
  PidFile(PidFile&& other) noexcept;
  PidFile& operator=(PidFile&& other) noexcept;
  ~PidFile();

 private:
  std::string path_;  // empty: none
};

}  // namespace wasm_grpc::cli
