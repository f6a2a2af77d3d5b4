// Modules fetched from a registry that is good, and from ones that are not.
#include "registry/fetch.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <thread>

#include "fake_registry.h"
#include "net/folder.h"

namespace wasm_grpc::registry {

namespace {

class Fetching : public testing::Test {
 protected:
  Fetching() {
    setenv("no_proxy", "*", 1);
    options_.cache = folder_.file("cache");
    options_.credentials = folder_.file("config.json");
    options_.timeout = std::chrono::seconds(20);
    options_.plain_http = {registry_.server().host()};
    give_credentials("{}");
  }

  void give_credentials(const std::string& text) { std::ofstream(options_.credentials) << text; }
  Result<FetchedModule> fetch(const std::string& end = ":1") {
    return fetch_module(options_, registry_.reference(end), demands_);
  }
  /// What is wrong, where something is to be.
  std::string error(const std::string& end = ":1") {
    auto fetched = fetch(end);
    return fetched.ok() ? "it was fetched" : fetched.error().message;
  }
  /// Answers like this whatever it is asked whose target ends like that.
  void answer(const std::string& end, const Reply& reply) {
    registry_.set_first([=](const SeenRequest& request) {
      return request.target.ends_with(end) ? std::optional(reply) : std::nullopt;
    });
  }

  net::Folder folder_;
  FakeRegistry registry_;
  RegistryOptions options_;
  Demands demands_;
};

// ---- What is good ----

TEST_F(Fetching, AModuleComesByItsTagAndByItsDigest) {
  const Digest digest = registry_.add_module("1", module_bytes("one"));
  const auto by_tag = fetch();
  ASSERT_TRUE(by_tag.ok()) << by_tag.error().message;
  EXPECT_EQ(by_tag.value().bytes, module_bytes("one"));
  EXPECT_EQ(by_tag.value().digest, digest);
  EXPECT_TRUE(by_tag.value().warnings.empty());
  const auto by_digest = fetch("@" + digest.text());
  ASSERT_TRUE(by_digest.ok()) << by_digest.error().message;
  EXPECT_EQ(by_digest.value().bytes, module_bytes("one"));
}

TEST_F(Fetching, ATagThatHasChangedMeansTheNewModule) {
  registry_.add_module("1", module_bytes("one"));
  ASSERT_TRUE(fetch().ok());
  const Digest second = registry_.add_module("1", module_bytes("two"));
  const auto current = current_digest(options_, registry_.reference());
  ASSERT_TRUE(current.ok());
  EXPECT_EQ(current.value(), second);
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched.value().bytes, module_bytes("two"));
}

TEST_F(Fetching, WhatTheCacheHasByItsDigestIsNotFetchedAgain) {
  const Digest digest = registry_.add_module("1", module_bytes());
  ASSERT_TRUE(fetch().ok());
  const std::size_t asked = registry_.asked();
  ASSERT_TRUE(fetch("@" + digest.text()).ok());
  EXPECT_EQ(registry_.asked(), asked);
  ASSERT_TRUE(fetch().ok());
  EXPECT_EQ(registry_.asked(), asked + 1) << "only what the tag means";
}

TEST_F(Fetching, TheImageForWebAssemblyOfAnIndexIsTaken) {
  registry_.add_module("wasm", module_bytes("this"));
  const std::string wasm = make_manifest(make_config(Digest::of(module_bytes("this")), false),
                                         Digest::of(module_bytes("this")), module_bytes("this").size(), "greeter.wasm");
  const auto entry = [](const Digest& digest, std::size_t size, const std::string& architecture) {
    return R"({"mediaType": ")" + std::string(oci_manifest) + R"(", "digest": ")" + digest.text() + R"(", "size": )" +
           std::to_string(size) + R"(, "platform": {"architecture": ")" + architecture + R"(", "os": "wasip1"}})";
  };
  registry_.add_document("1",
                         R"({"schemaVersion": 2, "manifests": [)" + entry(Digest::of("other"), 5, "amd64") + ", " +
                             entry(Digest::of(wasm), wasm.size(), "wasm") + "]}",
                         oci_index);
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched.value().bytes, module_bytes("this"));
}

