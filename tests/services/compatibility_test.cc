// What callers would notice of another version of a service.
#include "services/compatibility.h"

#include "services/files.h"

namespace wasm_grpc::services {
namespace {

using Lines = std::vector<std::string>;

/// A service a.S with the method M over a.Request, of which these are the parts, and an a.Other.
std::shared_ptr<const DescribedFiles> described(const std::string& request, const std::string& other = "") {
  return files_of("file { name: 'a.proto' package: 'a' syntax: 'proto3' message_type { name: 'Request' " + request +
                  " } message_type { name: 'Other' " + other +
                  " } service { name: 'S' method { name: 'M' input_type: '.a.Request' output_type: '.a.Other' } } }");
}
std::string field(const std::string& name, int number, const std::string& type, const std::string& label = "OPTIONAL") {
  return "field { name: '" + name + "' number: " + std::to_string(number) + " type: TYPE_" + type + " label: LABEL_" +
         label + " } ";
}

Lines changes(const std::shared_ptr<const DescribedFiles>& before, const std::shared_ptr<const DescribedFiles>& after) {
  const KnownMethod known{"/a.S/M", rpc::MethodKind::unary, before.get()};
  const KnownMethod now{"/a.S/M", rpc::MethodKind::unary, after.get()};
  return breaking_changes(known, &now);
}

TEST(Compatibility, WhatIsNewBreaksNothing) {
  const auto before = described(field("one", 1, "STRING"));
  EXPECT_EQ(changes(before, before), Lines());
  EXPECT_EQ(changes(before, described(field("one", 1, "STRING") + field("two", 2, "INT32"))), Lines());
}

TEST(Compatibility, AMethodThatIsGoneOrOfAnotherKindBreaksItsCallers) {
  const KnownMethod unary{"/a.S/M", rpc::MethodKind::unary, nullptr};
  const KnownMethod stream{"/a.S/M", rpc::MethodKind::bidi_stream, nullptr};
  EXPECT_EQ(breaking_changes(unary, nullptr), Lines{"the method /a.S/M is gone"});
  EXPECT_EQ(breaking_changes(unary, &stream), Lines{"the method /a.S/M is bidirectional streaming, and was unary"});
  EXPECT_EQ(breaking_changes(unary, &unary), Lines());
}

TEST(Compatibility, AFieldMustKeepItsNumberTypeAndCardinality) {
  const auto before = described(field("one", 1, "STRING"));
  EXPECT_EQ(changes(before, described(field("one", 2, "STRING"))),
            Lines{"the field a.Request.one (1) has the number 2"});
  EXPECT_EQ(changes(before, described(field("one", 1, "BYTES"))),
            Lines{"the field a.Request.one (1) is bytes, and was string"});
  EXPECT_EQ(changes(before, described(field("one", 1, "STRING", "REPEATED"))),
            Lines{"the field a.Request.one (1) is repeated string, and was string"});
  EXPECT_EQ(changes(before, described(field("first", 1, "STRING"))),
            Lines{"the field a.Request.one (1) is \"first\" in JSON, and was \"one\""});
}

TEST(Compatibility, AFieldMayGoWhereItsNumberIsReserved) {
  const auto before = described(field("one", 1, "STRING"));
  EXPECT_EQ(changes(before, described("")),
            Lines{"the field a.Request.one (1) is gone, and its number is not reserved"});
  EXPECT_EQ(changes(before, described("reserved_range { start: 1 end: 2 }")), Lines());
}

TEST(Compatibility, LooksIntoMessagesOfMessagesAlsoWhereTheyContainThemselves) {
  const std::string has_other =
      "field { name: 'other' number: 1 type: TYPE_MESSAGE type_name: '.a.Other' label: LABEL_OPTIONAL }";
  const std::string has_itself =
      "field { name: 'self' number: 9 type: TYPE_MESSAGE type_name: '.a.Other' label: LABEL_OPTIONAL } ";
  EXPECT_EQ(changes(described(has_other, has_itself + field("x", 1, "INT32")),
                    described(has_other, has_itself + field("x", 1, "INT64"))),
            Lines{"the field a.Other.x (1) is int64, and was int32"});
}

TEST(Compatibility, ValuesOfEnumsKeepTheirNumbersAndNames) {
  const auto with = [](const std::string& values) {
    return described(
        "field { name: 'e' number: 1 type: TYPE_ENUM type_name: '.a.Request.E' label: LABEL_OPTIONAL } "
        "enum_type { name: 'E' value { name: 'NONE' number: 0 } " +
        values + " }");
  };
  const auto before = with("value { name: 'ONE' number: 1 }");
  EXPECT_EQ(changes(before, with("value { name: 'ONE' number: 1 } value { name: 'TWO' number: 2 }")), Lines());
  EXPECT_EQ(changes(before, with("value { name: 'ONE' number: 2 }")),
            Lines{"the value ONE (1) of a.Request.E has the number 2"});
  EXPECT_EQ(changes(before, with("value { name: 'UNO' number: 1 }")),
            Lines{"the value ONE (1) of a.Request.E has another name, which is what it is in JSON"});
  EXPECT_EQ(changes(before, with("")),
            Lines{"the value ONE (1) of a.Request.E is gone, and its number is not reserved"});
}

TEST(Compatibility, AMethodThatWasDescribedMustStayDescribed) {
  EXPECT_EQ(changes(described(""), nullptr), Lines{"the method /a.S/M is not described any more"});
  EXPECT_EQ(changes(nullptr, described("")), Lines());
}

}  // namespace
}  // namespace wasm_grpc::services
