// What a message costs from JSON and into JSON: by src/json, and by libprotobuf; in turn, in one run, in nanoseconds of
// CPU time. Prints JSON. With a name and a number of times it does only that: for counting instructions.
//
// Usage: json_codec [SECONDS]
//        json_codec read_greeting|write_greeting|read_order|write_order TIMES
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "json/read.h"
#include "json/write.h"
#include "order.pb.h"

namespace {

using namespace wasm_grpc;

constexpr int batch = 2000;
constexpr int repeats = 7;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "json_codec: %s\n", what.c_str());
  std::exit(1);
}

double cpu_ns() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

bench::Order typical_order() {
  bench::Order order;
  order.set_id("ord-2024-0000471108");
  auto& customer = *order.mutable_customer();
  customer.set_id(471108151623);
  customer.set_name("Ada Lovelace");
  customer.set_mail("ada.lovelace@example.org");
  customer.mutable_address()->set_street("12 St James's Square");
  customer.mutable_address()->set_city("London");
  for (int i = 0; i < 8; ++i) {
    auto& item = *order.add_items();
    item.set_sku("sku-" + std::to_string(10000 + i));
    item.set_title("An item with a title of usual length, number " + std::to_string(i));
    item.set_count(i + 1);
    item.mutable_price()->set_currency(bench::CURRENCY_EUR);
    item.mutable_price()->set_cents(1999 * (i + 1));
    item.set_weight_kg(0.25 * i);
    for (std::uint32_t tag = 0; tag < 6; ++tag) item.add_tags(tag * 100);
  }
  order.mutable_placed()->set_seconds(1700000000);
  order.mutable_placed()->set_nanos(123456789);
  (*order.mutable_labels())["channel"] = "web";
  order.set_express(true);
  order.set_signature(std::string(32, '\x5A'));
  return order;
}

/// One message, as bytes and as text.
template <typename Message>
class Case {
 public:
  Case(const json::Types& types, const Message& message)
      : type_(*types.find(Message::descriptor()->full_name())), bytes_(message.SerializeAsString()) {
    write(1);
    json_ = text_;
    read(1);
    Message again;
    const bool is_same =
        again.ParseFromArray(read_.data(), static_cast<int>(read_.size())) && again.SerializeAsString() == bytes_;
    if (!is_same) fail("what was read is not what was written");
  }

  void read(int times) {
    for (int i = 0; i < times; ++i) {
      read_.clear();
      if (const auto error = json::read(type_, json_, read_)) fail(*error);
    }
  }
  void write(int times) {
    for (int i = 0; i < times; ++i) {
      text_.clear();
      if (const auto error = json::write(type_, std::as_bytes(std::span(bytes_)), text_)) fail(*error);
    }
  }
  void google_read(int times) {
    for (int i = 0; i < times; ++i) {
      Message message;
      if (!google::protobuf::util::JsonStringToMessage(json_, &message).ok()) fail("libprotobuf cannot read it");
      message.SerializeToString(&google_bytes_);
    }
  }
  void google_write(int times) {
    for (int i = 0; i < times; ++i) {
      Message message;
      google_text_.clear();
      if (!message.ParseFromString(bytes_)) fail("libprotobuf cannot decode it");
      if (!google::protobuf::util::MessageToJsonString(message, &google_text_).ok())
        fail("libprotobuf cannot write it");
    }
  }

 private:
  const json::MessageType& type_;
  std::string bytes_;
  std::string json_;
  std::string text_;
  std::vector<std::byte> read_;
  std::string google_bytes_;
  std::string google_text_;
};

struct Contender {
  const char* name;
  std::function<void(int)> run;
  std::vector<double> ns;
};

void measure(Contender& contender, double seconds) {
  std::int64_t times = 0;
  const double begin = cpu_ns();
  double took = 0;
  do {
    contender.run(batch);
    times += batch;
    took = cpu_ns() - begin;
  } while (took < seconds * 1e9);
  contender.ns.push_back(took / static_cast<double>(times));
}

}  // namespace

int main(int argc, char** argv) {
  const std::array files{bench::Order::descriptor()->file()};
  const json::Types types(files);
  bench::Greeting world;
  world.set_name("world");
  Case<bench::Greeting> greeting(types, world);
  Case<bench::Order> order(types, typical_order());
  Contender contenders[] = {{"read_greeting", [&](int times) { greeting.read(times); }, {}},
                            {"read_greeting_libprotobuf", [&](int times) { greeting.google_read(times); }, {}},
                            {"write_greeting", [&](int times) { greeting.write(times); }, {}},
                            {"write_greeting_libprotobuf", [&](int times) { greeting.google_write(times); }, {}},
                            {"read_order", [&](int times) { order.read(times); }, {}},
                            {"read_order_libprotobuf", [&](int times) { order.google_read(times); }, {}},
                            {"write_order", [&](int times) { order.write(times); }, {}},
                            {"write_order_libprotobuf", [&](int times) { order.google_write(times); }, {}}};
  if (argc == 3) {
    for (Contender& contender : contenders) {
      if (std::string_view(argv[1]) == contender.name) contender.run(std::atoi(argv[2]));
    }
    return 0;
  }
  const double seconds = argc > 1 ? std::atof(argv[1]) : 8;
  for (int repeat = 0; repeat < repeats; ++repeat) {
    for (Contender& contender : contenders) measure(contender, seconds / (repeats * std::size(contenders)));
  }
  const char* separator = "{";
  for (Contender& contender : contenders) {
    std::sort(contender.ns.begin(), contender.ns.end());
    std::printf("%s\"%s_ns\": %.1f", separator, contender.name, contender.ns[contender.ns.size() / 2]);
    separator = ", ";
  }
  std::printf("}\n");
  return 0;
}