TEST_F(Fetching, WhatIsPushedIsWhatIsFetched) {
  registry_.set_first([this](const SeenRequest& request) -> std::optional<Reply> {
    if (request.method == "POST") return Reply{202, {"Location: /v2/team/greeter/blobs/uploads/here?state=1"}};
    if (request.method != "PUT") return std::nullopt;
    if (request.target.find("/manifests/") != std::string::npos) {
      registry_.add_document("1", request.body, request.fields.at("content-type"));
    } else {
      EXPECT_TRUE(request.target.starts_with("/v2/team/greeter/blobs/uploads/here?state=1&digest=sha256%3A"));
      registry_.add_blob(request.body);
    }
    return Reply{201};
  });
  const auto pushed = push_module(options_, registry_.reference(), module_bytes("mine"), "greeter.wasm");
  ASSERT_TRUE(pushed.ok()) << pushed.error().message;
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched.value().bytes, module_bytes("mine"));
  EXPECT_EQ(fetched.value().digest, pushed.value());
}

TEST_F(Fetching, OnlyWebAssemblyIsPushed) {
  const auto pushed = push_module(options_, registry_.reference(), "#!/bin/sh", "run.sh");
  ASSERT_FALSE(pushed.ok());
  EXPECT_NE(pushed.error().message.find("run.sh is no WebAssembly"), std::string::npos);
  EXPECT_EQ(registry_.asked(), 0u);
}

// ---- A registry that cannot be reached ----

TEST_F(Fetching, WithoutTheRegistryATagMeansWhatItMeantTheLastTime) {
  const Digest digest = registry_.add_module("1", module_bytes("kept"));
  ASSERT_TRUE(fetch().ok());
  registry_.server().stop();
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched.value().bytes, module_bytes("kept"));
  ASSERT_EQ(fetched.value().warnings.size(), 1u);
  EXPECT_NE(fetched.value().warnings[0].find(digest.text() + ", is taken"), std::string::npos);
}

TEST_F(Fetching, WithoutTheRegistryWhatWasNeverFetchedIsNotThere) {
  registry_.server().stop();
  EXPECT_NE(error().find("onnect"), std::string::npos) << error();
}

TEST_F(Fetching, ATagThatTheRegistryHasNoMoreIsNotTakenFromTheCache) {
  registry_.add_module("1", module_bytes());
  ASSERT_TRUE(fetch().ok());
  answer("/manifests/1", {404});
  EXPECT_NE(error().find("has no module of that name and tag"), std::string::npos);
}

TEST_F(Fetching, AnOverloadedRegistryIsAsGoodAsNone) {
  registry_.add_module("1", module_bytes());
  ASSERT_TRUE(fetch().ok());
  answer("/manifests/1", {503});
  EXPECT_TRUE(fetch().ok());
}

TEST_F(Fetching, WhatIsDamagedInTheCacheIsFetchedAgain) {
  registry_.add_module("1", module_bytes("whole"));
  ASSERT_TRUE(fetch().ok());
  for (const auto& entry : std::filesystem::directory_iterator(options_.cache + "/blobs")) {
    std::ofstream(entry.path()) << "something else";
  }
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched.value().bytes, module_bytes("whole"));
}

TEST_F(Fetching, ASilentRegistryIsNotWaitedForBeyondTheTimeout) {
  options_.timeout = std::chrono::seconds(1);
  answer("/manifests/1", {.is_silent = true});
  EXPECT_NE(error().find("imed out"), std::string::npos) << error();
}

TEST_F(Fetching, WhatIsFetchedCanBeGivenUp) {
  answer("/manifests/1", {.is_silent = true});
  std::stop_source stop;
  std::thread stopping([&] {
    while (registry_.asked() == 0) std::this_thread::yield();
    stop.request_stop();
  });
  const auto fetched = fetch_module(options_, registry_.reference(), demands_, stop.get_token());
  stopping.join();
  ASSERT_FALSE(fetched.ok());
  EXPECT_NE(fetched.error().message.find("interrupted"), std::string::npos);
}

// ---- A registry that lies ----

TEST_F(Fetching, OtherContentThanThatOfTheDigestIsRefused) {
  registry_.add_module("1", module_bytes("good"));
  answer("/blobs/" + Digest::of(module_bytes("good")).text(), {200, {}, module_bytes("evil")});
  EXPECT_NE(error().find("gives other content than that of sha256:"), std::string::npos) << error();
}

TEST_F(Fetching, AnotherManifestThanThatOfTheDigestIsRefused) {
  const Digest digest = registry_.add_module("1", module_bytes("good"));
  registry_.add_module("evil", module_bytes("evil"));
  answer(digest.text(), {200, {"Content-Type: " + std::string(oci_manifest)}, R"({"schemaVersion": 2})"});
  EXPECT_NE(error("@" + digest.text()).find("not what was asked for"), std::string::npos);
  EXPECT_NE(error(":evil@" + digest.text()).find("not what was asked for"), std::string::npos);
}

