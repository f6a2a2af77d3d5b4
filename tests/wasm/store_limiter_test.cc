// What the memory and the table of an instance may grow to, and what they count for.
#include "wasm/store_limiter.h"

#include <gtest/gtest.h>

#include <memory>

#include "support.h"

namespace wasm_grpc::wasm::test {
namespace {

constexpr std::size_t page = 64 * 1024;

/// A guest whose exports grow its memory by pages and its table by elements, and trap.
struct GrowingGuests : testing::Test {
  GrowingGuests() : engine(make_engine()), linker(engine) {}

  std::shared_ptr<const LinkedModule> module(std::string_view memory = R"((memory (export "memory") 1))",
                                             std::string_view table = "(table $table 10 funcref)") {
    const std::string text = "(module " + std::string(memory) + std::string(table) + R"(
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "grow table") (param i32) (result i32) (table.grow $table (ref.null func) (local.get 0)))
        (func (export "grow and trap") (param i32) (result i32) (drop (memory.grow (local.get 0))) unreachable)
        (func (export "nothing") (param i32) (result i32) (i32.const 0))))";
    return expect_value(linker.link(expect_value(compile(engine, text))));
  }
  std::unique_ptr<Instance> make(const LinkedModule& linked, const MemoryLimits& limits, MemoryReservation room = {}) {
    auto instance = std::make_unique<Instance>(linked, limits, std::move(room));
    instance->begin_instantiate();
    progress = instance->poll();
    return instance;
  }
  std::int32_t call(Instance& instance, std::string_view name, std::int32_t argument) {
    instance.begin_call(*instance.find_function(name), {&argument, 1}, true);
    progress = instance.poll();
    return instance.result();
  }

  Engine engine;  // slots of 4 MiB
  Linker linker;
  Progress progress{};
};

TEST_F(GrowingGuests, HaveLimitsOfTheirOwn) {
  const auto linked = module();
  const auto small = make(*linked, {.max_memory_bytes = 3 * page, .max_table_elements = 12});
  const auto large = make(*linked, {.max_memory_bytes = 4 * page, .max_table_elements = 13});
  EXPECT_EQ(call(*small, "grow", 2), 1);
  EXPECT_EQ(call(*small, "grow", 1), -1);
  EXPECT_TRUE(small->growth_refused());
  EXPECT_EQ(call(*large, "grow", 4), -1);
  EXPECT_EQ(call(*large, "grow", 3), 1);
  EXPECT_FALSE(large->growth_refused());
  EXPECT_EQ(call(*small, "grow table", 3), -1);
  EXPECT_TRUE(small->growth_refused());
  EXPECT_EQ(call(*small, "grow table", 2), 10);
  EXPECT_EQ(call(*large, "grow table", 3), 10);
  EXPECT_EQ(small->memory_use(), 3 * page + 12 * table_element_bytes);
}

