// libcurl, which is loaded when it is first needed: who has no modules from a registry has none of the twenty libraries
// that come with it, and the portable program needs it only then.
#pragma once

#define CURL_DISABLE_TYPECHECK
#define CURL_DISABLE_DEPRECATION  // of options whose successors are younger than 7.62
#include <curl/curl.h>

#include "wasm_grpc/result.h"

namespace wasm_grpc::registry {

/// The functions of it that are called.
struct Libcurl {
  decltype(&curl_easy_init) easy_init;
  decltype(&curl_easy_setopt) easy_setopt;
  decltype(&curl_easy_perform) easy_perform;
  decltype(&curl_easy_getinfo) easy_getinfo;
  decltype(&curl_easy_reset) easy_reset;
  decltype(&curl_easy_cleanup) easy_cleanup;
  decltype(&curl_easy_strerror) easy_strerror;
  decltype(&curl_slist_append) slist_append;
  decltype(&curl_slist_free_all) slist_free_all;

  /// That of this process, which stays; the error says what to install. From any thread.
  [[nodiscard]] static Result<const Libcurl*> get();
};

}  // namespace wasm_grpc::registry
