// Every import there is, with hostile pointers, lengths and numbers: the guest traps or gets an error, what it did not
// point at stays as it was, and its neighbour is served.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "host.h"

namespace wasm_grpc::hostile {
namespace {

using Arguments = std::vector<std::uint64_t>;

constexpr std::uint64_t outermost = 0xffff'ffff;

/// Pointers, lengths and counts at every edge there is, for a memory of `end` bytes.
std::vector<std::uint64_t> edges(std::uint64_t end) {
  return {0, 1, 5, end - 1, end, end + 1, 0x7fff'ffff, 0x8000'0000, outermost - 1, outermost};
}

/// The usual arguments with, in turn, each pointer at each edge, with each length; with all pointers the same; and each
/// number at its edges.
std::vector<Arguments> hostile_arguments(const Import& import, std::uint64_t end) {
  const Arguments usual = usual_arguments(import);
  std::vector<Arguments> out = {usual};
  const auto with = [&](std::initializer_list<std::pair<std::size_t, std::uint64_t>> changes) {
    out.push_back(usual);
    for (const auto& [place, value] : changes) out.back()[place] = value;
  };
  const auto is_pointer = [&](std::size_t i) {
    const Role role = import.parameters[i].role;
    return role == Role::bytes || role == Role::place || role == Role::array || role == Role::skipped;
  };
  for (std::size_t i = 0; i < usual.size(); ++i) {
    switch (import.parameters[i].role) {
      case Role::bytes:
        for (const std::uint64_t pointer : edges(end)) {
          for (const std::uint64_t length : edges(end)) with({{i, pointer}, {i + 1, length}});
          with({{i, pointer}, {i + 1, end - std::min(pointer, end)}});  // up to the end
        }
        break;
      case Role::array:
      case Role::skipped: {
        std::size_t count = i;
        while (import.parameters[count].role != Role::count) ++count;
        for (const std::uint64_t pointer : edges(end)) {
          for (const std::uint64_t elements : edges(end)) with({{i, pointer}, {count, elements}});
          // 2^32 bytes and a little: a product of 32 bits would be small.
          with({{i, pointer}, {count, outermost / import.parameters[i].size + 2}});
        }
        break;
      }
      case Role::place:
        for (const std::uint64_t pointer : edges(end)) with({{i, pointer}});
        with({{i, end - import.parameters[i].size}});
        with({{i, end - import.parameters[i].size + 1}});
        break;
      case Role::wide:
        for (const std::uint64_t number : {~std::uint64_t{0}, std::uint64_t{1} << 63, (std::uint64_t{1} << 63) - 1}) {
          with({{i, number}});
        }
        break;
      case Role::length:
      case Role::count:
        break;  // with their pointers
      default:
        for (const std::uint64_t number : edges(end)) with({{i, number}});
    }
  }
  for (const std::uint64_t pointer : edges(end)) {
    Arguments same = usual;
    for (std::size_t i = 0; i < usual.size(); ++i) {
      if (is_pointer(i)) same[i] = pointer;
    }
    out.push_back(std::move(same));
  }
  return out;
}

std::string described(const Import& import, const Arguments& arguments) {
  std::string out(import.name);
  for (const std::uint64_t argument : arguments) out += " " + std::to_string(argument);
  return out;
}

/// Says which byte outside of what the guest pointed at has changed; "" when none has.
std::string changed_outside(std::span<const std::byte> before, std::span<const std::byte> after,
                            const std::vector<Range>& ranges) {
  for (std::size_t i = layout::host_end; i < before.size(); ++i) {
    if (before[i] == after[i]) continue;
    const auto holds = [&](const Range& range) { return i >= range.pointer && i - range.pointer < range.size; };
    if (std::none_of(ranges.begin(), ranges.end(), holds)) return "byte " + std::to_string(i) + " has changed";
  }
  return {};
}

/// One call of an import, in an instance of its own.
void expect_contained(std::size_t index, const Arguments& arguments, std::uint32_t grow_by, Instance& neighbour,
                      const runtime::GuestModule& module = host().guest()) {
  const Import& import = imports()[index];
  SCOPED_TRACE(described(import, arguments));
  Instance guest(module);
  ASSERT_TRUE(guest.started.returned()) << guest.started.message;
  const bool needs_file = std::any_of(import.parameters.begin(), import.parameters.end(),
                                      [](const Parameter& parameter) { return parameter.role == Role::file; });
  if (needs_file) {
    const std::size_t open = import_index("path_open");
    ASSERT_TRUE(guest.call_import(open, usual_arguments(imports()[open])).returned());
    ASSERT_EQ(guest.answer(), 0);
  }
  guest.store(layout::grow, grow_by);
  guest.store_arguments(arguments);
  guest.store<std::int32_t>(layout::result, 0);
  const std::vector<std::byte> before(guest.memory().begin(), guest.memory().end());
  const std::uint64_t end = memory_bytes + grow_by * page;

  const Outcome outcome = guest.call_import(index, arguments);

  const std::vector<Range> touched = ranges(import, arguments);
  const auto is_outside = [&](const Range& range) { return range.pointer + range.size > end; };
  const bool must_trap = std::any_of(touched.begin(), touched.end(),
                                     [&](const Range& range) { return range.certain && is_outside(range); });
  const bool may_trap = std::any_of(touched.begin(), touched.end(), [](const Range& range) { return !range.certain; });
  if (import.name == "proc_exit") {
    EXPECT_EQ(outcome.kind, Outcome::Kind::exited);
  } else if (must_trap) {
    EXPECT_EQ(outcome.kind, Outcome::Kind::trapped);
  } else if (!may_trap) {
    EXPECT_TRUE(outcome.returned()) << outcome.message;
  }
  if (outcome.kind == Outcome::Kind::trapped) {
    EXPECT_NE(outcome.message.find("outside its memory of " + std::to_string(end) + " bytes"), std::string::npos)
        << outcome.message;
  }
  if (outcome.returned() && import.result == "i32") {
    if (import.module != wasi_module) {
      EXPECT_GE(guest.answer(), import.module == abi_module ? -7 : -10);
    } else {
      EXPECT_TRUE(guest.answer() >= 0 && guest.answer() <= 76) << "no errno: " << guest.answer();
      const bool bad_array = std::any_of(touched.begin(), touched.end(), is_outside);
      if (bad_array) {
        EXPECT_NE(guest.answer(), 0);
      }
    }
  }
  EXPECT_EQ(changed_outside(before, guest.memory(), outcome.returned() ? touched : std::vector<Range>()), "");
  EXPECT_TRUE(neighbour.serves());
}

template <typename Function>
void for_every_import(Function function) {
  for (std::size_t i = 0; i < imports().size(); ++i) {
    SCOPED_TRACE(imports()[i].name);
    function(i);
  }
}

TEST(EveryImport, WithHostileArgumentsHurtsOnlyTheGuestThatCallsIt) {
  Instance neighbour(host().guest());
  const auto kept = [&] { return neighbour.memory().subspan(layout::host_end); };  // what it does not write itself
  const std::vector<std::byte> before(kept().begin(), kept().end());
  for_every_import([&](std::size_t index) {
    for (const Arguments& arguments : hostile_arguments(imports()[index], memory_bytes)) {
      expect_contained(index, arguments, 0, neighbour);
      if (testing::Test::HasFailure()) return;
    }
  });
  EXPECT_TRUE(std::equal(before.begin(), before.end(), kept().begin())) << "the neighbour's memory changed";
}

TEST(EveryImport, OfAStoreInAFileIsAsSafeWhileItsGuestWaits) {
  Instance neighbour(host().stored_guest());
  for_every_import([&](std::size_t index) {
    if (imports()[index].module != kv_module && imports()[index].module != atomics_module) return;
    for (const Arguments& arguments : hostile_arguments(imports()[index], memory_bytes)) {
      expect_contained(index, arguments, 0, neighbour, host().stored_guest());
      if (testing::Test::HasFailure()) return;
    }
  });
}

TEST(EveryImport, SeesTheMemoryThatTheGuestHasJustGrown) {
  Instance neighbour(host().guest());
  for_every_import([&](std::size_t index) {
    for (const Arguments& arguments : hostile_arguments(imports()[index], memory_bytes + page)) {
      expect_contained(index, arguments, 1, neighbour);
      if (testing::Test::HasFailure()) return;
    }
  });
}

/// How deep $recurse gets when it calls nothing.
std::uint32_t greatest_depth(std::size_t import) {
  Instance guest(host().guest());
  guest.store<std::uint32_t>(layout::depth, 0xffff'ffff);
  abi::TestCall call(rpc::MethodKind::bidi_stream);
  const Outcome outcome = guest.run(call, tag_recurse + static_cast<std::int32_t>(import));
  EXPECT_NE(outcome.message.find("stack exhausted"), std::string::npos) << outcome.message;
  return guest.load<std::uint32_t>(layout::reached);
}

TEST(EveryImport, CalledWithHardlyAnyStackLeftLeavesTheHostEnough) {
  for_every_import([](std::size_t index) {
    const Import& import = imports()[index];
    if (import.name == "proc_exit") return;  // it does not come back
    Instance guest(host().guest());
    guest.store(layout::depth, greatest_depth(index) - 40);
    guest.store_arguments(usual_arguments(import));
    abi::TestCall call(rpc::MethodKind::bidi_stream);
    call.client_sends("hello");
    const Outcome outcome = guest.run(call, tag_recurse + static_cast<std::int32_t>(index));
    EXPECT_EQ(outcome.kind, Outcome::Kind::trapped);
    EXPECT_NE(outcome.message.find("stack exhausted"), std::string::npos) << outcome.message;
    EXPECT_TRUE(Instance(host().guest()).serves());
  });
}

TEST(Imports, AreAllInTheTable) {
  std::set<std::string> known;
  for (const Import& import : imports()) known.insert(std::string(import.module) + "." + std::string(import.name));
  // What is hostile in those of the other ABIs, most of it in their memory, is in tests/abi/pantopic_*_test.cc.
  known.insert({"grpc.Recv", "grpc.Send", "pantopic/wazero-grpc-server.__grpc_server_send",
                "pantopic/ext-grpc-server.__grpc_server_send"});
  std::set<std::string> offered;
  for (const auto& [module, functions] : host().linker().functions()) {
    for (const auto& [name, type] : functions) offered.insert(module + "." + name);
  }
  // They have numbers only, and trap for what is no counter: tests/hostmodules.
  for (const char* use : {"load", "store", "add", "exchange", "compare_exchange"}) {
    offered.erase(std::string(atomics_module) + "." + use);
  }
  EXPECT_EQ(known, offered) << "an import was added or removed: give imports.cc a row for it";
}

TEST(Imports, OfPiecesThatPointAtTheirOwnListDoNotConfuseTheHost) {
  for (const std::string_view name : {"fd_read", "fd_pread", "fd_write", "fd_pwrite"}) {
    SCOPED_TRACE(name);
    Instance guest(host().guest());
    const std::size_t open = import_index("path_open");
    ASSERT_TRUE(guest.call_import(open, usual_arguments(imports()[open])).returned());
    ASSERT_EQ(guest.answer(), 0);
    const std::size_t index = import_index(name);
    Arguments arguments = usual_arguments(imports()[index]);
    arguments[2] = 3;
    // Three pieces: each is the whole list. Reading a file overwrites the list that says where to read to.
    for (std::uint32_t i = 0; i < 3; ++i) {
      guest.store<std::uint32_t>(layout::scratch + i * 8, layout::scratch);
      guest.store<std::uint32_t>(layout::scratch + i * 8 + 4, 24);
    }
    const std::vector<std::byte> before(guest.memory().begin(), guest.memory().end());
    const Outcome outcome = guest.call_import(index, arguments);
    EXPECT_TRUE(outcome.returned()) << outcome.message;
    EXPECT_EQ(changed_outside(before, guest.memory(), {{layout::scratch, 24, true}}), "");
  }
}

TEST(Imports, ThatAnswerIntoTheirOwnArgumentsDoNotConfuseTheHost) {
  // The events of poll_oneoff go where its subscriptions are, and their number too.
  Instance guest(host().guest());
  const std::size_t index = import_index("poll_oneoff");
  const Arguments arguments = {layout::scratch, layout::scratch, 8, layout::scratch};
  EXPECT_TRUE(guest.call_import(index, arguments).returned());
  EXPECT_EQ(guest.answer(), 0);
  EXPECT_EQ(guest.load<std::uint32_t>(layout::scratch), 8U);
}

}  // namespace
}  // namespace wasm_grpc::hostile