TEST_F(Fetching, ContentThatBreaksOffIsRefused) {
  registry_.add_module("1", module_bytes("good"));
  answer("/blobs/" + Digest::of(module_bytes("good")).text(), {200, {}, module_bytes("go"), 12});
  EXPECT_NE(error().find("remaining"), std::string::npos) << error();
}

TEST_F(Fetching, EndlessContentIsCutOff) {
  registry_.add_module("1", module_bytes("good"));
  answer("/blobs/" + Digest::of(module_bytes("good")).text(), {.body = std::string(10'000, 'x'), .is_endless = true});
  EXPECT_NE(error().find("sends more than the 12 bytes that were expected"), std::string::npos) << error();
}

TEST_F(Fetching, AnEndlessManifestIsCutOff) {
  answer("/manifests/1", {.body = std::string(10'000, '['), .is_endless = true});
  EXPECT_NE(error().find("sends more than the 1048576 bytes"), std::string::npos) << error();
}

TEST_F(Fetching, EndlessFieldsAreCutOff) {
  answer("/manifests/1", {200, std::vector<std::string>(200, "X-Much: " + std::string(1000, 'x'))});
  EXPECT_NE(error().find("bytes of fields"), std::string::npos) << error();
}

TEST_F(Fetching, ADeepManifestIsRefused) {
  answer("/manifests/1", {200, {}, std::string(500'000, '[')});
  EXPECT_NE(error().find("the manifest is malformed: it is not JSON"), std::string::npos) << error();
}

TEST_F(Fetching, AModuleThatIsTooLargeIsNotFetched) {
  registry_.add_module("1", module_bytes("more than may be"));
  demands_.max_module_bytes = 10;
  EXPECT_NE(error().find("its layer has 24 bytes, and 10 are allowed"), std::string::npos) << error();
  EXPECT_EQ(registry_.asked(), 1u);
}

// ---- Redirects ----

TEST_F(Fetching, ARedirectIsFollowedWithoutTheCredentials) {
  registry_.add_module("1", module_bytes("elsewhere"));
  const HttpServer elsewhere([](const SeenRequest&) { return Reply{200, {}, module_bytes("elsewhere")}; });
  give_credentials(R"({"auths": {")" + registry_.server().host() + R"(": {"username": "me", "password": "secret"}}})");
  registry_.set_first([&](const SeenRequest& request) -> std::optional<Reply> {
    if (!request.fields.contains("authorization")) return Reply{401, {"WWW-Authenticate: Basic realm=\"here\""}};
    if (request.target.find("/blobs/") == std::string::npos) return std::nullopt;
    return Reply{307, {"Location: http://" + elsewhere.host() + "/store?key=1"}};
  });
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  const auto seen = elsewhere.seen();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].target, "/store?key=1");
  EXPECT_FALSE(seen[0].fields.contains("authorization"));
}

TEST_F(Fetching, ARedirectWithoutEndIsGivenUp) {
  answer("/manifests/1", {302, {"Location: /v2/team/greeter/manifests/1"}});
  EXPECT_NE(error().find("redirects more than 5 times"), std::string::npos) << error();
  EXPECT_EQ(registry_.asked(), 6u);
}

TEST_F(Fetching, ARedirectToWhatIsNoHttpIsRefused) {
  for (const char* place : {"file:///etc/passwd", "gopher://127.0.0.1/", "http://me:secret@127.0.0.1/", "http:///x"}) {
    answer("/manifests/1", {302, {"Location: " + std::string(place)}});
    EXPECT_NE(error().find("redirects to where nothing can be"), std::string::npos) << place << ": " << error();
  }
}

// ---- Logins ----

TEST_F(Fetching, ATokenIsGotFromTheRealmByTheCredentials) {
  registry_.add_module("1", module_bytes());
  const HttpServer realm([](const SeenRequest& request) {
    const auto credentials = request.fields.find("authorization");
    if (credentials == request.fields.end() || credentials->second != "Basic bWU6c2VjcmV0") return Reply{401};
    return Reply{200, {}, R"({"token": "a.b.c"})"};
  });
  give_credentials(R"({"auths": {")" + registry_.server().host() + R"(": {"auth": "bWU6c2VjcmV0"}}})");
  registry_.set_first([&](const SeenRequest& request) -> std::optional<Reply> {
    const auto token = request.fields.find("authorization");
    if (token != request.fields.end() && token->second == "Bearer a.b.c") return std::nullopt;
    return Reply{401, {"WWW-Authenticate: Bearer realm=\"http://" + realm.host() + "/token\",service=\"the one\""}};
  });
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  const auto seen = realm.seen();
  ASSERT_EQ(seen.size(), 1u) << "one token does for all";
  EXPECT_EQ(seen[0].target, "/token?service=the%20one&scope=repository%3Ateam%2Fgreeter%3Apull");
}

TEST_F(Fetching, ATokenThatEndsMeanwhileIsGotAnew) {
  registry_.add_module("1", module_bytes());
  std::atomic<int> given = 0;
  std::atomic<int> used = 0;
  const HttpServer realm(
      [&](const SeenRequest&) { return Reply{200, {}, R"({"token": "token-)" + std::to_string(++given) + "\"}"}; });
  registry_.set_first([&](const SeenRequest& request) -> std::optional<Reply> {
    const auto token = request.fields.find("authorization");
    const bool last = token != request.fields.end() && token->second == "Bearer token-" + std::to_string(given);
    if (last && used.exchange(given) != given) return std::nullopt;  // each does for one request
    return Reply{401, {"WWW-Authenticate: Bearer realm=\"http://" + realm.host() + "/token\""}};
  });
  const auto fetched = fetch();
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(given, 2) << "the manifest and the layer were asked for with a token each";
}

TEST_F(Fetching, AnIdentityTokenIsPostedToTheRealm) {
  registry_.add_module("1", module_bytes());
  const HttpServer realm([](const SeenRequest&) { return Reply{200, {}, R"({"access_token": "given"})"}; });
  give_credentials(R"({"auths": {")" + registry_.server().host() + R"(": {"identitytoken": "who+i am"}}})");
  registry_.set_first([&](const SeenRequest& request) -> std::optional<Reply> {
    if (request.fields.contains("authorization")) return std::nullopt;
    return Reply{401, {"WWW-Authenticate: Bearer realm=\"http://" + realm.host() + "/token\""}};
  });
  ASSERT_TRUE(fetch().ok());
  ASSERT_EQ(realm.seen().size(), 1u);
  EXPECT_EQ(realm.seen()[0].method, "POST");
  EXPECT_NE(realm.seen()[0].body.find("&refresh_token=who%2Bi%20am"), std::string::npos) << realm.seen()[0].body;
}

TEST_F(Fetching, ARefusalIsAskedAboutOnce) {
  give_credentials(R"({"auths": {")" + registry_.server().host() + R"(": {"auth": "bWU6c2VjcmV0"}}})");
  answer("", {401, {"WWW-Authenticate: Basic realm=\"here\""}, R"({"errors": [{"code": "UNAUTHORIZED"}]})"});
  const std::string said = error();
  EXPECT_NE(said.find("(UNAUTHORIZED); the credentials given for it do not do"), std::string::npos) << said;
  EXPECT_EQ(said.find("secret"), std::string::npos);
  EXPECT_EQ(registry_.asked(), 2u);
}

TEST_F(Fetching, WithoutCredentialsTheErrorSaysHowToGiveThem) {
  answer("", {401, {"WWW-Authenticate: Basic realm=\"here\""}});
  EXPECT_NE(error().find("docker login"), std::string::npos) << error();
}

TEST_F(Fetching, AWayToLogInThatIsNotKnownIsAnError) {
  answer("", {401, {"WWW-Authenticate: Negotiate"}});
  EXPECT_NE(error().find("of a kind that is not known"), std::string::npos) << error();
}

TEST_F(Fetching, ATokenThatWouldBreakTheRequestIsRefused) {
  const HttpServer realm([](const SeenRequest&) { return Reply{200, {}, R"({"token": "a\r\nX-Evil: 1"})"}; });
  answer("", {401, {"WWW-Authenticate: Bearer realm=\"http://" + realm.host() + "/token\""}});
  EXPECT_NE(error().find("answers without a token"), std::string::npos) << error();
}

TEST_F(Fetching, ARealmThatIsNoUrlIsRefused) {
  answer("", {401, {"WWW-Authenticate: Bearer realm=\"file:///etc/passwd\""}});
  EXPECT_NE(error().find("names a realm for tokens that is no URL"), std::string::npos) << error();
}

TEST_F(Fetching, ARegistryOverTlsIsNotSpokenWithInCleartext) {
  options_.plain_http.clear();
  EXPECT_NE(error(), "it was fetched");
  EXPECT_EQ(registry_.asked(), 0u);
}

}  // namespace

}  // namespace wasm_grpc::registry
