// Runs the golden guests: modules of ABI 1 that are never changed, each with the script of a client and what it must
// see. golden/README.md says how they are written.

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "http2/client.h"
#include "http2/tls_layer.h"
#include "net/certificates.h"
#include "wasm_grpc/server.h"

namespace wasm_grpc {
namespace {

namespace fs = std::filesystem;

// ---- The script of a file ----

struct Line {
  std::string text;
  bool expects = false;  // what the client sees, rather than what it does
  std::vector<std::string> words;
};

/// Reads a quoted string; `at` is behind its first quote and is set behind its last.
std::string read_quoted(std::string_view line, std::size_t& at) {
  std::string text;
  while (line.at(at) != '"') {
    if (line[at] != '\\') {
      text += line[at++];
    } else {
      text += static_cast<char>(std::stoi(std::string(line.substr(at + 1, 2)), nullptr, 16));
      at += 3;
    }
  }
  ++at;
  return text;
}

std::vector<std::string> split(std::string_view line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ' ') {
      ++at;
    } else if (line[at] == '"') {
      words.push_back(read_quoted(line, ++at));
    } else {
      const std::size_t end = std::min(line.find(' ', at), line.size());
      words.emplace_back(line.substr(at, end - at));
      at = end;
    }
  }
  return words;
}

std::vector<Line> read_script(const std::string& file) {
  std::vector<Line> script;
  for (std::size_t at = 0; at < file.size();) {
    const std::size_t end = std::min(file.find('\n', at), file.size());
    const std::string line = file.substr(at, end - at);
    at = end + 1;
    if (line.starts_with(";;> ") || line.starts_with(";;< ")) {
      script.push_back({line, line[2] == '<', split(std::string_view(line).substr(4))});
    }
  }
  return script;
}

std::string read_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// ---- Playing it ----

