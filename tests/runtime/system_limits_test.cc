#include "runtime/instances/system_limits.h"

#include <gtest/gtest.h>

namespace wasm_grpc::runtime {
namespace {

TEST(SystemLimits, TheDefaultNumberOfInstancesFitsWhatLinuxAllows) {
  EXPECT_FALSE(too_few_mappings(4096, 65'530));
  EXPECT_FALSE(too_few_mappings(10'000, 65'530));
}

TEST(SystemLimits, SaysWhatToDoWhenTheMappingsAreTooFew) {
  const auto warning = too_few_mappings(30'000, 65'530);
  ASSERT_TRUE(warning);
  EXPECT_NE(warning->find("30000 instances"), std::string::npos);
  EXPECT_NE(warning->find("65530"), std::string::npos);
  EXPECT_NE(warning->find("vm.max_map_count"), std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::runtime
