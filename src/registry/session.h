// What is said to a registry about one name in it: requests of the distribution API, with authentication and redirects.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "registry/auth/challenge.h"
#include "registry/auth/credentials.h"
#include "registry/digest.h"
#include "registry/http/http_client.h"
#include "registry/http/url.h"
#include "registry/manifest.h"
#include "registry/options.h"
#include "registry/reference.h"
#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// What one may want to do.
enum class Right : unsigned char { pull, push };

/// A document as it was given.
struct RawDocument {
  std::string text;
  std::string media_type;  // as the registry calls it
  Digest digest;           // of the text
};

/// Knows a name in a registry, and the token it was given for it. Trusts nothing that comes: all content is checked
/// against its digest, is as long as was said, and within its bounds. Credentials go to the registry and to the realm
/// it names, over TLS unless the registry is one of cleartext, and not to where it redirects to. Used by one thread; it
/// blocks, no longer than `options.timeout` in all.
class Session {
 public:
  [[nodiscard]] static Result<Session> open(const RegistryOptions& options, const Reference& reference, Right right,
                                            std::stop_token stop);

  /// The document of a tag or digest; nothing where there is none of that name.
  [[nodiscard]] Result<std::optional<RawDocument>> document(const std::string& tag_or_digest);
  /// The digest that a tag has now.
  [[nodiscard]] Result<Digest> digest_of(const std::string& tag);
  /// Content of that digest and size.
  [[nodiscard]] Result<std::string> blob(const Digest& digest, std::uint64_t size);

  /// Puts content there, unless it is.
  [[nodiscard]] Result<> put_blob(std::string_view content);
  [[nodiscard]] Result<> put_document(const std::string& tag_or_digest, std::string_view text,
                                      std::string_view media_type);

  /// True when the last error may go by itself: the registry cannot be reached, or is overloaded.
  [[nodiscard]] bool may_pass() const noexcept { return may_pass_; }

 private:
  Session(std::unique_ptr<HttpClient> http, const RegistryOptions& options, const Reference& reference, Right right,
          std::stop_token stop);

  /// Sends it, with a token where the registry wants one, and follows redirects of what only reads.
  [[nodiscard]] Result<HttpResponse> send(HttpRequest request);
  [[nodiscard]] Result<HttpResponse> send_once(const HttpRequest& request);
  [[nodiscard]] Result<> authenticate(const HttpResponse& refusal);
  [[nodiscard]] Result<std::string> ask_realm(const Challenge& challenge, const Credentials& credentials);
  [[nodiscard]] std::string api(std::string_view rest) const;
  /// What is wrong with an answer that is not the one that was wanted.
  [[nodiscard]] Error refused(const HttpResponse& response, const std::string& what);
  [[nodiscard]] Error wrong(std::string what);

  std::unique_ptr<HttpClient> http_;
  RegistryOptions options_;
  Reference reference_;
  Right right_;
  std::stop_token stop_;
  Url base_;                   // of the name's API: ".../v2/NAME/"
  std::string authorization_;  // the field's value; empty: none yet
  bool is_somebody_ = false;   // by credentials
  bool may_pass_ = false;
};

}  // namespace wasm_grpc::registry
