#include "registry/auth/credentials.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "net/folder.h"
#include "registry/auth/credential_helper.h"

namespace wasm_grpc::registry {

namespace {

Reference reference(const std::string& text) { return Reference::parse(text).value(); }

std::string user_of(const std::string& config, const std::string& text) {
  const auto parsed = DockerConfig::parse(config);
  return parsed.ok() ? parsed.value().find(reference(text)).username : parsed.error().message;
}

TEST(DockerConfig, HasCredentialsByRegistry) {
  const auto parsed = DockerConfig::parse(R"({"auths": {"ghcr.io": {"auth": "bWU6YTpi"}}, "other": 1})");
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  const Credentials found = parsed.value().find(reference("ghcr.io/a"));
  EXPECT_EQ(found.username, "me");
  EXPECT_EQ(found.password, "a:b");
  EXPECT_TRUE(parsed.value().find(reference("ghcr.io.evil.org/a")).empty());
}

TEST(DockerConfig, NamesRegistriesInSeveralWays) {
  EXPECT_EQ(user_of(R"({"auths": {"https://index.docker.io/v1/": {"username": "hub"}}})", "docker.io/a/b"), "hub");
  EXPECT_EQ(user_of(R"({"auths": {"https://ghcr.io/v2/": {"username": "url"}}})", "ghcr.io/a"), "url");
  EXPECT_EQ(user_of(R"({"auths": {"localhost:5000": {"username": "port"}}})", "localhost:5000/a"), "port");
}

TEST(DockerConfig, MayHaveOthersForAPartOfARegistry) {
  const std::string config = R"({"auths": {"ghcr.io": {"username": "all"}, "ghcr.io/team": {"username": "team"},
                                 "ghcr.io/team/secret": {"username": "one"}}})";
  EXPECT_EQ(user_of(config, "ghcr.io/a"), "all");
  EXPECT_EQ(user_of(config, "ghcr.io/team/a"), "team");
  EXPECT_EQ(user_of(config, "ghcr.io/team/secret"), "one");
  EXPECT_EQ(user_of(config, "ghcr.io/teamster"), "all");
}

TEST(DockerConfig, SaysWhatIsWrongWithoutASecret) {
  EXPECT_EQ(user_of("[]", "ghcr.io/a"), "it is no JSON object");
  EXPECT_EQ(user_of(R"({"auths": {"ghcr.io": {"auth": "s3cret!"}}})", "ghcr.io/a"),
            "of \"ghcr.io\" \"auth\" is not base64");
  EXPECT_EQ(user_of(R"({"auths": {"ghcr.io": {"auth": "bWU="}}})", "ghcr.io/a"),
            "of \"ghcr.io\" \"auth\" is not USER:PASSWORD in base64");
  EXPECT_EQ(user_of(R"({"auths": {"ghcr.io": 1}})", "ghcr.io/a"), "of \"ghcr.io\" it has no object");
}

TEST(DockerConfig, NamesHelpers) {
  const auto parsed = DockerConfig::parse(R"({"credsStore": "all", "credHelpers": {"ghcr.io": "one"}})");
  ASSERT_TRUE(parsed.ok());
  EXPECT_EQ(parsed.value().helper_for(reference("ghcr.io/a")), "one");
  EXPECT_EQ(parsed.value().helper_for(reference("quay.io/a")), "all");
}

/// Programs of the name docker-credential-test.
class Helper : public testing::Test {
 protected:
  Helper() {
    const char* path = std::getenv("PATH");
    before_ = path != nullptr ? path : "";
    setenv("PATH", (folder_.file("") + ":" + before_).c_str(), 1);
  }
  ~Helper() override { setenv("PATH", before_.c_str(), 1); }

  void write(const std::string& script) {
    const std::string path = folder_.file("docker-credential-test");
    std::ofstream(path) << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(path, std::filesystem::perms::owner_all);
  }
  std::string error(const std::string& script) {
    write(script);
    auto asked = ask_helper("test", "ghcr.io", {});
    return asked.ok() ? "" : asked.error().message;
  }

  net::Folder folder_;
  std::string before_;
};

TEST_F(Helper, IsAskedForAServer) {
  write(R"(read server; printf '{"Username": "%s of %s", "Secret": "hidden"}' "$1" "$server")");
  const auto asked = ask_helper("test", "ghcr.io", {});
  ASSERT_TRUE(asked.ok()) << asked.error().message;
  EXPECT_EQ(asked.value().username, "get of ghcr.io");
  EXPECT_EQ(asked.value().password, "hidden");
}

TEST_F(Helper, MayGiveAnIdentityToken) {
  write(R"(echo '{"Username": "<token>", "Secret": "who"}')");
  EXPECT_EQ(ask_helper("test", "ghcr.io", {}).value().identity_token, "who");
}

TEST_F(Helper, ThatKnowsNobodyIsNoError) {
  write("echo credentials not found in native keychain; exit 1");
  const auto asked = ask_helper("test", "ghcr.io", {});
  ASSERT_TRUE(asked.ok());
  EXPECT_TRUE(asked.value().empty());
}

TEST_F(Helper, ThatMisbehavesIsAnError) {
  EXPECT_NE(error("echo secret; exit 3").find("docker-credential-test failed for ghcr.io"), std::string::npos);
  EXPECT_EQ(error("echo secret; exit 3").find("secret"), std::string::npos);
  EXPECT_NE(error("echo '{}'").find("did not answer with a Username and a Secret"), std::string::npos);
  EXPECT_NE(error("exec yes").find("or said too much"), std::string::npos);
  EXPECT_NE(error("read server; kill -9 $$").find("failed"), std::string::npos);
}

TEST_F(Helper, IsGivenUpWhenItIsStopped) {
  write("exec sleep 1000");
  std::stop_source stop;
  stop.request_stop();
  EXPECT_FALSE(ask_helper("test", "ghcr.io", stop.get_token()).ok());
}

TEST_F(Helper, HasANameAndNoPath) {
  EXPECT_NE(ask_helper("../evil", "ghcr.io", {}).error().message.find("has a name with characters"), std::string::npos);
  EXPECT_NE(ask_helper("missing", "ghcr.io", {}).error().message.find("docker-credential-missing cannot be run"),
            std::string::npos);
}

TEST_F(Helper, ComesBeforeWhatTheConfigHas) {
  write(R"(echo '{"Username": "helped", "Secret": "x"}')");
  std::ofstream(folder_.file("config.json")) << R"({"credsStore": "test", "auths": {"ghcr.io": {"username": "kept"}}})";
  EXPECT_EQ(find_credentials(folder_.file("config.json"), reference("ghcr.io/a"), {}).value().username, "helped");
  write("echo credentials not found; exit 1");
  EXPECT_EQ(find_credentials(folder_.file("config.json"), reference("ghcr.io/a"), {}).value().username, "kept");
}

TEST(Credentials, AreThereWhereSomebodySays) {
  const auto found = find_credentials("/nonexistent/config.json", reference("ghcr.io/a"), {});
  ASSERT_FALSE(found.ok());
  EXPECT_NE(found.error().message.find("/nonexistent/config.json: No such file"), std::string::npos);
  setenv("DOCKER_CONFIG", "/nonexistent", 1);
  EXPECT_EQ(usual_docker_config(), "/nonexistent/config.json");
  EXPECT_TRUE(find_credentials("", reference("ghcr.io/a"), {}).ok());
  unsetenv("DOCKER_CONFIG");
}

}  // namespace

}  // namespace wasm_grpc::registry
