// The interface as a whole: every function of the witx is there, and none trusts a pointer.
#include <gtest/gtest.h>

#include "support.h"

namespace wasm_grpc::wasi::test {
namespace {

TEST(Interface, OffersAll46FunctionsOfTheWitx) {
  EXPECT_EQ(all_functions().size(), 46U);
  Machine machine;  // imports every one of them with the witx's type
  for (const FunctionInfo& function : all_functions()) {
    EXPECT_TRUE(machine.guest.instance.find_function(function.name)) << function.name;
  }
}

TEST(Interface, TrapsAGuestThatPassesPointersOutsideItsMemory) {
  // With the pointers these take at the very end of the address space; descriptors and flags are valid.
  constexpr std::uint64_t bad = 0xffff'fff0;
  struct Case {
    std::string_view function;
    std::vector<std::uint64_t> arguments;
  };
  const std::vector<Case> cases = {
      {"args_get", {bad, bad}},
      {"args_sizes_get", {bad, 0}},
      {"args_sizes_get", {0, bad}},
      {"clock_res_get", {0, bad}},
      {"clock_time_get", {0, 0, bad}},
      {"environ_get", {bad, 1024}},
      {"environ_get", {1024, bad}},
      {"environ_sizes_get", {bad, bad}},
      {"fd_fdstat_get", {0, bad}},
      {"fd_filestat_get", {0, bad}},
      {"fd_pread", {root, 1024, 1, 0, bad}},
      {"fd_prestat_dir_name", {root, bad, 64}},
      {"fd_prestat_get", {root, bad}},
      {"fd_pwrite", {root, 1024, 1, 0, bad}},
      {"fd_read", {0, bad, 2, 1024}},
      {"fd_read", {0, 1024, 1, bad}},
      {"fd_readdir", {root, bad, 64, 0, 1024}},
      {"fd_readdir", {root, 1024, 64, 0, bad}},
      {"fd_seek", {root, 0, 0, bad}},
      {"fd_tell", {root, bad}},
      {"fd_write", {1, bad, 2, 1024}},
      {"fd_write", {1, 1024, 1, bad}},
      {"path_create_directory", {root, bad, 64}},
      {"path_filestat_get", {root, 0, bad, 64, 1024}},
      {"path_filestat_get", {root, 0, 1024, 1, bad}},
      {"path_filestat_set_times", {root, 0, bad, 64, 0, 0, 0}},
      {"path_link", {root, 0, bad, 64, root, 1024, 1}},
      {"path_link", {root, 0, 1024, 1, root, bad, 64}},
      {"path_open", {root, 0, bad, 64, 0, 2, 0, 0, 1024}},
      {"path_open", {root, 0, 1024, 1, 0, 2, 0, 0, bad}},
      {"path_readlink", {root, bad, 64, 1024, 16, 1024}},
      {"path_readlink", {root, 1024, 1, bad, 64, 1024}},
      {"path_readlink", {root, 1024, 1, 1024, 16, bad}},
      {"path_remove_directory", {root, bad, 64}},
      {"path_rename", {root, bad, 64, root, 1024, 1}},
      {"path_rename", {root, 1024, 1, root, bad, 64}},
      {"path_symlink", {bad, 64, root, 1024, 1}},
      {"path_symlink", {1024, 1, root, bad, 64}},
      {"path_unlink_file", {root, bad, 64}},
      {"poll_oneoff", {bad, 1024, 1, 1024}},
      {"poll_oneoff", {1024, bad, 1, 1024}},
      {"poll_oneoff", {1024, 1024, 1, bad}},
      {"random_get", {bad, 64}},
      {"random_get", {64, 0xffff'ffff}},
      {"sock_accept", {0, 0, bad}},
      {"sock_recv", {0, 0, 0, 0, bad, 1024}},
      {"sock_send", {0, 0, 0, 0, bad}},
  };
  const TemporaryDirectory directory;
  Config config;
  config.arguments = {"guest"};
  config.environment = {{"KEY", "value"}};
  config.directories = {{directory.path(), "/", false}};
  for (const Case& bad_call : cases) {
    Machine machine(config);
    const std::string message = machine.trap(bad_call.function, bad_call.arguments);
    EXPECT_NE(message.find("outside its memory"), std::string::npos) << bad_call.function << ": " << message;
  }
}

TEST(Interface, TrapsAGuestWhosePiecesLieOutsideItsMemory) {
  for (const std::string_view function : {"fd_write", "fd_read"}) {
    Machine machine;
    // The first piece is good and fills what one call takes; the second is checked all the same.
    const IoVec pieces[2] = {{0, 1 << 20}, {0xffff'fff0, 64}};
    const std::uint32_t array = machine.put_value(pieces);
    const std::string message = machine.trap(function, {function == "fd_write" ? 1ULL : 0ULL, array, 2, 1024});
    EXPECT_NE(message.find("outside its memory"), std::string::npos) << message;
  }
}

TEST(Interface, BoundsTheNumberOfPieces) {
  Machine machine;
  const std::uint32_t array = machine.allocate(2048 * sizeof(IoVec));
  EXPECT_EQ(machine.call("fd_write", {1, array, 1024, machine.allocate(4)}), Errno::success);
  EXPECT_EQ(machine.call("fd_write", {1, array, 1025, machine.allocate(4)}), Errno::inval);
}

TEST(Interface, TrapsAnInstanceThatWasGivenNoContext) {
  Machine machine;
  machine.guest.instance.set_host_data(wasm::HostSlot::wasi, nullptr);
  EXPECT_EQ(machine.trap("fd_close", {0}), "the host gave this instance no WASI context");
}

TEST(Interface, HasNoSockets) {
  Machine machine;
  const std::uint32_t out = machine.allocate(16);
  EXPECT_EQ(machine.call("sock_accept", {1, 0, out}), Errno::notsock);
  EXPECT_EQ(machine.call("sock_recv", {9, 0, 0, 0, out, out}), Errno::badf);
  EXPECT_EQ(machine.call("sock_send", {1, 0, 0, 0, out}), Errno::notsock);
  EXPECT_EQ(machine.call("sock_shutdown", {1, 0}), Errno::notsock);
  EXPECT_EQ(machine.call("proc_raise", {9}), Errno::notsup);
}

}  // namespace
}  // namespace wasm_grpc::wasi::test