/// What the guest has logged.
class LogLines {
 public:
  void add(LogLevel level, std::string_view source, std::string_view text) {
    const std::lock_guard lock(mutex_);
    lines_.push_back(std::to_string(static_cast<int>(level)) + " " + std::string(source) + ": " + std::string(text));
  }
  [[nodiscard]] bool comes(const std::string& line, bool as_beginning = false) const {
    const auto give_up = rpc::Clock::now() + std::chrono::seconds(20);
    while (rpc::Clock::now() < give_up) {
      {
        const std::lock_guard lock(mutex_);
        const auto is_it = [&](const std::string& one) { return as_beginning ? one.starts_with(line) : one == line; };
        if (std::ranges::any_of(lines_, is_it)) return true;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
    return false;
  }
  [[nodiscard]] std::string all() const {
    const std::lock_guard lock(mutex_);
    std::string text = "the log is:";
    for (const std::string& line : lines_) text += "\n" + line;
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> lines_;
};

/// A call on a connection of its own.
struct Caller {
  std::unique_ptr<http2::Client> client;
  std::int32_t id = 0;
  std::size_t seen = 0;  // messages
  bool reads = true;
  std::string identity;  // what its certificate says; empty: it has none

  [[nodiscard]] const http2::Reply& reply() const { return client->reply(id); }
  template <typename Condition>
  [[nodiscard]] bool run_until(Condition holds) {
    return client->run_until([&] {
      if (reads) client->consume(id);
      return holds();
    });
  }
};

std::string field(const http2::Fields& fields, std::string_view name) {
  for (const auto& [key, value] : fields) {
    if (key == name) return value;
  }
  return "(none)";
}

/// What a server and clients with TLS need.
struct Certificates {
  net::Folder folder;
  net::Authority authority{folder, "authority"};
  net::CertificateFiles server = authority.sign("server", {.common_name = "server"});

  [[nodiscard]] TlsOptions server_options() const {
    TlsOptions options;
    options.certificate_file = server.certificate;
    options.key_file = server.key;
    options.client_ca_file = authority.certificate_file();
    options.client_auth = TlsClientAuth::request;
    return options;
  }
  /// A client with a certificate of that name; without one when it is empty.
  [[nodiscard]] std::shared_ptr<http2::TlsLayer> client(const std::string& common_name) const {
    net::TlsClient::Options options;
    options.authority = authority.certificate_file();
    if (!common_name.empty()) options.certificate = authority.sign("client", {.common_name = common_name});
    return std::make_shared<http2::TlsLayer>(options);
  }
};

class Player {
 public:
  explicit Player(const std::string& file) : file_(file) {}
  ~Player() {
    if (server_ == nullptr) return;
    server_->stop_now();
    server_->wait();
  }
  Player(const Player&) = delete;
  Player& operator=(const Player&) = delete;

  void play(const Line& line) {
    const auto& words = line.words;
    if (words == std::vector<std::string>{"no-load"}) {
      EXPECT_FALSE(start(1)) << "it loads";
    } else if (words.front() == "workers") {
      ASSERT_TRUE(start(static_cast<unsigned>(std::stoul(words.at(1)))));
    } else if (words == std::vector<std::string>{"tls"}) {
      certificates_ = std::make_unique<Certificates>();
    } else if (words.front() == "target") {
      targets_.push_back({.name = words.at(1), .address = words.at(2)});
    } else {
      ASSERT_TRUE(server_ != nullptr || start(1));
      line.expects ? expect(words) : act(words);
    }
  }
  [[nodiscard]] std::string log() const { return log_.all(); }

 private:
  bool start(unsigned workers) {
    ServerOptions options;
    options.workers = workers;
    options.max_instances = 8;
    options.log_level = LogLevel::trace;
    if (certificates_ != nullptr) options.tls = certificates_->server_options();
    options.log = [this](LogLevel level, std::string_view source, std::string_view text) {
      log_.add(level, source, text);
    };
    options.targets = targets_;
    server_ = std::move(Server::create(options)).value();
    ModuleOptions module;
    module.name = "golden";
    for (const TargetOptions& target : targets_) module.targets.push_back({.target = target.name});
    if (auto added = server_->add_module(std::as_bytes(std::span(file_)), module); !added.ok()) {
      log_.add(LogLevel::error, "load", added.error().message);
      server_.reset();
      return false;
    }
    const std::string address = std::move(server_->listen("127.0.0.1:0")).value();
    port_ = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    return server_->start().ok();
  }

  void act(const std::vector<std::string>& words) {
    const std::string& what = words.at(0);
    if (what == "stop") {
      callers_.clear();
      server_->stop();
      return;
    }
    Caller& call = callers_[words.at(1)];
    if (what == "identity") {
      call.identity = words.at(2);
      return;
    }
    if (what == "open" || what == "open-unread") {
      open(call, words.at(2), {}, words, 3);
      call.reads = what == "open";
    } else if (what == "request") {
      open(call, words.at(3), {{":method", words.at(2)}, {"te", ""}, {"content-type", ""}}, words, 4);
    } else if (what == "send") {
      call.client->send(call.id, words.at(2));
    } else if (what == "send-raw") {
      call.client->send_raw(call.id, words.at(2));
    } else if (what == "end") {
      call.client->end(call.id);
    } else if (what == "cancel") {
      call.client->reset(call.id);
    } else if (what == "read") {
      call.reads = true;
    } else {
      throw std::logic_error("the script does " + what);
    }
    call.client->run_for(std::chrono::milliseconds(1));
  }

  /// With the fields that the script has from a place on.
  void open(Caller& call, const std::string& path, http2::Fields fields, const std::vector<std::string>& words,
            std::size_t from) {
    http2::Client::Options options;
    options.consume = false;
    if (certificates_ != nullptr) options.layer = certificates_->client(call.identity);
    call.client = std::make_unique<http2::Client>(port_, options);
    for (std::size_t i = from; i + 1 < words.size(); i += 2) fields.emplace_back(words[i], words[i + 1]);
    call.id = call.client->open(path, fields);
  }

  void expect(const std::vector<std::string>& words) {
    const std::string& what = words.at(0);
    if (what == "log") {
      EXPECT_TRUE(log_.comes(words.at(1) + " golden: " + words.at(2)));
      return;
    }
    if (what == "log-begins") {
      EXPECT_TRUE(log_.comes(words.at(1) + " golden: " + words.at(2), true));
      return;
    }
    Caller& call = callers_.at(words.at(1));
    if (what == "message") {
      EXPECT_EQ(next_message(call), words.at(2));
    } else if (what == "numbers") {
      const std::string message = next_message(call);
      std::vector<std::string> numbers;
      for (std::size_t at = 0; at + 4 <= message.size(); at += 4) {
        std::int32_t number = 0;
        std::memcpy(&number, message.data() + at, sizeof(number));
        numbers.push_back(std::to_string(number));
      }
      EXPECT_EQ(numbers, std::vector<std::string>(words.begin() + 2, words.end()));
    } else if (what == "last-message") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().closed; }));
      ASSERT_FALSE(call.reply().messages().empty());
      EXPECT_EQ(call.reply().messages().back(), words.at(2));
      call.seen = call.reply().messages().size();
    } else if (what == "headers") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().header_blocks > 0; }));
    } else if (what == "header") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().header_blocks > 0; }));
      EXPECT_EQ(field(call.reply().headers, words.at(2)), words.at(3));
    } else if (what == "trailer") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().closed; }));
      const http2::Reply& reply = call.reply();
      EXPECT_EQ(field(reply.header_blocks > 1 ? reply.trailers : reply.headers, words.at(2)), words.at(3));
    } else if (what == "body") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().closed; }));
      EXPECT_EQ(call.reply().body, words.at(2));
      EXPECT_EQ(call.reply().reset_code.value_or(0), 0U) << "NO_ERROR: the rest of the request is not wanted";
    } else if (what == "broken-off") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().closed; }));
      EXPECT_NE(call.reply().reset_code.value_or(0), 0U);
    } else if (what == "status") {
      EXPECT_TRUE(call.run_until([&] { return call.reply().closed; }));
      EXPECT_EQ(call.reply().status(), std::stoi(words.at(2)));
      EXPECT_EQ(words.size() > 3 ? call.reply().message() : "", words.size() > 3 ? words[3] : "");
      EXPECT_EQ(call.reply().messages().size(), call.seen) << "messages that the script does not speak of";
    } else {
      throw std::logic_error("the script expects " + what);
    }
  }

  static std::string next_message(Caller& call) {
    const bool came = call.run_until([&] { return call.reply().messages().size() > call.seen || call.reply().closed; });
    if (!came || call.reply().messages().size() <= call.seen) return "(no message)";
    return call.reply().messages()[call.seen++];
  }

  std::string file_;
  std::unique_ptr<Certificates> certificates_;  // where the server speaks TLS
  std::vector<TargetOptions> targets_;          // all of them granted
  LogLines log_;
  std::unique_ptr<Server> server_;
  std::uint16_t port_ = 0;
  std::map<std::string, Caller> callers_;
};

class Golden : public testing::TestWithParam<fs::path> {};

TEST_P(Golden, KeepsItsPromises) {
  const std::string file = read_file(GetParam());
  const std::vector<Line> script = read_script(file);
  ASSERT_FALSE(script.empty());
  Player player(file);
  for (const Line& line : script) {
    player.play(line);
    if (HasFailure()) FAIL() << line.text << "\n" << player.log();
  }
}

std::vector<fs::path> golden_files() {
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(WASM_GRPC_GOLDEN_DIR)) {
    if (entry.path().extension() == ".wat") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

INSTANTIATE_TEST_SUITE_P(, Golden, testing::ValuesIn(golden_files()),
                         [](const auto& test) { return test.param.stem().string(); });

TEST(GoldenFiles, AreAllInTheListOfSums) {
  std::vector<std::string> listed;
  std::ifstream list(fs::path(WASM_GRPC_GOLDEN_DIR) / "SHA256SUMS");
  for (std::string sum, name; list >> sum >> name;) listed.push_back(name);
  std::vector<std::string> there;
  for (const fs::path& file : golden_files()) there.push_back(file.filename());
  EXPECT_EQ(there, listed);
}

}  // namespace
}  // namespace wasm_grpc
