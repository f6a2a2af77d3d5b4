#include "random_message.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>
#include <google/protobuf/unknown_field_set.h>

#include <cstdint>
#include <limits>

namespace wasm_grpc::test {

namespace pb = google::protobuf;

namespace {

class Filler {
 public:
  explicit Filler(std::mt19937& random) : random_(random) {}

  void message(pb::Message& message, int depth) {
    const pb::Descriptor& type = *message.GetDescriptor();
    for (int i = 0; i < type.field_count(); ++i) {
      const pb::FieldDescriptor& field = *type.field(i);
      // The value of a map may have required fields: it is not left out.
      if (!field.is_required() && !type.options().map_entry() && chance(2)) continue;
      if (field.cpp_type() == pb::FieldDescriptor::CPPTYPE_MESSAGE && depth <= 0 && !type.options().map_entry())
        continue;
      const int count = field.is_repeated() ? below(5) : 1;
      for (int n = 0; n < count; ++n) value(message, field, depth);
    }
    if (!type.options().map_entry() && chance(4)) unknown(*message.GetReflection()->MutableUnknownFields(&message), 2);
  }

 private:
  bool chance(int of) { return below(of) == 0; }
  int below(int end) { return std::uniform_int_distribution<int>(0, end - 1)(random_); }

  template <typename Number>
  Number integer() {
    using Limits = std::numeric_limits<Number>;
    constexpr Number ends[] = {0, 1, static_cast<Number>(-1), 127, 128, Limits::min(), Limits::max(), 300};
    if (chance(2)) return ends[below(std::size(ends))];
    return static_cast<Number>(std::uniform_int_distribution<std::uint64_t>()(random_) >> below(64));
  }
  template <typename Number>
  Number floating() {
    using Limits = std::numeric_limits<Number>;
    const Number ends[] = {
        0, -Number{0}, 1, Number(-0.1), Limits::infinity(), Limits::quiet_NaN(), Limits::denorm_min()};
    return ends[below(std::size(ends))];
  }
  std::string text() {
    constexpr const char* ends[] = {"", "x", "text", "zw\303\266lf \342\202\254 \360\237\230\200",
                                    "a longer text, for the heap"};
    std::string result = ends[below(std::size(ends))];
    if (chance(10)) result.append(static_cast<std::size_t>(below(400)), 'y');
    return result;
  }
  std::string bytes() {
    std::string result;
    for (int i = below(20); i > 0; --i) result += static_cast<char>(below(256));
    return result;
  }

  void value(pb::Message& message, const pb::FieldDescriptor& field, int depth) {
    const pb::Reflection& reflection = *message.GetReflection();
    const bool many = field.is_repeated();
#define PUT(Type, value) \
  (many ? reflection.Add##Type(&message, &field, value) : reflection.Set##Type(&message, &field, value))
    switch (field.cpp_type()) {
      case pb::FieldDescriptor::CPPTYPE_INT32:
        return PUT(Int32, integer<std::int32_t>());
      case pb::FieldDescriptor::CPPTYPE_INT64:
        return PUT(Int64, integer<std::int64_t>());
      case pb::FieldDescriptor::CPPTYPE_UINT32:
        return PUT(UInt32, integer<std::uint32_t>());
      case pb::FieldDescriptor::CPPTYPE_UINT64:
        return PUT(UInt64, integer<std::uint64_t>());
      case pb::FieldDescriptor::CPPTYPE_DOUBLE:
        return PUT(Double, floating<double>());
      case pb::FieldDescriptor::CPPTYPE_FLOAT:
        return PUT(Float, floating<float>());
      case pb::FieldDescriptor::CPPTYPE_BOOL:
        return PUT(Bool, chance(2));
      case pb::FieldDescriptor::CPPTYPE_ENUM: {
        const pb::EnumDescriptor& type = *field.enum_type();
        const bool open = field.file()->syntax() == pb::FileDescriptor::SYNTAX_PROTO3;
        const int named = type.value(below(type.value_count()))->number();
        return PUT(EnumValue, open && chance(3) ? integer<std::int32_t>() : named);
      }
      case pb::FieldDescriptor::CPPTYPE_STRING:
        return PUT(String, field.type() == pb::FieldDescriptor::TYPE_STRING ? text() : bytes());
      case pb::FieldDescriptor::CPPTYPE_MESSAGE:
        return this->message(
            many ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field), depth - 1);
    }
#undef PUT
  }

  void unknown(pb::UnknownFieldSet& set, int depth) {
    for (int i = below(4); i > 0; --i) {
      const int number = 20000 + below(100);
      switch (below(5)) {
        case 0:
          set.AddVarint(number, integer<std::uint64_t>());
          break;
        case 1:
          set.AddFixed32(number, integer<std::uint32_t>());
          break;
        case 2:
          set.AddFixed64(number, integer<std::uint64_t>());
          break;
        case 3:
          set.AddLengthDelimited(number, bytes());
          break;
        default:
          if (depth > 0) unknown(*set.AddGroup(number), depth - 1);
      }
    }
  }

  std::mt19937& random_;
};

}  // namespace

void fill(pb::Message& message, std::mt19937& random, int depth) { Filler(random).message(message, depth); }

std::string serialized(const pb::Message& message) {
  std::string bytes;
  {
    pb::io::StringOutputStream stream(&bytes);
    pb::io::CodedOutputStream out(&stream);
    out.SetSerializationDeterministic(true);
    message.SerializePartialToCodedStream(&out);
  }
  return bytes;
}

}  // namespace wasm_grpc::test
