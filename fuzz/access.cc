// Who may call what: policies, key sets, tokens and paths, whatever they are.
//
// Input: a letter, and what it says follows. p: a policy. k: a JWK set. t: a token. j: header and claims of a token, a
// line each, and the signature. h: the path of an HTTP request. r: a rate limit.
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "access/base64url.h"
#include "access/http_path.h"
#include "access/key_set.h"
#include "access/policy.h"
#include "access/token_verifier.h"
#include "require.h"
#include "rpc/base64.h"
#include "wasm_grpc/rate_text.h"

namespace {

using namespace wasm_grpc;
using fuzz::require;

// Public keys of examples: RFC 8037, appendix A.2, and RFC 7517, appendix A.1.
constexpr const char* keys = R"({"keys":[
  {"kty":"OKP","crv":"Ed25519","kid":"d","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
  {"kty":"EC","crv":"P-256","kid":"e","x":"MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
   "y":"4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM"}]})";

const std::chrono::system_clock::time_point now{std::chrono::seconds(1'700'000'000)};

const access::TokenVerifier& verifier() {
  static const access::TokenVerifier made({{"i", {"us"}, access::KeySet::parse(keys).value()}},
                                          std::chrono::seconds(60));
  return made;
}

std::string base64url(std::string_view bytes) {
  std::string text;
  rpc::base64_encode(bytes, text);
  for (char& c : text) c = c == '+' ? '-' : c == '/' ? '_' : c;
  require(access::base64url_decode(text) == bytes, "what is encoded is decoded");
  return text;
}

void judge_policy(std::string_view text) {
  const auto parsed = access::Policy::parse(text);
  if (!parsed.ok()) {
    require(!parsed.error().message.empty(), "an error says something");
    return;
  }
  const access::Policy& policy = *parsed.value();
  const TlsNames names = {
      {TlsNameKind::dns, "A.test"}, {TlsNameKind::uri, "spiffe://a/b"}, {TlsNameKind::common_name, "admin"}};
  access::Claims claims{"i", "alice", {}};
  if (auto all = access::read_value(R"({"sub":"alice","scope":"a b","roles":["x",{"y":[1]}]})"); all.ok()) {
    claims.all = std::move(all).value();
  }
  rpc::Metadata headers;
  headers.add("a", "1");
  headers.add("a", "2");
  for (const char* path : {"/a.A/One", "/", "", "/b"}) {
    const access::PathRules rules = policy.rules_for(path);
    for (const access::Identity& identity :
         {access::Identity{}, access::Identity{names, true, nullptr}, access::Identity{names, true, &claims},
          access::Identity{{}, true, &claims}}) {
      const access::Decision decision = rules.decide(identity, headers);
      require(!decision.is_allowed || decision.rule != nullptr, "what is allowed a rule has allowed");
      if (decision.rule == nullptr) continue;
      require(decision.rule->is_for(path), "which is for the path");
      require(decision.rule->matches(identity, headers), "and matches");
    }
  }
}

void judge_keys(std::string_view text) {
  const auto parsed = access::KeySet::parse(text);
  if (!parsed.ok()) return;
  require(parsed.value()->size() > 0, "a set has a key");
  for (const auto algorithm : {access::Algorithm::rs256, access::Algorithm::es256, access::Algorithm::eddsa}) {
    require(!parsed.value()->verify(algorithm, std::nullopt, "text", std::string(64, '\1')),
            "which has not signed this");
  }
}

void judge_token(std::string_view token) {
  require(verifier().verify(token, now).token == nullptr, "nobody can sign for the issuer");
}

void judge_parts(std::string_view text) {
  const auto first = text.find('\n');
  if (first == std::string_view::npos) return;
  const auto second = text.find('\n', first + 1);
  if (second == std::string_view::npos) return;
  judge_token(base64url(text.substr(0, first)) + "." + base64url(text.substr(first + 1, second - first - 1)) + "." +
              base64url(text.substr(second + 1)));
}

void judge_path(std::string_view path) {
  if (!access::is_plain_path(path)) return;
  for (const char* hidden : {"//", "/./", "/../", "\\", "%2f", "%2F", "%2e", "%2E", "%5c", "%00", "%25"}) {
    require(path.find(hidden) == std::string_view::npos, "a plain path hides nothing");
  }
  require(!path.ends_with("/..") && !path.ends_with("/."), "nor at its end");
}

void judge_rate(std::string_view text) {
  const auto limit = parse_rate_limit(text);
  if (!limit.ok()) return;
  require(limit.value().burst >= 1 && limit.value().calls_per_second > 0, "a limit lets something through");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  switch (data[0]) {
    case 'p':
      judge_policy(text);
      break;
    case 'k':
      judge_keys(text);
      break;
    case 't':
      judge_token(text);
      break;
    case 'j':
      judge_parts(text);
      break;
    case 'h':
      judge_path(text);
      break;
    case 'r':
      judge_rate(text);
      break;
    default:
      break;
  }
  return 0;
}
