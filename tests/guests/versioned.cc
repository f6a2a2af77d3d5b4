// test.Versioned (versioned.proto). It is built several times, each with another VERSION.
#include <cstdint>

#include "versioned.guest.h"
#include "wasm_grpc/guest.h"

using namespace wasm_grpc::guest;

namespace {

test::Answer answer(std::uint32_t number) { return {.version = VERSION, .number = number}; }

class Versioned final : public test::Versioned {
 public:
  Result<test::Answer> Unary(Context&, const test::Question& question) override { return answer(question.number); }

  Result<test::Answer> Upload(Context&, MessageReader<test::Question>& in) override {
    std::uint32_t questions = 0;
    for ([[maybe_unused]] const test::Question& question : in) ++questions;
    return answer(questions);
  }

  Status Download(Context&, const test::Question& question, MessageWriter<test::Answer>& out) override {
    for (std::uint32_t number = 0; number < question.number; ++number) {
      if (!out.write(answer(number))) return Status::cancelled();
    }
    return Status::ok();
  }

  Status Chat(Context&, MessageReader<test::Question>& in, MessageWriter<test::Answer>& out) override {
    for (const test::Question& question : in) {
      if (!out.write(answer(question.number))) return Status::cancelled();
    }
    return in.cancelled() ? Status::cancelled() : Status::ok();
  }
};

}  // namespace

WASM_GRPC_SERVICES(registry) { registry.serve<Versioned>(); }
