#include "valid_message.h"

#include <google/protobuf/any.pb.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/duration.pb.h>
#include <google/protobuf/field_mask.pb.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/timestamp.pb.h>

#include <cmath>
#include <cstdint>
#include <vector>

#include "features3.pb.h"
#include "protoc/random_message.h"

namespace wasm_grpc::json::test {

namespace pb = google::protobuf;

namespace {

class Mender {
 public:
  Mender(std::mt19937& random, Floats floats) : random_(random), floats_(floats) {}

  void mend(pb::Message& message) {
    if (auto* time = dynamic_cast<pb::Timestamp*>(&message)) {
      time->set_seconds(within(-62'135'596'800, 253'402'300'799));
      time->set_nanos(nanos());
    } else if (auto* duration = dynamic_cast<pb::Duration*>(&message)) {
      duration->set_seconds(within(-315'575'999'999, 315'575'999'999));
      if (within(0, 3) == 0) duration->set_seconds(0);
      duration->set_nanos(duration->seconds() < 0 ? -nanos() : nanos());
    } else if (auto* mask = dynamic_cast<pb::FieldMask*>(&message)) {
      for (std::string& path : *mask->mutable_paths()) path = within(0, 1) == 0 ? "user.display_name" : "photo";
    } else if (auto* value = dynamic_cast<pb::Value*>(&message)) {
      if (value->kind_case() == pb::Value::KIND_NOT_SET) value->set_bool_value(true);
      if (value->kind_case() == pb::Value::kNullValue) value->set_null_value(pb::NULL_VALUE);
      if (value->has_number_value() && !std::isfinite(value->number_value())) value->set_number_value(0.1);
    } else if (auto* any = dynamic_cast<pb::Any*>(&message)) {
      any->Clear();
      if (within(0, 3) == 0) {
        pb::Timestamp moment;
        moment.set_seconds(within(1, 1'000'000));
        moment.set_nanos(5);
        any->PackFrom(moment);
      } else {
        features::three::Scalars scalars;
        wasm_grpc::test::fill(scalars, random_, 0);
        scalars.DiscardUnknownFields();
        mend(scalars);
        any->PackFrom(scalars);
      }
    }
    const pb::Reflection& reflection = *message.GetReflection();
    std::vector<const pb::FieldDescriptor*> fields;
    reflection.ListFields(message, &fields);
    for (const pb::FieldDescriptor* field : fields) {
      if (floats_ == Floats::common) mend_floats(message, *field);
      if (field->cpp_type() != pb::FieldDescriptor::CPPTYPE_MESSAGE) continue;
      if (!field->is_repeated()) {
        mend(*reflection.MutableMessage(&message, field));
        continue;
      }
      for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
        mend(*reflection.MutableRepeatedMessage(&message, field, i));
      }
    }
  }

 private:
  /// Of -0 and numbers that are not normal, others.
  static void mend_floats(pb::Message& message, const pb::FieldDescriptor& field) {
    const pb::Reflection& reflection = *message.GetReflection();
    const auto is_odd = [](auto number) {
      return std::fpclassify(number) == FP_SUBNORMAL || (number == 0 && std::signbit(number));
    };
    const int count = field.is_repeated() ? reflection.FieldSize(message, &field) : 1;
    for (int i = 0; i < count; ++i) {
      if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_DOUBLE) {
        if (!field.is_repeated() && is_odd(reflection.GetDouble(message, &field)))
          reflection.SetDouble(&message, &field, 0.1);
        if (field.is_repeated() && is_odd(reflection.GetRepeatedDouble(message, &field, i))) {
          reflection.SetRepeatedDouble(&message, &field, i, 1e-300);
        }
      } else if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_FLOAT) {
        if (!field.is_repeated() && is_odd(reflection.GetFloat(message, &field)))
          reflection.SetFloat(&message, &field, 0.1F);
        if (field.is_repeated() && is_odd(reflection.GetRepeatedFloat(message, &field, i))) {
          reflection.SetRepeatedFloat(&message, &field, i, 1e30F);
        }
      }
    }
  }
  std::int64_t within(std::int64_t least, std::int64_t most) {
    return std::uniform_int_distribution<std::int64_t>(least, most)(random_);
  }
  std::int32_t nanos() {
    constexpr std::int32_t units[] = {0, 1, 1'000, 1'000'000};
    return static_cast<std::int32_t>(within(0, 999)) * units[within(0, 3)];
  }

  std::mt19937& random_;
  Floats floats_;
};

}  // namespace

void fill_valid(pb::Message& message, std::mt19937& random, int depth, Floats floats) {
  wasm_grpc::test::fill(message, random, depth);
  // Once through the bytes: reflection does not discard what is in maps.
  message.ParseFromString(message.SerializeAsString());
  message.DiscardUnknownFields();
  Mender(random, floats).mend(message);
}

}  // namespace wasm_grpc::json::test
