#include "runtime/access_control.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "access/policy.h"
#include "observe/log/fields.h"
#include "observe/log/line.h"
#include "wasi/unique_fd.h"

namespace wasm_grpc::runtime {

namespace {

constexpr std::chrono::milliseconds look_interval{1000};
constexpr std::chrono::seconds most_leeway{3600};

/// A regular file of at most so many bytes. The error names it.
Result<std::string> read_file(const std::string& what, const std::string& file, std::size_t max_bytes) {
  const auto wrong = [&](const std::string& why) { return Error{what + " " + file + ": " + why}; };
  const wasi::UniqueFd fd(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) return wrong(std::string("cannot be opened (") + std::strerror(errno) + ")");
  struct stat found{};
  if (fstat(fd.get(), &found) != 0 || !S_ISREG(found.st_mode)) return wrong("is no regular file");
  std::string text(max_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const ssize_t got = read(fd.get(), text.data() + size, text.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return wrong(std::string("cannot be read (") + std::strerror(errno) + ")");
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  if (size > max_bytes) return wrong("has more than the " + std::to_string(max_bytes) + " bytes it may have");
  text.resize(size);
  return text;
}

}  // namespace

void AccessControl::Auditor::note(const access::AuditEvent& event) noexcept {
  constexpr LogLevel level = LogLevel::info;
  if (!log_.wants(level)) return;
  std::string text = event.is_allowed ? "allowed" : "denied";  // clients choose some of it: it is escaped
  observe::append_field(text, "method", event.path);
  observe::append_field(text, "peer", event.peer);
  observe::append_field(text, "principal", event.principal);
  observe::append_field(text, "policy", event.policy);
  observe::append_field(text, "rule", event.rule);
  observe::LogLine line;
  line.time = std::chrono::system_clock::now();
  line.level = level;
  line.source = "audit";
  line.text = text;
  log_.write_of_guest(line);
}

AccessControl::AccessControl(const AccessOptions& options, const observe::Log& log, unsigned workers)
    : options_(options), log_(log), auditor_(log) {
  for (unsigned i = 0; i < workers; ++i) gates_.push_back(std::make_unique<access::CallGate>(auditor_));
}

Result<std::shared_ptr<AccessControl>> AccessControl::create(const AccessOptions& options, const observe::Log& log,
                                                             unsigned workers) {
  std::shared_ptr<AccessControl> made(new AccessControl(options, log, workers));
  if (auto prepared = made->prepare(); !prepared.ok()) return std::move(prepared).error();
  const auto rules = std::make_shared<const access::Rules>(made->rules_);
  for (const auto& gate : made->gates_) gate->use(rules);
  return made;
}

Result<> AccessControl::prepare() {
  for (std::size_t i = 0; i < options_.tokens.issuers.size(); ++i) {
    if (auto issuer = prepare_issuer(i); !issuer.ok()) return issuer;
  }
  if (options_.tokens.leeway < std::chrono::seconds(0) || options_.tokens.leeway > most_leeway) {
    return Error{"the leeway of tokens is " + std::to_string(options_.tokens.leeway.count()) + " s; expected 0 to " +
                 std::to_string(most_leeway.count())};
  }
  make_verifier();
  if (!options_.rates.empty()) {
    auto rates = access::RateLimits::make(options_.rates);
    if (!rates.ok()) return std::move(rates).error();
    rules_.rates = std::move(rates).value();
  }
  if (!options_.policy_file.empty() && !options_.policy.empty()) {
    return Error{"there is an access policy in a file and one as a text; give one of them"};
  }
  if (!options_.policy.empty()) return read_policy();
  if (options_.policy_file.empty()) return success();
  return add_source("access policy " + options_.policy_file, options_.policy_file, [this] { return read_policy(); });
}

Result<> AccessControl::prepare_issuer(std::size_t number) {
  const TokenIssuer& issuer = options_.tokens.issuers[number];
  const auto wrong = [&](const std::string& why) {
    return Error{"the issuer of tokens \"" + issuer.name + "\": " + why};
  };
  if (issuer.name.empty()) return Error{"an issuer of tokens has no name; expected what its tokens have as iss"};
  if (issuer.audiences.empty()) return wrong("expected an audience: what its tokens for this server have as aud");
  if (issuer.keys_file.empty()) return wrong("expected a file with its public keys, a JWK set");
  const auto same = [&](const access::TrustedIssuer& other) { return other.name == issuer.name; };
  if (std::any_of(issuers_.begin(), issuers_.end(), same)) return wrong("there is another of that name");
  issuers_.push_back({issuer.name, issuer.audiences, nullptr});
  return add_source("token keys " + issuer.keys_file, issuer.keys_file, [this, number] { return read_keys(number); });
}

Result<> AccessControl::read_keys(std::size_t issuer) {
  const std::string& file = options_.tokens.issuers[issuer].keys_file;
  auto text = read_file("token keys", file, access::max_key_set_bytes);
  if (!text.ok()) return std::move(text).error();
  auto keys = access::KeySet::parse(text.value());
  if (!keys.ok()) return Error{"token keys " + file + ": " + keys.error().message};
  issuers_[issuer].keys = std::move(keys).value();
  make_verifier();
  return success();
}

// With new keys it is another: what was found good by those before is looked at anew.
void AccessControl::make_verifier() {
  const auto has_keys = [](const access::TrustedIssuer& issuer) { return issuer.keys != nullptr; };
  if (issuers_.empty() || !std::all_of(issuers_.begin(), issuers_.end(), has_keys)) return;
  rules_.tokens = std::make_shared<const access::TokenVerifier>(issuers_, options_.tokens.leeway);
  rules_.requires_token = options_.tokens.required;
  rules_.forwards_token = options_.tokens.forward;
}

Result<> AccessControl::read_policy() {
  std::string text = options_.policy;
  if (!options_.policy_file.empty()) {
    auto read = read_file("access policy", options_.policy_file, access::max_policy_bytes);
    if (!read.ok()) return std::move(read).error();
    text = std::move(read).value();
  }
  const auto wrong = [&](const std::string& why) {
    return Error{"access policy" + (options_.policy_file.empty() ? "" : " " + options_.policy_file) + ": " + why};
  };
  auto policy = access::Policy::parse(text);
  if (!policy.ok()) return wrong(policy.error().message);
  if (policy.value()->asks_for_tokens() && options_.tokens.issuers.empty()) {
    return wrong("a rule asks what a token says (sub:, claims), and there is no issuer whose tokens are believed");
  }
  rules_.policy = std::move(policy).value();
  return success();
}

Result<> AccessControl::add_source(std::string what, const std::string& file, std::function<Result<>()> read) {
  net::WatchedFiles watched({file});  // looked at first, so that no change is missed
  if (auto first = read(); !first.ok()) return first;
  sources_.push_back({std::move(what), std::move(watched), std::move(read)});
  return success();
}

void AccessControl::watch(Post post) {
  if (sources_.empty()) return;
  post_ = std::move(post);
  look_later();
}

void AccessControl::look_later() {
  post_(0, look_interval, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->look();
  });
}

void AccessControl::look() {
  bool changed = false;
  for (Source& source : sources_) {
    if (!source.file.due()) continue;
    if (auto read = source.read(); read.ok()) {
      source.file.was_read();
      log_.host(LogLevel::info, source.what + ": read again");
      changed = true;
    } else if (const std::string& why = read.error().message; source.file.could_not_be_read(why)) {
      log_.host(LogLevel::error, why + "; what was read before holds on");
    }
  }
  if (changed) publish();
  look_later();
}

void AccessControl::publish() {
  const auto rules = std::make_shared<const access::Rules>(rules_);
  for (unsigned i = 0; i < gates_.size(); ++i) {
    post_(i, {}, [self = shared_from_this(), i, rules] { self->gates_[i]->use(rules); });
  }
}

void AccessControl::add_counters(ServerCounters& total) const {
  for (const auto& gate : gates_) {
    const access::GateCounters& counters = gate->counters();
    total.calls_denied += counters.denied;
    total.calls_unauthenticated += counters.unauthenticated;
    total.calls_over_rate += counters.over_rate;
    total.token_signatures_checked += counters.signatures_checked;
  }
}

}  // namespace wasm_grpc::runtime
