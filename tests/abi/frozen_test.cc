// ABI 1 does not change: the host, the C++ SDK and docs/abi.md against the table in abi_1.txt.

#include <fstream>
#include <map>
#include <regex>
#include <set>

#include "abi/abi_table.h"
#include "abi/guest_fixture.h"
#include "abi/start_functions.h"
#include "abi/v1/numbers.h"
#include "wasm_grpc/guest/abi.h"
#include "wasm_grpc/guest/log.h"

namespace wasm_grpc::abi {
namespace {

// ---- docs/abi.md ----

std::string cell(std::string text) {
  text = std::regex_replace(text, std::regex("^ +| +$|`"), "");
  return std::regex_replace(text, std::regex(" "), "_");
}

/// What docs/abi.md says in its tables and its headings of functions.
Table read_document() {
  // The first two columns of the tables that have numbers, and what the numbers are.
  const std::map<std::string, std::string> groups = {
      {"name value", "result"},     {"kind value", "kind"}, {"style value", "style"},
      {"where value", "placement"}, {"what value", "info"}, {"event number", "event"},
  };
  const std::regex heading(R"re(\*\*`(\w+)\(([^)]*)\)(?: -> (i32|i64))?`\*\*)re");
  const std::regex row(R"(\s*\|([^|]*)\|([^|]*)\|.*)");
  const std::regex parameter(R"(\w+: (i32|i64))");

  Table table;
  std::string group;  // of the table the line is in; empty outside
  std::ifstream file = open(WASM_GRPC_ABI_DOCUMENT);
  for (std::string line; std::getline(file, line);) {
    std::smatch found;
    if (std::regex_search(line, found, heading)) {
      const std::string parameters = std::regex_replace(found[2].str(), parameter, "$1");
      const std::string result = found[3].matched ? found[3].str() : "()";
      EXPECT_TRUE(table.imports.emplace(found[1], "(" + parameters + ") -> " + result).second) << line;
    }
    if (!std::regex_match(line, found, row)) {
      group.clear();
      continue;
    }
    const std::string first = cell(found[1]);
    const std::string second = cell(found[2]);
    if (group.empty()) {
      const auto known = groups.find(first + " " + second);
      group = first == "export" && second == "type" ? "export" : known != groups.end() ? known->second : "other";
    } else if (first.starts_with("---") || group == "other") {
      continue;
    } else if (group == "export") {
      EXPECT_TRUE(table.exports.emplace(first, std::regex_replace(second, std::regex("_|\\w+:_"), "")).second) << line;
    } else {
      EXPECT_TRUE(table.numbers.emplace(group + " " + first, std::stoi(second)).second) << line;
    }
  }
  return table;
}

/// Its text with single spaces.
std::string read_document_text() {
  std::ifstream file = open(WASM_GRPC_ABI_DOCUMENT);
  std::string text;
  for (std::string word; file >> word;) text += word + " ";
  return text;
}

std::string without_spaces(std::string text) {
  std::erase(text, ' ');
  return text;
}

TEST(Frozen, FunctionsOfTheDocumentAreThoseOfTheTable) { EXPECT_EQ(read_document().imports, read_table().imports); }

TEST(Frozen, ExportsOfTheDocumentAreThoseOfTheTable) {
  Types expected;
  for (const auto& [name, type] : read_table().exports) expected[name] = without_spaces(type);
  EXPECT_EQ(read_document().exports, expected);
}

TEST(Frozen, NumbersOfTheDocumentAreThoseOfTheTable) {
  Numbers tabled = read_table().numbers;
  // These are in its sentences.
  const std::map<std::string, std::string> sentences = {
      {"interest READABLE 1", "1 `READABLE`"},
      {"interest WRITABLE 2", "2 `WRITABLE`"},
      {"metadata headers 0", "`where` 0 to the headers"},
      {"metadata trailers 1", "1 to the trailers"},
      {"level trace 0", "Level 0 trace,"},
      {"level debug 1", "1 debug,"},
      {"level info 2", "2 info,"},
      {"level warn 3", "3 warn,"},
      {"level error 4", "4 error,"},
  };
  const std::string text = read_document_text();
  for (const auto& [number, sentence] : sentences) {
    EXPECT_NE(text.find(sentence), std::string::npos) << sentence;
    const auto space = number.rfind(' ');
    const auto entry = tabled.extract(number.substr(0, space));
    ASSERT_TRUE(entry) << number << " is no longer in the table";
    EXPECT_EQ(entry.mapped(), std::stoi(number.substr(space)));
  }
  EXPECT_EQ(read_document().numbers, tabled);
}

// ---- The host ----

TEST(Frozen, TheHostOffersTheFunctionsOfTheTable) {
  wasm::Linker linker(engine());
  ASSERT_TRUE(define_imports(linker).ok());
  std::map<std::string, std::string, std::less<>> functions;
  for (const auto& [name, type] : read_table().imports) functions.emplace(name, type);
  EXPECT_EQ(linker.functions().at("wasm_grpc_1"), functions);
}

/// "(i32, i64) -> i32" as the text form of WebAssembly has it.
std::string as_text(const std::string& type) {
  const auto arrow = type.find(" -> ");
  std::string parameters = type.substr(1, arrow - 2);
  std::erase(parameters, ',');
  const std::string result = type.substr(arrow + 4);
  return "(param " + parameters + ")" + (result == "()" ? "" : " (result " + result + ")");
}

std::string link_error(const std::string& module, const std::string& name, const std::string& type) {
  const std::string text = "(module (import \"" + module + "\" \"" + name + "\" (func " + as_text(type) + ")))";
  wasm::Linker linker(engine());
  EXPECT_TRUE(define_imports(linker).ok());
  auto compiled = wasm::Module::compile(engine(), "guest", std::as_bytes(std::span(text)));
  EXPECT_TRUE(compiled.ok()) << compiled.error().message;
  const auto linked = linker.link(compiled.value());
  return linked.ok() ? "" : linked.error().message;
}

TEST(Frozen, TheHostOffersThemWithTheTypesOfTheTable) {
  for (const auto& [name, type] : read_table().imports) {
    EXPECT_EQ(link_error("wasm_grpc_1", name, type), "");
    EXPECT_EQ(link_error("wasm_grpc_1_optional", name, type), "");
    EXPECT_NE(link_error("wasm_grpc_1", name, "(f32) -> f64"), "") << name;
  }
}

/// A module with the exports of the table; `changed` has the type given instead, or none.
std::string exporting(const Types& exports, std::string_view changed = "", const std::string& type = "") {
  std::string text = "(module ";
  for (const auto& [name, usual] : exports) {
    const std::string& wanted = name == changed ? type : usual;
    if (wanted == "memory") {
      text += "(memory (export \"" + name + "\") 1)";
    } else if (!wanted.empty()) {
      text += "(func (export \"" + name + "\") " + as_text(wanted) + " unreachable)";
    }
  }
  return text + ")";
}

bool detected(const std::string& text) {
  const auto compiled = wasm::Module::compile(engine(), "guest", std::as_bytes(std::span(text)));
  EXPECT_TRUE(compiled.ok()) << compiled.error().message;
  return detect(*compiled.value()).ok();
}

TEST(Frozen, TheHostExpectsTheExportsOfTheTable) {
  const Types exports = read_table().exports;
  EXPECT_TRUE(detected(exporting(exports)));
  for (const auto& [name, type] : exports) {
    const bool required = name == "memory" || name == "wasm_grpc_start";
    EXPECT_EQ(detected(exporting(exports, name)), !required) << name;
    EXPECT_FALSE(detected(exporting(exports, name, "(i64) -> i64"))) << name;
  }
  const std::set<std::string_view> known = {"memory",         initialize_export, command_export,
                                            v1::start_export, v1::call_export,   v1::event_export};
  std::set<std::string_view> tabled;
  for (const auto& [name, type] : exports) tabled.insert(name);
  EXPECT_EQ(known, tabled);
}

TEST(Frozen, NumbersOfTheHostAreThoseOfTheTable) {
  const auto number = [](auto value) { return static_cast<int>(value); };
  const Numbers of_the_host = {
      {"result OK", v1::OK},
      {"result END", v1::END},
      {"result AGAIN", v1::AGAIN},
      {"result CANCELLED", v1::CANCELLED},
      {"result ABSENT", v1::ABSENT},
      {"result CLOSED", v1::CLOSED},
      {"result INVALID", v1::INVALID},
      {"result UNSUPPORTED", v1::UNSUPPORTED},
      {"kind unary", number(rpc::MethodKind::unary)},
      {"kind client_streaming", number(rpc::MethodKind::client_stream)},
      {"kind server_streaming", number(rpc::MethodKind::server_stream)},
      {"kind bidirectional_streaming", number(rpc::MethodKind::bidi_stream)},
      {"kind HTTP", number(rpc::MethodKind::http)},
      {"style handler", number(Style::handler)},
      {"style events", number(Style::events)},
      {"placement worker", number(Placement::worker)},
      {"placement process", number(Placement::process)},
      {"placement key", number(Placement::key)},
      {"interest READABLE", v1::wait_readable},
      {"interest WRITABLE", v1::wait_writable},
      {"metadata headers", v1::metadata_headers},
      {"metadata trailers", v1::metadata_trailers},
      {"info path", v1::info_path},
      {"info authority", v1::info_authority},
      {"info peer", v1::info_peer},
      {"info TLS_peer", v1::info_tls_peer},
      {"info message_encoding", v1::info_message_encoding},
      {"info HTTP_method", v1::info_http_method},
      {"info end", v1::info_end},
      {"info TLS_names", v1::info_tls_names},
      {"info content_subtype", v1::info_content_subtype},
      {"info token_subject", v1::info_token_subject},
      {"info token_claims", v1::info_token_claims},
      {"info max_request", v1::info_max_request},
      {"info max_response", v1::info_max_response},
      {"info max_metadata", v1::info_max_metadata},
      {"info max_memory", v1::info_max_memory},
      {"info max_CPU_time", v1::info_max_cpu_time},
      {"info max_event_time", v1::info_max_event_time},
      {"level trace", number(LogLevel::trace)},
      {"level debug", number(LogLevel::debug)},
      {"level info", number(LogLevel::info)},
      {"level warn", number(LogLevel::warn)},
      {"level error", number(LogLevel::error)},
      {"event OPEN", number(Event::open)},
      {"event MESSAGE", number(Event::message)},
      {"event HALF_CLOSE", number(Event::half_close)},
      {"event WRITABLE", number(Event::writable)},
      {"event TIMER", number(Event::timer)},
      {"event CANCELLED", number(Event::cancelled)},
      {"event ALARM", number(Event::alarm)},
      {"event ENDING", number(Event::ending)},
  };
  EXPECT_EQ(of_the_host, read_table().numbers);
}

// ---- The C++ SDK ----

template <typename T>
std::string value_type() {
  if constexpr (std::is_void_v<T>) {
    return "()";
  } else {
    return std::is_integral_v<T> && sizeof(T) == 8 ? "i64" : "i32";
  }
}

template <typename Result, typename... Parameters>
std::string type_of(Result (*)(Parameters...)) {
  std::string parameters;
  ((parameters += (parameters.empty() ? "" : ", ") + value_type<Parameters>()), ...);
  return "(" + parameters + ") -> " + value_type<Result>();
}

TEST(Frozen, TheSdkDeclaresTheFunctionsOfTheTable) {
  using namespace guest::abi;
#define WASM_GRPC_DECLARED(name) {#name, type_of(static_cast<decltype(&wasm_grpc_1_##name)>(nullptr))}
  const Types declared = {
      WASM_GRPC_DECLARED(method),       WASM_GRPC_DECLARED(placement),     WASM_GRPC_DECLARED(descriptors),
      WASM_GRPC_DECLARED(health_set),   WASM_GRPC_DECLARED(recv),          WASM_GRPC_DECLARED(send),
      WASM_GRPC_DECLARED(compress),     WASM_GRPC_DECLARED(wait),          WASM_GRPC_DECLARED(finish),
      WASM_GRPC_DECLARED(metadata_get), WASM_GRPC_DECLARED(metadata_list), WASM_GRPC_DECLARED(metadata_add),
      WASM_GRPC_DECLARED(headers_send), WASM_GRPC_DECLARED(info),          WASM_GRPC_DECLARED(deadline),
      WASM_GRPC_DECLARED(log),          WASM_GRPC_DECLARED(timer),         WASM_GRPC_DECLARED(http_status),
      WASM_GRPC_DECLARED(wait_any),     WASM_GRPC_DECLARED(wait_fd),       WASM_GRPC_DECLARED(log_call),
      WASM_GRPC_DECLARED(alarm),        WASM_GRPC_DECLARED(ending),
  };
#undef WASM_GRPC_DECLARED
  EXPECT_EQ(declared, read_table().imports);
}

TEST(Frozen, NumbersOfTheSdkAreThoseOfTheTable) {
  namespace sdk = guest::abi;
  const auto number = [](guest::LogLevel level) { return static_cast<int>(level); };
  const Numbers of_the_sdk = {
      {"result OK", sdk::ok},
      {"result END", sdk::end},
      {"result AGAIN", sdk::again},
      {"result CANCELLED", sdk::cancelled},
      {"result ABSENT", sdk::absent},
      {"result CLOSED", sdk::closed},
      {"result INVALID", sdk::invalid},
      {"result UNSUPPORTED", sdk::unsupported},
      {"kind unary", sdk::unary},
      {"kind client_streaming", sdk::client_stream},
      {"kind server_streaming", sdk::server_stream},
      {"kind bidirectional_streaming", sdk::bidi_stream},
      {"kind HTTP", sdk::http},
      {"style handler", sdk::handler_style},
      {"style events", sdk::event_style},
      {"placement worker", sdk::instance_of_worker},
      {"placement process", sdk::instance_of_process},
      {"placement key", sdk::instance_of_key},
      {"interest READABLE", sdk::readable},
      {"interest WRITABLE", sdk::writable},
      {"metadata headers", sdk::headers},
      {"metadata trailers", sdk::trailers},
      {"info path", sdk::path},
      {"info authority", sdk::authority},
      {"info peer", sdk::peer},
      {"info TLS_peer", sdk::tls_peer},
      {"info message_encoding", sdk::message_encoding},
      {"info HTTP_method", sdk::http_method},
      {"info end", sdk::end_reason},
      {"info TLS_names", sdk::tls_names},
      {"info content_subtype", sdk::content_subtype},
      {"info token_subject", sdk::token_subject},
      {"info token_claims", sdk::token_claims},
      {"info max_request", sdk::max_request},
      {"info max_response", sdk::max_response},
      {"info max_metadata", sdk::max_metadata},
      {"info max_memory", sdk::max_memory},
      {"info max_CPU_time", sdk::max_cpu_time},
      {"info max_event_time", sdk::max_event_time},
      {"level trace", number(guest::LogLevel::trace)},
      {"level debug", number(guest::LogLevel::debug)},
      {"level info", number(guest::LogLevel::info)},
      {"level warn", number(guest::LogLevel::warn)},
      {"level error", number(guest::LogLevel::error)},
      {"event OPEN", sdk::event_open},
      {"event MESSAGE", sdk::event_message},
      {"event HALF_CLOSE", sdk::event_half_close},
      {"event WRITABLE", sdk::event_writable},
      {"event TIMER", sdk::event_timer},
      {"event CANCELLED", sdk::event_cancelled},
      {"event ALARM", sdk::event_alarm},
      {"event ENDING", sdk::event_ending},
  };
  EXPECT_EQ(of_the_sdk, read_table().numbers);
  EXPECT_EQ(sdk::no_deadline, 9'223'372'036'854'775'807);
}

}  // namespace
}  // namespace wasm_grpc::abi
