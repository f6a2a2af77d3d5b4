// ABI 1 does not change: the SDK for Go, as its source has it, against the table in abi_1.txt.

#include <map>
#include <regex>
#include <sstream>

#include "abi/abi_table.h"
#include "wasm_grpc_client.h"

namespace wasm_grpc::abi {
namespace {

/// "key unsafe.Pointer, kind, style int32" as "i32, i32, i32": a name without a type has that of the next one.
std::string types_of_go(const std::string& parameters) {
  const std::map<std::string, std::string> types = {
      {"unsafe.Pointer", "i32"}, {"uint32", "i32"}, {"int32", "i32"}, {"uint64", "i64"}, {"int64", "i64"}};
  std::string text;
  std::size_t without_type = 0;
  std::istringstream list(parameters);
  for (std::string parameter; std::getline(list >> std::ws, parameter, ',');) {
    ++without_type;
    const auto space = parameter.find(' ');
    if (space == std::string::npos) continue;
    const auto found = types.find(parameter.substr(space + 1));
    const std::string type = found == types.end() ? "no type of an import: " + parameter : found->second;
    for (; without_type > 0; --without_type) text += (text.empty() ? "" : ", ") + type;
  }
  return text;
}

/// What package abi of the SDK imports: from where, and what.
std::map<std::string, Types> read_imports_of_go() {
  const std::regex directive(R"(//go:wasmimport (\w+) (\w+))");
  const std::regex declaration(R"(func \w+\(([^)]*)\) ?(\w*))");
  std::map<std::string, Types> imports;
  std::string module;  // of the directive before
  std::string name;
  std::ifstream file = open(WASM_GRPC_GO_ABI "/imports_wasm.go");
  for (std::string line; std::getline(file, line);) {
    std::smatch found;
    if (std::regex_match(line, found, directive)) {
      EXPECT_EQ(name, "") << "is imported and not declared";
      module = found[1];
      name = found[2];
    } else if (!name.empty() && std::regex_match(line, found, declaration)) {
      const std::string result = found[2].length() == 0 ? "()" : types_of_go("result " + found[2].str());
      EXPECT_TRUE(imports[module].emplace(name, "(" + types_of_go(found[1]) + ") -> " + result).second) << line;
      name.clear();
    }
  }
  EXPECT_EQ(name, "") << "is imported and not declared";
  return imports;
}

/// Constants of a file in Go that are numbers, by their names.
void read_constants_of_go(const char* path, Numbers& constants) {
  const std::regex constant(R"(\s*(?:const )?(\w+) +\w+ += (-?\d+))");
  std::ifstream file = open(path);
  for (std::string line; std::getline(file, line);) {
    std::smatch found;
    if (!std::regex_match(line, found, constant)) continue;
    EXPECT_TRUE(constants.emplace(found[1], std::stoi(found[2])).second) << line;
  }
}

TEST(Frozen, TheSdkForGoImportsFunctionsOfTheTable) {
  Types required = read_table().imports;
  EXPECT_EQ(required.erase("wait_any"), 1U) << "Go's own scheduler waits for several calls";
  // What was added after the freeze a host may not have.
  Types optional;
  for (const char* added : {"wait_fd", "log_call", "alarm", "ending"}) optional.insert(required.extract(added));
  ASSERT_EQ(optional.size(), 4U);
  const std::map<std::string, Types> expected = {{"wasm_grpc_1", required}, {"wasm_grpc_1_optional", optional}};
  EXPECT_EQ(read_imports_of_go(), expected);
}

TEST(Frozen, NumbersOfTheSdkForGoAreThoseOfTheTable) {
  const std::map<std::string, std::string> names = {
      {"result OK", "OK"},
      {"result END", "End"},
      {"result AGAIN", "Again"},
      {"result CANCELLED", "Cancelled"},
      {"result ABSENT", "Absent"},
      {"result CLOSED", "Closed"},
      {"result INVALID", "Invalid"},
      {"result UNSUPPORTED", "Unsupported"},
      {"kind unary", "Unary"},
      {"kind client_streaming", "ClientStream"},
      {"kind server_streaming", "ServerStream"},
      {"kind bidirectional_streaming", "BidiStream"},
      {"kind HTTP", "HTTP"},
      {"style handler", "HandlerStyle"},
      {"style events", "EventStyle"},
      {"placement worker", "PlaceWorker"},
      {"placement process", "PlaceProcess"},
      {"placement key", "PlaceKey"},
      {"event OPEN", "EventOpen"},
      {"event MESSAGE", "EventMessage"},
      {"event HALF_CLOSE", "EventHalfClose"},
      {"event WRITABLE", "EventWritable"},
      {"event TIMER", "EventTimer"},
      {"event CANCELLED", "EventCancelled"},
      {"event ALARM", "EventAlarm"},
      {"event ENDING", "EventEnding"},
      {"interest READABLE", "Readable"},
      {"interest WRITABLE", "Writable"},
      {"metadata headers", "Headers"},
      {"metadata trailers", "Trailers"},
      {"info path", "Path"},
      {"info authority", "Authority"},
      {"info peer", "Peer"},
      {"info TLS_peer", "TLSPeer"},
      {"info message_encoding", "MessageEncoding"},
      {"info HTTP_method", "HTTPMethod"},
      {"info end", "EndReason"},
      {"info TLS_names", "TLSNames"},
      {"info content_subtype", "ContentSubtype"},
      {"info token_subject", "TokenSubject"},
      {"info token_claims", "TokenClaims"},
      {"info max_request", "MaxRequest"},
      {"info max_response", "MaxResponse"},
      {"info max_metadata", "MaxMetadata"},
      {"info max_memory", "MaxMemory"},
      {"info max_CPU_time", "MaxCPUTime"},
      {"info max_event_time", "MaxEventTime"},
      {"level trace", "LevelTrace"},
      {"level debug", "LevelDebug"},
      {"level info", "LevelInfo"},
      {"level warn", "LevelWarn"},
      {"level error", "LevelError"},
  };
  Numbers tabled = read_table().numbers;
  Numbers expected;  // by the names in Go
  for (const auto& [number, name] : names) {
    const auto entry = tabled.extract(number);
    ASSERT_TRUE(entry) << number << " is no longer in the table";
    expected[name] = entry.mapped();
  }
  Numbers constants;
  read_constants_of_go(WASM_GRPC_GO_ABI "/abi.go", constants);
  read_constants_of_go(WASM_GRPC_GO_ABI "/../../log.go", constants);
  EXPECT_EQ(constants, expected);

  for (const auto& [number, value] : tabled) ADD_FAILURE() << number << " is left out";
}

TEST(Frozen, NumbersOfTheClientForGoAreThoseOfItsHeader) {
  Numbers constants;
  read_constants_of_go(WASM_GRPC_GO_ABI "/client.go", constants);
  const Numbers expected = {{"ClientReadable", WASM_GRPC_CLIENT_READABLE},
                            {"ClientWritable", WASM_GRPC_CLIENT_WRITABLE},
                            {"ClientEnded", WASM_GRPC_CLIENT_ENDED},
                            {"ClientStatusMessage", WASM_GRPC_CLIENT_STATUS_MESSAGE},
                            {"ClientStatusDetails", WASM_GRPC_CLIENT_STATUS_DETAILS},
                            {"NoTimeout", static_cast<int>(WASM_GRPC_NO_TIMEOUT)}};
  EXPECT_EQ(constants, expected);
}

}  // namespace
}  // namespace wasm_grpc::abi
