#include "registry/http/libcurl.h"

#include <dlfcn.h>

#include <string>

namespace wasm_grpc::registry {

namespace {

template <typename Function>
bool find(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(library, name));
  return function != nullptr;
}

Result<Libcurl> load() {
  // Debian has it with OpenSSL and with GnuTLS; either will do.
  void* library = nullptr;
  for (const char* name : {"libcurl.so.4", "libcurl-gnutls.so.4"}) {
    if (library == nullptr) library = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  }
  const std::string advice = "; modules from a registry need libcurl 7.62 or newer (Debian: apt install libcurl4)";
  if (library == nullptr) return Error{"libcurl.so.4 cannot be loaded" + advice};
  Libcurl curl{};
  decltype(&curl_global_init) global_init = nullptr;
  const bool all =
      find(library, "curl_global_init", global_init) && find(library, "curl_easy_init", curl.easy_init) &&
      find(library, "curl_easy_setopt", curl.easy_setopt) && find(library, "curl_easy_perform", curl.easy_perform) &&
      find(library, "curl_easy_getinfo", curl.easy_getinfo) && find(library, "curl_easy_reset", curl.easy_reset) &&
      find(library, "curl_easy_cleanup", curl.easy_cleanup) &&
      find(library, "curl_easy_strerror", curl.easy_strerror) &&
      find(library, "curl_slist_append", curl.slist_append) &&
      find(library, "curl_slist_free_all", curl.slist_free_all);
  if (!all) return Error{"libcurl.so.4 is none that is known" + advice};
  if (global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return Error{"libcurl cannot be initialized" + advice};
  return curl;
}

}  // namespace

Result<const Libcurl*> Libcurl::get() {
  static const Result<Libcurl> loaded = load();
  if (!loaded.ok()) return loaded.error();
  return &loaded.value();
}

}  // namespace wasm_grpc::registry
