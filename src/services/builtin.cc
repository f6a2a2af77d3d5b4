#include "services/builtin.h"

namespace wasm_grpc::services {

extern const std::string_view builtin_descriptors;

std::shared_ptr<const DescribedFiles> builtin_files() {
  const std::string sets[] = {std::string(builtin_descriptors)};
  return std::move(DescribedFiles::parse(sets)).value();
}

}  // namespace wasm_grpc::services
