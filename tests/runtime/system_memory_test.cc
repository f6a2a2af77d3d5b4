// What the machine or its control group has, read from files as Linux shows them.
#include "runtime/instances/system_memory.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <limits>
#include <string>

namespace wasm_grpc::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;
constexpr std::string_view v2_mount =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

struct SystemMemory : testing::Test {
  SystemMemory() {
    fs::remove_all(root);
    write("proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1000000 kB\n");
  }
  ~SystemMemory() override { fs::remove_all(root); }
  void write(const fs::path& name, std::string_view text) const {
    fs::create_directories((root / name).parent_path());
    std::ofstream(root / name) << text;
  }
  const fs::path root = fs::path(testing::TempDir()) / ("system_memory_" + std::to_string(getpid()));
};

TEST_F(SystemMemory, IsTheMachinesWhereNothingLimitsTheProcess) {
  EXPECT_EQ(system_memory(root), 16 * gib);
  write("proc/self/cgroup", "0::/\n");
  write("proc/self/mountinfo", v2_mount);
  EXPECT_EQ(system_memory(root), 16 * gib);
  write("sys/fs/cgroup/memory.max", "max\n");
  EXPECT_EQ(system_memory(root), 16 * gib);
}

TEST_F(SystemMemory, IsTheLeastOfTheGroupsThatContainTheProcess) {
  write("proc/self/cgroup", "0::/system.slice/wasm-grpc.service\n");
  write("proc/self/mountinfo", v2_mount);
  write("sys/fs/cgroup/system.slice/wasm-grpc.service/memory.max", std::to_string(4 * gib) + "\n");
  EXPECT_EQ(system_memory(root), 4 * gib);
  write("sys/fs/cgroup/system.slice/memory.max", std::to_string(2 * gib) + "\n");
  EXPECT_EQ(system_memory(root), 2 * gib) << "an outer group has less";
  write("sys/fs/cgroup/system.slice/wasm-grpc.service/memory.max", std::to_string(gib) + "\n");
  EXPECT_EQ(system_memory(root), gib);
  write("sys/fs/cgroup/other.slice/memory.max", "1000\n");
  EXPECT_EQ(system_memory(root), gib);
}

TEST_F(SystemMemory, IsThatOfAGroupOfVersion1) {
  write("proc/self/cgroup",
        "12:cpu,cpuacct:/docker/abc\n5:hugetlb:/docker/abc\n4:memory:/docker/abc\n1:name=systemd:/docker/abc\n");
  write("proc/self/mountinfo",
        "35 31 0:33 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n"
        "36 31 0:34 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n");
  write("sys/fs/cgroup/memory/docker/abc/memory.limit_in_bytes", std::to_string(3 * gib));
  write("sys/fs/cgroup/cpu,cpuacct/docker/abc/memory.limit_in_bytes", "1");
  EXPECT_EQ(system_memory(root), 3 * gib);
  write("sys/fs/cgroup/memory/docker/memory.limit_in_bytes", std::to_string(2 * gib));
  EXPECT_EQ(system_memory(root), 2 * gib);
}

TEST_F(SystemMemory, IsFoundInContainersThatSeeOnlyTheirOwnGroup) {
  // Of version 1 the group is mounted as the top; its path is the machine's.
  write("proc/self/cgroup", "4:memory:/docker/abc\n");
  write("proc/self/mountinfo", "36 31 0:34 /docker/abc /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n");
  write("sys/fs/cgroup/memory/memory.limit_in_bytes", std::to_string(gib));
  EXPECT_EQ(system_memory(root), gib);
  // A process that was moved into the container is outside of what it sees.
  write("proc/self/cgroup", "0::/../../host.slice\n");
  write("proc/self/mountinfo", v2_mount);
  write("sys/fs/cgroup/memory.max", std::to_string(2 * gib));
  EXPECT_EQ(system_memory(root), 2 * gib);
}

TEST_F(SystemMemory, IsUnknownWhereNothingSaysIt) {
  fs::remove_all(root);
  EXPECT_EQ(system_memory(root), std::nullopt);
  write("proc/meminfo", "nonsense");
  write("proc/self/cgroup", "nonsense\n::\n0::\n");
  write("proc/self/mountinfo", "\n1 2\n- cgroup2\n" + std::string(v2_mount));
  write("sys/fs/cgroup/memory.max", "-");
  EXPECT_EQ(system_memory(root), std::nullopt);
}

TEST_F(SystemMemory, IsKnownHere) {
  const auto here = system_memory();
  ASSERT_TRUE(here);
  EXPECT_GT(*here, std::uint64_t{1} << 20);
}

TEST_F(SystemMemory, IsLeftToGuestsForThreeQuarters) {
  EXPECT_EQ(default_guest_memory(16 * gib), 12 * gib);
  EXPECT_EQ(default_guest_memory(0), 0U);
  EXPECT_EQ(default_guest_memory(std::nullopt), std::numeric_limits<std::uint64_t>::max());
}

}  // namespace
}  // namespace wasm_grpc::runtime
