#include "wasm/code_cache.h"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wasmtime.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <random>
#include <string_view>
#include <utility>

#include "wasm/engine.h"
#include "wasm/failure.h"

namespace wasm_grpc::wasm {

namespace {

std::string reason() { return std::strerror(errno); }

class File {
 public:
  explicit File(int descriptor) : descriptor_(descriptor) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] bool is_open() const noexcept { return descriptor_ >= 0; }
  [[nodiscard]] int get() const noexcept { return descriptor_; }
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

/// What is wrong with who may write there; empty when nothing is.
std::string complaint(const struct stat& status) {
  if (status.st_uid != geteuid()) return "it does not belong to the user of this process";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others than its owner may write there (chmod go-w)";
  return {};
}

/// A path for what takes only paths: of an open file, so that nobody can put another in its place.
std::string path_of(const File& file) { return "/proc/self/fd/" + std::to_string(file.get()); }

bool write_all(const File& file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(file.get(), bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::unique_ptr<CodeCache>> CodeCache::open(const std::string& directory,
                                                   std::function<void(const std::string&)> warn) {
  const std::string subject = "the code cache " + directory;
  if (mkdir(directory.c_str(), S_IRWXU) != 0 && errno != EEXIST) {
    return Error{subject + " cannot be made: " + reason()};
  }
  File opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat status{};
  if (!opened.is_open() || fstat(opened.get(), &status) != 0) {
    return Error{subject + " cannot be opened as a directory: " + reason()};
  }
  if (const std::string wrong = complaint(status); !wrong.empty()) {
    return Error{subject + " cannot be trusted: " + wrong + ". Its files are run as they are"};
  }
  return std::unique_ptr<CodeCache>(new CodeCache(opened.release(), directory, std::move(warn)));
}

CodeCache::~CodeCache() { close(directory_); }

std::string CodeCache::file_name(std::span<const std::byte> bytes) {
  // The version is part of the name so that two of them that share a directory do not write over each other's files.
  constexpr std::string_view version = "wasmtime " WASMTIME_VERSION "\n";
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(context.get(), version.data(), version.size());
  EVP_DigestUpdate(context.get(), bytes.data(), bytes.size());
  EVP_DigestFinal_ex(context.get(), hash.data(), &size);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  for (unsigned i = 0; i < size; ++i) {
    name += digits[hash[i] >> 4];
    name += digits[hash[i] & 15];
  }
  return name + ".cwasm";
}

wasmtime_module* CodeCache::load(const Engine& engine, const std::string& file_name) const {
  const File file(openat(directory_, file_name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  struct stat status{};
  if (!file.is_open() || fstat(file.get(), &status) != 0) return nullptr;
  if (const std::string wrong = S_ISREG(status.st_mode) ? complaint(status) : "it is no file"; !wrong.empty()) {
    warn_("the compiled module " + path_ + "/" + file_name + " is not used: " + wrong);
    return nullptr;
  }
  wasmtime_module_t* module = nullptr;
  if (wasmtime_error_t* error = wasmtime_module_deserialize_file(engine.get(), path_of(file).c_str(), &module)) {
    wasmtime_error_delete(error);  // of another version or processor, most likely; it will be written anew
    return nullptr;
  }
  return module;
}

void CodeCache::store(const wasmtime_module& module, const std::string& file_name) const {
  const auto failed = [&](const std::string& why) {
    warn_("the compiled module could not be kept in the code cache " + path_ + ": " + why);
  };
  wasm_byte_vec_t code;
  if (wasmtime_error_t* error = wasmtime_module_serialize(&module, &code)) return failed(take_message(error));
  const std::unique_ptr<wasm_byte_vec_t, decltype(&wasm_byte_vec_delete)> owned(&code, &wasm_byte_vec_delete);

  const std::string beginning = file_name + "." + std::to_string(std::random_device()()) + ".part";
  const File file(openat(directory_, beginning.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR));
  if (!file.is_open()) return failed(reason());
  if (!write_all(file, {code.data, code.size}) || fsync(file.get()) != 0 ||
      renameat(directory_, beginning.c_str(), directory_, file_name.c_str()) != 0) {
    const std::string why = reason();
    unlinkat(directory_, beginning.c_str(), 0);
    failed(why);
  }
}

}  // namespace wasm_grpc::wasm
