// What decoding and encoding a typical message costs: Google's C++ implementation natively, our generated code
// natively, and our generated code in a guest under Wasmtime; in turn, in one run. Prints JSON.
//
// Usage: protobuf_codec GUEST.wasm [SECONDS]
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "order.guest.h"
#include "order.pb.h"
#include "wasi/imports.h"
#include "wasm/engine.h"
#include "wasm/instance.h"
#include "wasm/linker.h"
#include "wasm/module.h"

namespace {

using namespace wasm_grpc;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "protobuf_codec: %s\n", what.c_str());
  std::exit(1);
}

template <typename T>
T value_of(Result<T> result) {
  if (!result.ok()) fail(result.error().message);
  return std::move(result).value();
}

std::string typical_order() {
  ::bench::Order order;
  order.set_id("ord-2024-0000471108");
  auto& customer = *order.mutable_customer();
  customer.set_id(471108151623);
  customer.set_name("Ada Lovelace");
  customer.set_mail("ada.lovelace@example.org");
  customer.mutable_address()->set_street("12 St James's Square");
  customer.mutable_address()->set_city("London");
  customer.mutable_address()->set_postal_code("SW1Y 4JH");
  customer.mutable_address()->set_country("GB");
  for (int i = 0; i < 8; ++i) {
    auto& item = *order.add_items();
    item.set_sku("sku-" + std::to_string(10000 + i));
    item.set_title("An item with a title of usual length, number " + std::to_string(i));
    item.set_count(i + 1);
    item.mutable_price()->set_currency(::bench::CURRENCY_EUR);
    item.mutable_price()->set_cents(1999 * (i + 1));
    item.set_weight_kg(0.25 * i);
    for (std::uint32_t tag = 0; tag < 6; ++tag) item.add_tags(tag * 100);
  }
  order.mutable_placed()->set_seconds(1700000000);
  order.mutable_placed()->set_nanos(123456789);
  (*order.mutable_labels())["channel"] = "web";
  order.set_invoice(0x1234567890ABCDEF);
  order.set_express(true);
  order.set_signature(std::string(32, '\x5A'));
  return order.SerializeAsString();
}

/// The guest, instantiated, with the message in its memory.
class Guest {
 public:
  Guest(const wasm::Engine& engine, const char* file, const std::string& message)
      : linker_(engine), size_(message.size()) {
    std::ifstream stream(file, std::ios::binary);
    const std::string bytes((std::istreambuf_iterator<char>(stream)), std::istreambuf_iterator<char>());
    auto module = value_of(wasm::Module::compile(engine, "guest", std::as_bytes(std::span(bytes))));
    if (const auto defined = wasi::define_imports(linker_); !defined.ok()) fail(defined.error().message);
    linked_ = value_of(linker_.link(std::move(module)));
    instance_.emplace(*linked_);
    instance_->begin_instantiate();
    finish();
    call("_initialize", {}, false);
    const auto at = static_cast<std::uint32_t>(call("input", {static_cast<std::int32_t>(size_)}));
    std::memcpy(instance_->memory().subspan(at, size_).data(), message.data(), size_);
  }

  void round_trips(int times) {
    if (call("round_trips", {static_cast<std::int32_t>(size_), times}) < 0) fail("the guest could not decode it");
  }
  [[nodiscard]] std::string output() {
    const auto at = static_cast<std::uint32_t>(call("output", {}));
    const auto bytes = instance_->memory().subspan(at, size_);
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }

 private:
  std::int32_t call(std::string_view name, std::vector<std::int32_t> arguments, bool has_result = true) {
    const auto function = instance_->find_function(name);
    if (!function) fail("the guest does not export " + std::string(name));
    instance_->begin_call(*function, arguments, has_result);
    finish();
    return has_result ? instance_->result() : 0;
  }
  void finish() {
    wasm::Progress progress = wasm::Progress::sliced;
    while (progress == wasm::Progress::sliced) progress = instance_->poll();
    if (progress != wasm::Progress::done) fail(instance_->failure().describe());
  }

  wasm::Linker linker_;
  std::shared_ptr<const wasm::LinkedModule> linked_;
  std::optional<wasm::Instance> instance_;
  std::size_t size_;
};

struct Contender {
  const char* name;
  std::function<void(int)> round_trips;
  std::vector<double> ns;

  [[nodiscard]] double median() {
    std::sort(ns.begin(), ns.end());
    return ns[ns.size() / 2];
  }
};

void measure(Contender& contender, double seconds) {
  constexpr int batch = 2000;
  std::int64_t times = 0;
  const auto begin = std::chrono::steady_clock::now();
  std::chrono::duration<double> took{};
  do {
    contender.round_trips(batch);
    times += batch;
    took = std::chrono::steady_clock::now() - begin;
  } while (took.count() < seconds);
  contender.ns.push_back(took.count() * 1e9 / static_cast<double>(times));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) fail("which guest? Usage: protobuf_codec GUEST.wasm [SECONDS]");
  const double seconds = argc > 2 ? std::atof(argv[2]) : 10;
  const std::string message = typical_order();

  std::string google_output;
  guest::Buffer buffer;
  std::string our_output;
  const wasm::Engine engine = value_of(wasm::Engine::create({.max_instances = 2}));
  Guest in_wasm(engine, argv[1], message);
  Contender contenders[] = {{"libprotobuf_ns",
                             [&](int times) {
                               for (int i = 0; i < times; ++i) {
                                 ::bench::Order order;
                                 if (!order.ParseFromString(message)) fail("Google could not decode it");
                                 order.SerializeToString(&google_output);
                               }
                             },
                             {}},
                            {"native_ns",
                             [&](int times) {
                               for (int i = 0; i < times; ++i) {
                                 ours::bench::Order order;
                                 if (!guest::decode(message, order)) fail("we could not decode it");
                                 our_output = guest::encode(order, buffer).text();
                               }
                             },
                             {}},
                            {"guest_ns", [&](int times) { in_wasm.round_trips(times); }, {}}};
  constexpr int repeats = 7;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (Contender& contender : contenders) measure(contender, seconds / (repeats * 3));
  }
  if (google_output != message || our_output != message || in_wasm.output() != message) {
    fail("what was written is not what was read");
  }
  std::printf("{\"bytes\": %zu", message.size());
  for (Contender& contender : contenders) std::printf(", \"%s\": %.1f", contender.name, contender.median());
  std::printf("}\n");
  return 0;
}