TEST_F(GrowingGuests, HaveWhatTheEnginesSlotsHaveWhereNothingIsSaid) {
  const auto linked = module();
  const auto instance = make(*linked, {});
  EXPECT_EQ(call(*instance, "grow", 64), -1);
  EXPECT_TRUE(instance->growth_refused());
  EXPECT_EQ(instance->memory_use(), page + 10 * table_element_bytes) << "a growth that failed does not count";
  EXPECT_EQ(call(*instance, "grow", 63), 1);
  EXPECT_EQ(call(*instance, "grow table", 20'000), -1);
  EXPECT_EQ(call(*instance, "grow table", -1), -1);
}

TEST_F(GrowingGuests, AreNotMadeWhereTheirMemoryIsLargerFromTheStart) {
  const auto linked = module(R"((memory (export "memory") 2))");
  EXPECT_TRUE(make(*linked, {.max_memory_bytes = 2 * page})->running() == false && progress == Progress::done);
  const auto refused = make(*linked, {.max_memory_bytes = 2 * page - 1});
  ASSERT_EQ(progress, Progress::failed);
  EXPECT_TRUE(refused->growth_refused());
  EXPECT_NE(refused->failure().message.find("exceeds memory limits"), std::string::npos) << refused->failure().message;
  static_cast<void>(make(*linked, {.max_table_elements = 9}));
  EXPECT_EQ(progress, Progress::failed);
  static_cast<void>(make(*linked, {.max_memory_bytes = 0, .max_table_elements = 0}));
  EXPECT_EQ(progress, Progress::failed);
}

TEST_F(GrowingGuests, ShareABudget) {
  MemoryBudget budget(5 * page + 20 * table_element_bytes);
  const auto linked = module();
  auto one = make(*linked, {.budget = &budget});
  auto two = make(*linked, {.budget = &budget});
  EXPECT_EQ(budget.used(), 2 * page + 20 * table_element_bytes);
  EXPECT_EQ(call(*one, "grow", 2), 1);
  EXPECT_EQ(call(*two, "grow", 2), -1);
  EXPECT_EQ(call(*two, "grow", 1), 1);
  EXPECT_EQ(call(*one, "grow table", 1), -1) << "tables count too";
  EXPECT_EQ(budget.refused_growths(), 2U);
  one.reset();
  EXPECT_EQ(budget.used(), 2 * page + 10 * table_element_bytes);
  EXPECT_EQ(call(*two, "grow table", 10), 10);
  EXPECT_EQ(call(*two, "grow", 3), 2);
  EXPECT_EQ(budget.used(), 5 * page + 20 * table_element_bytes);
  two.reset();
  EXPECT_EQ(budget.used(), 0U);
}

TEST_F(GrowingGuests, UseTheRoomThatWasReservedForTheirStart) {
  MemoryBudget budget(4 * page);
  const auto linked = module(R"((memory (export "memory") 1))", "(table $table 0 funcref)");
  MemoryReservation room;
  ASSERT_TRUE(budget.try_reserve(3 * page, room));
  auto instance = make(*linked, {.budget = &budget}, std::move(room));
  EXPECT_EQ(budget.used(), 3 * page);
  EXPECT_EQ(call(*instance, "grow", 2), 1);
  EXPECT_EQ(budget.used(), 3 * page) << "they were its own";
  EXPECT_EQ(call(*instance, "grow", 1), 3);
  EXPECT_EQ(budget.used(), 4 * page);
  room = instance->leave_room(3 * page);
  instance.reset();
  EXPECT_EQ(room.bytes(), 3 * page);
  EXPECT_EQ(budget.used(), 3 * page);
}

TEST_F(GrowingGuests, CountAsLargeAsTheyAreWhateverTheyAskInVain) {
  MemoryBudget budget;
  const auto linked = module(R"((memory (export "memory") 1 3))");
  const auto instance = make(*linked, {.budget = &budget});
  const std::size_t table = 10 * table_element_bytes;
  EXPECT_EQ(call(*instance, "grow", 1), 1);
  for (const std::int32_t pages : {2, 63, 65535, 65536, -1}) {
    EXPECT_EQ(call(*instance, "grow", pages), -1);
    EXPECT_TRUE(instance->growth_refused()) << pages;
    EXPECT_EQ(budget.used(), 2 * page + table) << pages;
  }
  EXPECT_EQ(call(*instance, "grow", 1), 2);
  EXPECT_EQ(budget.used(), 3 * page + table);
  EXPECT_EQ(call(*instance, "grow", 0), 3);
}

// The engine's slots have 4 MiB: a growth that the limiter allows fails in them, as one does where the system has no
// memory left.
TEST_F(GrowingGuests, GiveBackWhatTheSystemDidNotGive) {
  MemoryBudget budget(100 * page);
  for (const std::string_view memory : {R"((memory (export "memory") 1))", "(memory 1)"}) {
    const auto linked = module(memory, "(table $table 0 funcref)");
    const auto instance = make(*linked, {.budget = &budget});
    EXPECT_EQ(call(*instance, "grow", 1), 1);
    EXPECT_EQ(call(*instance, "grow", 90), -1);
    EXPECT_TRUE(instance->growth_refused());
    EXPECT_EQ(call(*instance, "grow", 1), 2) << "also where the host does not see the memory";
    EXPECT_EQ(budget.used(), 3 * page);
    EXPECT_EQ(instance->memory_use(), 3 * page);
  }
  EXPECT_EQ(budget.used(), 0U);
}

TEST_F(GrowingGuests, AreKnownToHaveBeenRefusedUntilTheNextCall) {
  const auto linked = module();
  const auto instance = make(*linked, {.max_memory_bytes = page});
  EXPECT_EQ(call(*instance, "grow", 1), -1);
  EXPECT_TRUE(instance->growth_refused());
  static_cast<void>(call(*instance, "nothing", 0));
  EXPECT_FALSE(instance->growth_refused());
  static_cast<void>(call(*instance, "grow and trap", 1));
  EXPECT_EQ(progress, Progress::failed);
  EXPECT_TRUE(instance->growth_refused());
}

}  // namespace
}  // namespace wasm_grpc::wasm::test
