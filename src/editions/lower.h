// Files of editions as files that protobuf 3.21 builds.
#pragma once

#include <google/protobuf/descriptor.pb.h>

#include <span>
#include <string>

namespace wasm_grpc::editions {

/// Whether the file is of an edition.
[[nodiscard]] bool is_edition(const google::protobuf::FileDescriptorProto& file);

/// Where one of the files is of an edition: makes all of them but those of google/protobuf/ files of proto2 that mean
/// the same, with the features of each field and enum in its options, where features.h reads them. Files of proto3 are
/// among them as they may not use enums of proto2. Returns what is wrong, in one sentence, or nothing: an edition that
/// is not 2023 or 2024.
[[nodiscard]] std::string lower(std::span<google::protobuf::FileDescriptorProto* const> files);

}  // namespace wasm_grpc::editions
