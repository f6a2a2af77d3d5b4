// Requests and replies, by rules.
#include "facade/rest/transcode.h"

#include <gtest/gtest.h>

#include "library.h"

namespace wasm_grpc::facade::rest::test {
namespace {

class RestRequests : public testing::Test {
 protected:
  RestRequests() { EXPECT_EQ(library_.add(routes_, "Library"), ""); }

  /// The request as JSON, or what is wrong after "error: ".
  std::string request(std::string_view http_method, std::string_view target, std::string_view body = "",
                      const json::ReadOptions& options = {}) const {
    const Match match = routes_.find(http_method, target);
    if (match.rule == nullptr) return "none";
    std::vector<std::byte> message(2);
    if (const auto error = make_request(match, body, message, options)) {
      EXPECT_EQ(message.size(), 2U);
      return "error: " + *error;
    }
    std::string text;
    EXPECT_EQ(json::write(*match.rule->request, std::span(message).subspan(2), text), std::nullopt);
    return text;
  }
  /// Of a search with these parameters.
  std::string search(std::string_view query) const { return request("GET", "/v1/books:search?" + std::string(query)); }

  Library library_;
  Routes routes_;
};

TEST_F(RestRequests, TakeFieldsFromThePath) {
  EXPECT_EQ(request("GET", "/v1/shelves/1/books/2"), R"({"name":"shelves/1/books/2"})");
  EXPECT_EQ(request("PATCH", "/v1/shelves/1/books/2", R"({"title":"x"})"),
            R"({"book":{"name":"shelves/1/books/2","title":"x"}})");
}

TEST_F(RestRequests, DecodeSlashesInOneSegmentOnly) {
  EXPECT_EQ(request("GET", "/v1/books/a%2Fb%20c"), R"({"name":"a/b c"})");
  EXPECT_EQ(request("GET", "/v1/shelves/a%2Fb%20c"), R"({"name":"shelves/a%2Fb c"})");
  EXPECT_EQ(request("GET", "/v1/archive/a%2fb/c+d%25"), R"({"name":"archive/a%2fb/c+d%"})");
  EXPECT_EQ(request("GET", "/v1/books/%zz"), "error: the path: a percent sign is followed by two hexadecimal digits");
  EXPECT_EQ(request("GET", "/v1/books/%FF"), "error: name, in the path: the text is not UTF-8");
}

TEST_F(RestRequests, TakeTheBodyByTheRule) {
  EXPECT_EQ(request("POST", "/v1/shelves/1/books?bookId=7", R"({"title":"x","author":{"born":1900}})"),
            R"({"parent":"shelves/1","book":{"title":"x","author":{"born":1900}},"bookId":"7"})");
  EXPECT_EQ(request("PUT", "/v1/shelves/1/books/2", R"({"book":{"title":"x","name":"other"},"updateMask":"title"})"),
            R"({"book":{"name":"shelves/1/books/2","title":"x"},"updateMask":"title"})")
      << "the path counts more than the body";
  EXPECT_EQ(request("POST", "/v1/shelves/1/books/2:burn"), R"({"name":"shelves/1/books/2"})") << "a body of nothing";
  EXPECT_EQ(request("POST", "/v1/shelves/1/books", R"({"titel":"x"})"),
            "error: field book: library.Book has no field \"titel\" (line 1, column 2)");
  EXPECT_EQ(request("GET", "/v1/shelves/1", "{}"), "error: GET /v1/{name=shelves/*} takes no body");
}

TEST_F(RestRequests, TakeAllElseFromTheQuery) {
  EXPECT_EQ(search("text=a+b%26c&page_size=5&exact=true&score=-1.5e3&token=AAE-_w"),
            R"({"text":"a b&c","pageSize":5,"exact":true,"score":-1500,"token":"AAE+/w=="})");
  EXPECT_EQ(search("pageSize=5"), R"({"pageSize":5})");
  EXPECT_EQ(search("tags=a&tags=b&tags=&years=1&years=-2"), R"({"tags":["a","b",""],"years":["1","-2"]})");
  EXPECT_EQ(search("kinds=KIND_NOVEL&kinds=0&kinds=77"), R"({"kinds":["KIND_NOVEL","KIND_UNSPECIFIED",77]})");
  EXPECT_EQ(search("author.name=A&author.born=1900&author.teacher.teacher.name=B"),
            R"({"author":{"name":"A","born":1900,"teacher":{"teacher":{"name":"B"}}}})");
  EXPECT_EQ(search("since=2024-01-01T00:00:00Z&within=1.5s&mask=a.bC,d&limit=7&note=n"),
            R"({"since":"2024-01-01T00:00:00Z","within":"1.500s","mask":"a.bC,d","limit":"7","note":"n"})");
  EXPECT_EQ(search("maybe=&text="), R"({"maybe":""})");
  EXPECT_EQ(search("maybe"), R"({"maybe":""})");
  EXPECT_EQ(search("&&text=a&"), R"({"text":"a"})");
  EXPECT_EQ(search("text=a=b"), R"({"text":"a=b"})");
  EXPECT_EQ(search("score=NaN"), R"({"score":"NaN"})");
  EXPECT_EQ(search(""), "{}");
}

TEST_F(RestRequests, SayWhatIsWrongInTheQuery) {
  EXPECT_EQ(search("page_size=x"), "error: the parameter \"page_size\": expected an int32, found x");
  EXPECT_EQ(search("page_size="), "error: the parameter \"page_size\": expected an int32, found the end of the text");
  EXPECT_EQ(search("nope=1"), "error: the parameter \"nope\": library.SearchRequest has no field \"nope\"");
  EXPECT_EQ(search("author=x"), "error: the parameter \"author\": author is a message, which no text can say");
  EXPECT_EQ(search("kinds=KIND_X"), "error: the parameter \"kinds\": library.Kind has no value \"KIND_X\"");
  EXPECT_EQ(search("text=a&text=b"), "error: the parameter \"text\": it is given twice");
  EXPECT_EQ(search("page_size=1&pageSize=2"), "error: the parameter \"pageSize\": it is given twice");
  EXPECT_EQ(search("text=%FF"), "error: the parameter \"text\": the text is not UTF-8");
  EXPECT_EQ(search("note=%FF"), "error: the parameter \"note\": the text is not UTF-8");
  EXPECT_EQ(search("text=%4"), "error: the query: a percent sign is followed by two hexadecimal digits");
  for (const char* wrong :
       {"labels.a=b", "labels=x", "value=1", "authors.name=x", "text.x=1", "since=yesterday", "exact=1", "token=%21",
        "limit=x", "author.=x", ".author=x", "=x", "author..name=x", "page_size=1e10"}) {
    EXPECT_TRUE(search(wrong).starts_with("error: the parameter ")) << search(wrong);
  }
  EXPECT_EQ(request("GET", "/v1/shelves/1?name=x"), "error: the parameter \"name\": the field is in the path");
  EXPECT_EQ(request("POST", "/v1/shelves/1/books?book.title=x"),
            "error: the parameter \"book.title\": the field is in the body");
  EXPECT_EQ(request("POST", "/v1/shelves/1/books/2:burn?name=x"),
            "error: the parameter \"name\": all fields are in the body");
}

TEST_F(RestRequests, LeaveOutWhatIsUnknownWhereTheyMay) {
  EXPECT_EQ(request("GET", "/v1/books:search?nope=1&text=a", "", {.ignore_unknown_fields = true}), R"({"text":"a"})");
}

TEST_F(RestRequests, MayNotNestTooDeeplyOrGetTooLarge) {
  std::string deep;
  for (int i = 0; i < 200; ++i) deep += "teacher.";
  EXPECT_EQ(search("author." + deep + "name=x").substr(0, 21), "error: the parameter ");
  std::string many;
  for (int i = 0; i < 1000; ++i) many += "years=1&";
  EXPECT_EQ(request("GET", "/v1/books:search?" + many, "", {.max_size = 1000}),
            "error: the message is larger than 1000 bytes");
}

TEST_F(RestRequests, AnswerWithTheFieldOfTheRule) {
  const auto reply = [&](std::string_view http_method, std::string_view target, std::string_view json) {
    const Match match = routes_.find(http_method, target);
    std::vector<std::byte> message;
    EXPECT_EQ(json::read(*match.rule->response, json, message), std::nullopt);
    std::string text;
    const auto error = make_reply(*match.rule, message, text);
    return error ? "error: " + *error : text;
  };
  EXPECT_EQ(reply("GET", "/v1/shelves/1", R"({"name":"a"})"), R"({"name":"a"})");
  EXPECT_EQ(reply("GET", "/v1/books:search", R"({"books":[{"title":"a"},{}],"next":"b"})"), R"([{"title":"a"},{}])");
  EXPECT_EQ(reply("GET", "/v1/books:search", R"({"next":"b"})"), "[]");
  EXPECT_EQ(reply("GET", "/v1/archive/a", R"({"name":"n","title":"a"})"), R"("a")");
  EXPECT_EQ(reply("GET", "/v1/archive/a", "{}"), R"("")");
}

}  // namespace
}  // namespace wasm_grpc::facade::rest::test
