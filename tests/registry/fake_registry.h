// A registry in a test, which has what it is given, and may be made to misbehave.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "http_server.h"
#include "registry/digest.h"
#include "registry/manifest.h"
#include "registry/reference.h"

namespace wasm_grpc::registry {

/// The least module there is, and something to tell several apart by.
[[nodiscard]] inline std::string module_bytes(const std::string& text = {}) {
  return std::string("\0asm\1\0\0\0", 8) + text;
}

/// Speaks of one name, "team/greeter", in cleartext. Set it up before it is asked.
class FakeRegistry {
 public:
  FakeRegistry() : server_([this](const SeenRequest& request) { return answer(request); }) {}

  /// Asked first; where it returns nothing, the registry answers as it should.
  void set_first(std::function<std::optional<Reply>(const SeenRequest&)> first) {
    const std::lock_guard lock(mutex_);
    first_ = std::move(first);
  }
  /// Gives the content, and returns its digest.
  Digest add_blob(const std::string& content) {
    const Digest digest = Digest::of(content);
    put("/v2/team/greeter/blobs/" + digest.text(), {200, {}, content});
    return digest;
  }
  /// Gives it by its digest and by a tag.
  Digest add_document(const std::string& tag, const std::string& text, std::string_view type = oci_manifest) {
    const Digest digest = Digest::of(text);
    const Reply reply{200, {"Content-Type: " + std::string(type), "Docker-Content-Digest: " + digest.text()}, text};
    put("/v2/team/greeter/manifests/" + digest.text(), reply);
    put("/v2/team/greeter/manifests/" + tag, reply);
    return digest;
  }
  /// A module with its manifest; returns that one's digest.
  Digest add_module(const std::string& tag, const std::string& bytes) {
    const Digest layer = add_blob(bytes);
    const std::string config = make_config(layer, false);
    add_blob(config);
    return add_document(tag, make_manifest(config, layer, bytes.size(), "greeter.wasm"));
  }
  void put(const std::string& target, Reply reply) {
    const std::lock_guard lock(mutex_);
    replies_[target] = std::move(reply);
  }

  [[nodiscard]] Reference reference(const std::string& end = ":1") const {
    return Reference::parse("oci://" + server_.host() + "/team/greeter" + end).value();
  }
  [[nodiscard]] HttpServer& server() noexcept { return server_; }
  [[nodiscard]] std::size_t asked() const { return server_.seen().size(); }

 private:
  Reply answer(const SeenRequest& request) {
    std::function<std::optional<Reply>(const SeenRequest&)> first;
    {
      const std::lock_guard lock(mutex_);
      first = first_;
    }
    if (first) {
      if (auto reply = first(request)) return *reply;
    }
    const std::lock_guard lock(mutex_);
    const auto found = replies_.find(request.target);
    return found == replies_.end() ? Reply{404, {}, R"({"errors": [{"code": "NAME_UNKNOWN"}]})"} : found->second;
  }

  std::mutex mutex_;
  std::function<std::optional<Reply>(const SeenRequest&)> first_;  // of mutex_
  std::map<std::string, Reply> replies_;                           // likewise
  HttpServer server_;                                              // the last: it uses the others
};

}  // namespace wasm_grpc::registry
