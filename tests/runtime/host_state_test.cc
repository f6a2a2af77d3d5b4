// What host modules keep for guest modules and their instances, and the exports they have called as instances start.
#include <stdexcept>

#include "runtime/host_module_fixture.h"

namespace wasm_grpc::runtime {
namespace {

struct Counter {
  std::atomic<std::int32_t> value = 0;
};

/// Counts what is made and destroyed.
struct Tracked {
  explicit Tracked(std::atomic<int>& of_them) : alive(of_them) { ++alive; }
  ~Tracked() { --alive; }
  Tracked(const Tracked&) = delete;
  Tracked& operator=(const Tracked&) = delete;
  std::atomic<int>& alive;
  std::int32_t calls = 0;
};

struct HostStateTest : HostModuleTest {
  HostStateTest() {
    HostModule counting("host");
    counting.module_state<Counter>([](const ModuleOptions&) { return std::make_shared<Counter>(); })
        .instance_state<Tracked>([this] { return std::make_shared<Tracked>(alive); })
        .function("of_module", [](ModuleState<Counter> counter) -> std::int32_t { return ++counter->value; })
        .function("of_instance", [](InstanceState<Tracked> tracked) -> std::int32_t { return ++tracked->calls; })
        .function("of_both", [](ModuleState<Counter> counter, InstanceState<Tracked> tracked) -> std::int32_t {
          return counter->value + tracked->calls;
        });
    EXPECT_TRUE(linker.define(std::move(counting)).ok());
  }
  /// Serves calls one after the other, and says what status each had.
  std::vector<int> answers(int count) {
    std::vector<int> codes;
    for (int i = 0; i < count; ++i) {
      TestCall call(rpc::MethodKind::unary);
      begin(call);
      run_all();
      codes.push_back(static_cast<int>(call.status().code));
    }
    return codes;
  }
  static InstanceLife fresh() {
    InstanceLife life = no_warm_instances();
    life.mode = InstanceMode::fresh;
    return life;
  }
  std::atomic<int> alive = 0;
};

TEST_F(HostStateTest, OfAModuleIsSharedByItsInstancesAndNoOthers) {
  serve(importing({"of_module"}, guest_text("(call $of_module)")), fresh());
  EXPECT_EQ(answers(3), (std::vector<int>{1, 2, 3}));
  serve(importing({"of_module"}, guest_text("(call $of_module)")), fresh());
  EXPECT_EQ(answers(2), (std::vector<int>{1, 2})) << "the same file, but another module";
}

TEST_F(HostStateTest, OfAnInstanceLivesAsLongAsItDoes) {
  serve(importing({"of_instance"}, guest_text("(call $of_instance)")));
  EXPECT_EQ(alive, 0) << "none that called a function that takes it is left";
  EXPECT_EQ(answers(3), (std::vector<int>{1, 2, 3}));
  EXPECT_EQ(alive, 1);
  pool.reset();
  EXPECT_EQ(alive, 0);
  serve(importing({"of_instance"}, guest_text("(call $of_instance)")), fresh());
  EXPECT_EQ(answers(3), (std::vector<int>{1, 1, 1}));
  EXPECT_EQ(alive, 0);
}

TEST_F(HostStateTest, MayBeOfBothInOneFunction) {
  serve(importing({"of_module", "of_instance", "of_both"},
                  guest_text("(drop (call $of_module)) (drop (call $of_instance)) (call $of_both)")));
  EXPECT_EQ(answers(2), (std::vector<int>{2, 4}));
}

TEST_F(HostStateTest, OfAStandInIsOfTheModulesItStandsInFor) {
  HostModule other("host");
  other.instead_when([](const ModuleOptions& options) { return options.guests->max_module_bytes == 1'000'000; })
      .module_state<Counter>([](const ModuleOptions&) {
        auto counter = std::make_shared<Counter>();
        counter->value = 10;
        return counter;
      })
      .function("of_module", [](ModuleState<Counter> counter) -> std::int32_t { return ++counter->value; });
  ASSERT_TRUE(linker.define(std::move(other)).ok());
  serve(importing({"of_module"}, guest_text("(call $of_module)")));
  EXPECT_EQ(answers(2), (std::vector<int>{1, 2}));
  limits.max_module_bytes = 1'000'000;
  serve(importing({"of_module"}, guest_text("(call $of_module)")));
  EXPECT_EQ(answers(2), (std::vector<int>{11, 12}));
}

TEST_F(HostStateTest, AStandInHasFunctionsThatAreThere) {
  const auto defined = [this](HostModule module) {
    module.instead_when([](const ModuleOptions&) { return true; });
    const auto done = linker.define(std::move(module));
    return done.ok() ? "" : done.error().message;
  };
  HostModule of_another_type("host");
  of_another_type.function("of_module", [] {});
  EXPECT_EQ(defined(std::move(of_another_type)),
            "the host function \"host.of_module\" stands in for none of its name and type");
  HostModule of_nothing("nobody");
  of_nothing.function("f", [] {});
  EXPECT_EQ(defined(std::move(of_nothing)), "the host function \"nobody.f\" stands in for none of its name and type");
}

TEST_F(HostStateTest, OfTwoHostModulesIsKeptApart) {
  HostModule other("other");
  other.module_state<Counter>([](const ModuleOptions&) { return std::make_shared<Counter>(); })
      .function("add_ten", [](ModuleState<Counter> counter) { counter->value += 10; })
      .function("read", [](ModuleState<Counter> counter) -> std::int32_t { return counter->value; });
  ASSERT_TRUE(linker.define(std::move(other)).ok());
  std::string text = importing({"of_module"}, guest_text("(call $add_ten) (i32.add (call $read) (call $of_module))"));
  text.insert(text.find("(module") + 7, R"( (import "other" "add_ten" (func $add_ten))
                                            (import "other" "read" (func $read (result i32))))");
  serve(text);
  EXPECT_EQ(answers(1), std::vector<int>{11});
}

TEST_F(HostStateTest, ThatCannotBeMadeSaysWhy) {
  HostModule broken("broken");
  broken.module_state<Counter>([](const ModuleOptions& module) -> std::shared_ptr<Counter> {
    if (module.instances.warm == 7) return std::make_shared<Counter>();
    throw std::runtime_error("no room");
  });
  broken.instance_state<Counter>([]() -> std::shared_ptr<Counter> { throw std::runtime_error("no seat"); });
  broken.function("f", [](InstanceState<Counter> counter) -> std::int32_t { return counter->value; });
  ASSERT_TRUE(linker.define(std::move(broken)).ok());
  std::string text = guest_text("(call $f)");
  text.insert(text.find("(module") + 7, R"( (import "broken" "f" (func $f (result i32))))");
  ModuleOptions options;
  const auto load_it = [&] {
    return GuestModule::load(engine(), linker, "guest", std::as_bytes(std::span(text)),
                             wasi::Sandbox::create({}).value(), log, std::chrono::seconds(10), options);
  };
  const auto refused = load_it();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "the host module \"broken\" could not make its state: no room");
  options.instances.warm = 7;  // any option of the module may decide
  auto loaded = load_it();
  ASSERT_TRUE(loaded.ok()) << loaded.error().message;
  make_pool(loaded.value());
  EXPECT_EQ(answers(1), std::vector<int>{13});
  EXPECT_TRUE(logged("a host function failed: no seat"));
}

TEST(HostModuleCheck, RefusesStatesThatAreNotKept) {
  const auto refusal = [](const HostModule& module) {
    const auto checked = module.check();
    return checked.ok() ? std::string() : checked.error().message;
  };
  HostModule none("m");
  none.function("f", [](ModuleState<Counter>) {});
  EXPECT_EQ(refusal(none), "the host function \"m.f\" takes a ModuleState of another type than its module_state()");
  HostModule other("m");
  other.instance_state<int>().function("g", [](InstanceState<Counter>) {});
  EXPECT_EQ(refusal(other),
            "the host function \"m.g\" takes an InstanceState of another type than its instance_state()");
  HostModule good("m");
  good.instance_state<Counter>().function("g", [](InstanceState<Counter>) {});
  EXPECT_EQ(refusal(good), "");
  HostModule start("m");
  start.at_start("init", [](std::int32_t, std::int32_t) {});
  EXPECT_NE(refusal(start).find("it takes one i32"), std::string::npos);
}

// ---- Exports called at the end of the start ----

struct AtStartTest : HostModuleTest {
  AtStartTest() {
    HostModule module("told");
    module.instance_state<Counter>()
        .at_start("where",
                  [](InstanceState<Counter> told, std::int32_t where) -> Result<> {
                    if (where < 0) return Error{"a place is 0 or more"};
                    told->value = where;
                    return success();
                  })
        .function("told", [](InstanceState<Counter> told) -> std::int32_t { return told->value; });
    EXPECT_TRUE(linker.define(std::move(module)).ok());
  }
  static std::string told_text(std::string_view more) {
    std::string text = guest_text("(call $told)", more, "(call $note (i32.const 1))");
    text.insert(text.find("(module") + 7, R"( (import "told" "told" (func $told (result i32))))");
    return text;
  }
  std::string refusal(std::string_view more) {
    const std::string text = told_text(more);
    const auto loaded = GuestModule::load(engine(), linker, "guest", std::as_bytes(std::span(text)),
                                          wasi::Sandbox::create({}).value(), log, std::chrono::seconds(10));
    return loaded.ok() ? std::string() : loaded.error().message;
  }
};

TEST_F(AtStartTest, TheyAreCalledOnceInEachInstance) {
  serve(told_text(R"((func (export "where") (result i32) (call $note (i32.const 2)) (i32.const 5)))"));
  for (int i = 0; i < 2; ++i) {
    TestCall call(rpc::MethodKind::unary);
    begin(call);
    run_all();
    EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
  }
  EXPECT_EQ(notes, (std::vector<std::int32_t>{1, 2})) << "after the start, and before the first call";
}

TEST_F(AtStartTest, TheyMayTakeSlices) {
  serve(told_text(R"((func (export "where") (result i32) (call $slices (i32.const 3)) (i32.const 5)))"));
  TestCall call(rpc::MethodKind::unary);
  begin(call);
  run_all();
  EXPECT_EQ(call.status().code, rpc::StatusCode::not_found);
}

TEST_F(AtStartTest, AModuleThatLacksThemIsRefused) {
  const std::string lacks = "it imports from \"told\", so it must export the function \"where\" of type () -> i32";
  EXPECT_EQ(refusal(""), lacks);
  EXPECT_EQ(refusal(R"((func (export "where")))"), lacks);
  EXPECT_EQ(refusal(R"((global (export "where") i32 (i32.const 0)))"), lacks);
}

TEST_F(AtStartTest, AStartFailsWithThem) {
  EXPECT_EQ(refusal(R"((func (export "where") (result i32) (i32.const -1)))"),
            "its export \"where\": a place is 0 or more");
  EXPECT_NE(refusal(R"((func (export "where") (result i32) (unreachable)))").find("its start failed"),
            std::string::npos);
  EXPECT_NE(refusal(R"((func (export "where") (result i32) (call $exit (i32.const 0)) (i32.const 0)))")
                .find("it exited with code 0"),
            std::string::npos);
}

}  // namespace
}  // namespace wasm_grpc::runtime
