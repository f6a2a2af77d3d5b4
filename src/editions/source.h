// The text of .proto files of editions, for the parser of protobuf 3.21, which knows proto2 and proto3.
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <optional>
#include <string>
#include <string_view>

#include "editions/features.h"

namespace wasm_grpc::editions {

/// A .proto as that parser reads it.
struct Source {
  std::string text;                // the lines are the same
  std::optional<Edition> edition;  // of which it is
  std::string error;               // in one sentence; of an edition that is not known
};

/// Text that does not begin by `edition = "...";` stays as it is. Else it is said as the parser takes it for proto3:
/// without the marks of visibility and the imports of options, of edition 2024, and with quotes around names that are
/// reserved.
[[nodiscard]] Source read_source(std::string_view text);

/// Makes of a file that was parsed of such text one of its edition, as a current protoc has it: the options named
/// `features` become feature sets.
void adopt(google::protobuf::FileDescriptorProto& file, Edition edition);

}  // namespace wasm_grpc::editions
