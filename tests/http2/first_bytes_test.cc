#include "http2/first_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace wasm_grpc::http2 {
namespace {

using Tell = FirstBytes::Tell;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Tell look(FirstBytes& first, std::string_view text) { return first.look(std::as_bytes(std::span(text))); }

TEST(FirstBytes, ThePrefaceIsHttp2HoweverItComes) {
  const std::string preface = NGHTTP2_CLIENT_MAGIC;
  FirstBytes at_once;
  EXPECT_EQ(look(at_once, preface + "and more"), Tell::http2);
  FirstBytes one_by_one;
  for (std::size_t i = 0; i + 1 < preface.size(); ++i) {
    EXPECT_EQ(look(one_by_one, preface.substr(i, 1)), Tell::nothing_yet) << i;
  }
  EXPECT_EQ(look(one_by_one, "\n"), Tell::http2);
  EXPECT_EQ(text_of(one_by_one.before()), preface.substr(0, preface.size() - 1));
}

TEST(FirstBytes, AnythingElseIsNot) {
  FirstBytes first;
  EXPECT_EQ(look(first, "GET / HTTP/1.1"), Tell::another);
  EXPECT_TRUE(first.before().empty());
}

TEST(FirstBytes, WhatBeginsLikeThePrefaceIsNotLost) {
  FirstBytes first;
  EXPECT_EQ(look(first, "PR"), Tell::nothing_yet);
  EXPECT_EQ(look(first, "OPFIND / HTTP/1.1"), Tell::another);
  EXPECT_EQ(text_of(first.before()), "PR");
}

}  // namespace
}  // namespace wasm_grpc::http2
