// A place for the file of a store, which goes with the test.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>

namespace wasm_grpc::store {

/// A directory of its own; the file in it is not made.
class TemporaryStore {
 public:
  TemporaryStore() {
    std::string name = (std::filesystem::temp_directory_path() / "store-XXXXXX").string();
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  ~TemporaryStore() {
    std::error_code error;
    std::filesystem::remove_all(directory_, error);
  }
  TemporaryStore(const TemporaryStore&) = delete;
  TemporaryStore& operator=(const TemporaryStore&) = delete;

  [[nodiscard]] std::string path() const { return (directory_ / "state").string(); }

 private:
  std::filesystem::path directory_;
};

}  // namespace wasm_grpc::store
