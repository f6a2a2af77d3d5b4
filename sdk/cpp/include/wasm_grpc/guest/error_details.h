// The usual details of a status: the messages of google/rpc/error_details.proto, which clients in all languages know.
//
//   return Status::invalid_argument("no such date").with(rpc::BadRequest{.field_violations = {{"date", "is in the
//   past"}}});
//
// Any message that protoc-gen-wasm-grpc makes does as well.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "wasm_grpc/guest/wire_field.h"

namespace wasm_grpc::guest::rpc {

/// Why it failed, for programs: `reason` is of capital letters, digits and '_', within `domain`, such as "api.test".
struct ErrorInfo {
  static constexpr std::string_view full_name = "google.rpc.ErrorInfo";
  std::string reason{};
  std::string domain{};
  std::map<std::string, std::string> metadata{};
};

/// A time, as google.protobuf.Duration: of one sign in both.
struct Duration {
  static constexpr std::string_view full_name = "google.protobuf.Duration";
  std::int64_t seconds = 0;
  std::int32_t nanos = 0;

  Duration() = default;
  template <typename Rep, typename Period>
  Duration(std::chrono::duration<Rep, Period> time) {
    const std::int64_t all = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
    seconds = all / 1'000'000'000;
    nanos = static_cast<std::int32_t>(all % 1'000'000'000);
  }
  [[nodiscard]] std::chrono::nanoseconds time() const {
    return std::chrono::nanoseconds(seconds * 1'000'000'000 + nanos);
  }
};

/// When the client may try again.
struct RetryInfo {
  static constexpr std::string_view full_name = "google.rpc.RetryInfo";
  Duration retry_delay{};
};

/// Where it failed. Not for clients of strangers.
struct DebugInfo {
  static constexpr std::string_view full_name = "google.rpc.DebugInfo";
  std::vector<std::string> stack_entries{};
  std::string detail{};
};

/// Which quota was used up.
struct QuotaFailure {
  static constexpr std::string_view full_name = "google.rpc.QuotaFailure";
  struct Violation {
    std::string subject{};
    std::string description{};
  };
  std::vector<Violation> violations{};
};

/// What was not as it must be first.
struct PreconditionFailure {
  static constexpr std::string_view full_name = "google.rpc.PreconditionFailure";
  struct Violation {
    std::string type{};
    std::string subject{};
    std::string description{};
  };
  std::vector<Violation> violations{};
};

/// A text for the user, in `locale`, such as "en-US".
struct LocalizedMessage {
  static constexpr std::string_view full_name = "google.rpc.LocalizedMessage";
  std::string locale{};
  std::string message{};
};

/// What is wrong with the request: `field` is a path, such as "order.items[2].count".
struct BadRequest {
  static constexpr std::string_view full_name = "google.rpc.BadRequest";
  struct FieldViolation {
    std::string field{};
    std::string description{};
    std::string reason{};
  };
  std::vector<FieldViolation> field_violations{};
};

/// By which the server knows the request, for reports.
struct RequestInfo {
  static constexpr std::string_view full_name = "google.rpc.RequestInfo";
  std::string request_id{};
  std::string serving_data{};
};

/// What was asked for.
struct ResourceInfo {
  static constexpr std::string_view full_name = "google.rpc.ResourceInfo";
  std::string resource_type{};
  std::string resource_name{};
  std::string owner{};
  std::string description{};
};

/// Where to read more.
struct Help {
  static constexpr std::string_view full_name = "google.rpc.Help";
  struct Link {
    std::string description{};
    std::string url{};
  };
  std::vector<Link> links{};
};

namespace fields {

// A field: its number, where it is, and how it is written.
template <std::uint32_t number, typename Message, typename Member>
struct Plain {
  Member Message::* member;
  using Codec = wire::Text;
  static constexpr std::uint32_t tag = wire::tag(number, Codec::type);
  const char* read(const char* at, const char* end, int depth, Message& message) const {
    return Codec::read(at, end, depth, message.*member);
  }
  char* write(char* at, wire::Encoder& out, const Message& message) const {
    return wire::write_unless_zero<Codec>(at, out, number, message.*member);
  }
};
template <std::uint32_t number, typename Message, typename Number>
struct Varint {
  Number Message::* member;
  using Codec = wire::Varint<Number>;
  static constexpr std::uint32_t tag = wire::tag(number, Codec::type);
  const char* read(const char* at, const char* end, int depth, Message& message) const {
    return Codec::read(at, end, depth, message.*member);
  }
  char* write(char* at, wire::Encoder& out, const Message& message) const {
    return wire::write_unless_zero<Codec>(at, out, number, message.*member);
  }
};
template <std::uint32_t number, typename Message, typename Inner>
struct Nested {
  Inner Message::* member;
  using Codec = wire::Nested<Inner>;
  static constexpr std::uint32_t tag = wire::tag(number, Codec::type);
  const char* read(const char* at, const char* end, int depth, Message& message) const {
    return Codec::read(at, end, depth, message.*member);
  }
  char* write(char* at, wire::Encoder& out, const Message& message) const {
    return wire::write_field<Codec>(at, out, number, message.*member);
  }
};
template <std::uint32_t number, typename Message, typename Codec>
struct Repeated {
  std::vector<typename Codec::Value> Message::* member;
  static constexpr std::uint32_t tag = wire::tag(number, Codec::type);
  const char* read(const char* at, const char* end, int depth, Message& message) const {
    return wire::read_element<Codec>(at, end, depth, message.*member);
  }
  char* write(char* at, wire::Encoder& out, const Message& message) const {
    return wire::write_repeated<Codec>(at, out, number, message.*member);
  }
};
template <std::uint32_t number, typename Message>
struct TextMap {
  std::map<std::string, std::string> Message::* member;
  static constexpr std::uint32_t tag = wire::tag(number, wire::Type::bytes);
  const char* read(const char* at, const char* end, int depth, Message& message) const {
    return wire::read_entry<wire::Text, wire::Text>(at, end, depth, message.*member);
  }
  char* write(char* at, wire::Encoder& out, const Message& message) const {
    return wire::write_map<wire::Text, wire::Text>(at, out, number, message.*member);
  }
};

template <std::uint32_t number, typename Message>
constexpr auto text(std::string Message::* member) {
  return Plain<number, Message, std::string>{member};
}
template <std::uint32_t number, typename Message, typename Number>
constexpr auto varint(Number Message::* member) {
  return Varint<number, Message, Number>{member};
}
template <std::uint32_t number, typename Message, typename Inner>
constexpr auto nested(Inner Message::* member) {
  return Nested<number, Message, Inner>{member};
}
template <std::uint32_t number, typename Message>
constexpr auto texts(std::vector<std::string> Message::* member) {
  return Repeated<number, Message, wire::Text>{member};
}
template <std::uint32_t number, typename Message, typename Inner>
constexpr auto many(std::vector<Inner> Message::* member) {
  return Repeated<number, Message, wire::Nested<Inner>>{member};
}

}  // namespace fields

// The fields of each, in the order of their numbers.
constexpr auto fields_of(const ErrorInfo*) {
  return std::tuple(fields::text<1>(&ErrorInfo::reason), fields::text<2>(&ErrorInfo::domain),
                    fields::TextMap<3, ErrorInfo>{&ErrorInfo::metadata});
}
constexpr auto fields_of(const Duration*) {
  return std::tuple(fields::varint<1>(&Duration::seconds), fields::varint<2>(&Duration::nanos));
}
constexpr auto fields_of(const RetryInfo*) { return std::tuple(fields::nested<1>(&RetryInfo::retry_delay)); }
constexpr auto fields_of(const DebugInfo*) {
  return std::tuple(fields::texts<1>(&DebugInfo::stack_entries), fields::text<2>(&DebugInfo::detail));
}
constexpr auto fields_of(const QuotaFailure::Violation*) {
  return std::tuple(fields::text<1>(&QuotaFailure::Violation::subject),
                    fields::text<2>(&QuotaFailure::Violation::description));
}
constexpr auto fields_of(const QuotaFailure*) { return std::tuple(fields::many<1>(&QuotaFailure::violations)); }
constexpr auto fields_of(const PreconditionFailure::Violation*) {
  return std::tuple(fields::text<1>(&PreconditionFailure::Violation::type),
                    fields::text<2>(&PreconditionFailure::Violation::subject),
                    fields::text<3>(&PreconditionFailure::Violation::description));
}
constexpr auto fields_of(const PreconditionFailure*) {
  return std::tuple(fields::many<1>(&PreconditionFailure::violations));
}
constexpr auto fields_of(const LocalizedMessage*) {
  return std::tuple(fields::text<1>(&LocalizedMessage::locale), fields::text<2>(&LocalizedMessage::message));
}
constexpr auto fields_of(const BadRequest::FieldViolation*) {
  return std::tuple(fields::text<1>(&BadRequest::FieldViolation::field),
                    fields::text<2>(&BadRequest::FieldViolation::description),
                    fields::text<3>(&BadRequest::FieldViolation::reason));
}
constexpr auto fields_of(const BadRequest*) { return std::tuple(fields::many<1>(&BadRequest::field_violations)); }
constexpr auto fields_of(const RequestInfo*) {
  return std::tuple(fields::text<1>(&RequestInfo::request_id), fields::text<2>(&RequestInfo::serving_data));
}
constexpr auto fields_of(const ResourceInfo*) {
  return std::tuple(fields::text<1>(&ResourceInfo::resource_type), fields::text<2>(&ResourceInfo::resource_name),
                    fields::text<3>(&ResourceInfo::owner), fields::text<4>(&ResourceInfo::description));
}
constexpr auto fields_of(const Help::Link*) {
  return std::tuple(fields::text<1>(&Help::Link::description), fields::text<2>(&Help::Link::url));
}
constexpr auto fields_of(const Help*) { return std::tuple(fields::many<1>(&Help::links)); }

// What decode() and encode() stand on. Unknown fields are dropped.

template <typename Message>
  requires requires(const Message* message) { fields_of(message); }
const char* merge_fields(const char* at, const char* end, int depth, std::uint32_t group, Message& message) {
  constexpr auto all = fields_of(static_cast<const Message*>(nullptr));
  while (at != end) {
    std::uint32_t tag = 0;
    at = wire::read_tag(at, end, tag);
    if (at == nullptr) return nullptr;
    if (wire::ends_group(tag)) return tag == group ? at : nullptr;
    bool is_known = false;
    const auto read = [&](const auto& field) {
      if (is_known || field.tag != tag) return;
      is_known = true;
      at = field.read(at, end, depth, message);
    };
    std::apply([&](const auto&... field) { (read(field), ...); }, all);
    if (!is_known) at = wire::skip_value(at, end, tag, depth);
    if (at == nullptr) return nullptr;
  }
  return group == 0 ? at : nullptr;
}

template <typename Message>
  requires requires(const Message* message) { fields_of(message); }
[[nodiscard]] char* write_fields(char* at, wire::Encoder& out, const Message& message) {
  constexpr auto all = fields_of(static_cast<const Message*>(nullptr));
  constexpr std::size_t count = std::tuple_size_v<decltype(all)>;
  // The last first, as the encoder goes from the end to the beginning.
  [&]<std::size_t... i>(std::index_sequence<i...>) {
    ((at = std::get<count - 1 - i>(all).write(at, out, message)), ...);
  }(std::make_index_sequence<count>());
  return at;
}

}  // namespace wasm_grpc::guest::rpc
