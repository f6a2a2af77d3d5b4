#include "registry/cache.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "registry/files.h"
#include "registry/manifest.h"
#include "registry/signature.h"

namespace wasm_grpc::registry {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view blobs = "blobs";
constexpr std::string_view manifests = "manifests";
constexpr std::string_view tags = "tags";
constexpr std::string_view all_signatures = "signatures";
constexpr std::size_t max_tag_bytes = 1024;
constexpr mode_t for_us = 0600;

std::optional<std::string> content_of(const std::string& path, std::size_t most) {
  auto content = read_file(path, most);
  return content.ok() ? std::optional(std::move(content).value()) : std::nullopt;
}

std::optional<std::string> verified(const std::string& path, const Digest& digest, std::size_t most) {
  auto content = content_of(path, most);
  return content && Digest::of(*content) == digest ? std::move(content) : std::nullopt;
}

/// What is wrong with a folder that is to be believed; empty when nothing is. Who may write to it says what tags mean
/// without the registry.
std::string complaint_about(const fs::path& folder) {
  struct stat status{};
  if (stat(folder.c_str(), &status) != 0) return std::generic_category().message(errno);
  if (!S_ISDIR(status.st_mode)) return "it is no folder";
  if (status.st_uid != geteuid()) return "it belongs to another user than this process's";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return "others than its owner may write there (chmod go-w)";
  return {};
}

std::string name_of_tag(const Reference& reference) {
  return Digest::of(reference.registry + "/" + reference.repository + ":" + reference.tag).hex();
}

}  // namespace

Result<Cache> Cache::open(const std::string& folder, std::size_t most_bytes) {
  const std::string chosen = folder.empty() ? usual_cache_folder() : folder;
  if (chosen.empty()) {
    return Error{"there is no folder to keep modules of registries in: HOME is not set; name one by [registry] cache"};
  }
  for (const std::string_view kind : {blobs, manifests, tags, all_signatures}) {
    const fs::path path = fs::path(chosen) / kind;
    std::error_code error;
    fs::create_directories(path.parent_path(), error);
    if (!error && mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) error = {errno, std::generic_category()};
    if (error) return Error{path.string() + " cannot be made: " + error.message()};
    if (const std::string wrong = complaint_about(path); !wrong.empty()) {
      return Error{"the cache " + path.string() + " cannot be trusted: " + wrong};
    }
  }
  return Cache(chosen, most_bytes);
}

std::string Cache::path(std::string_view kind, const std::string& name) const {
  return (fs::path(folder_) / kind / name).string();
}

std::optional<std::string> Cache::blob(const Digest& digest, std::size_t most) const {
  const std::string file = path(blobs, digest.hex());
  auto content = verified(file, digest, most);
  if (content) utimensat(AT_FDCWD, file.c_str(), nullptr, 0);  // it was used now
  return content;
}

std::optional<std::string> Cache::manifest(const Digest& digest) const {
  return verified(path(manifests, digest.hex()), digest, max_document_bytes);
}

std::optional<std::string> Cache::signatures(const Digest& digest) const {
  return content_of(path(all_signatures, digest.hex()), max_signatures_bytes);
}

std::optional<Digest> Cache::tag(const Reference& reference) const {
  const auto content = content_of(path(tags, name_of_tag(reference)), max_tag_bytes);
  // A line each: the digest, and the name for people.
  return content ? Digest::parse(std::string_view(*content).substr(0, content->find('\n'))) : std::nullopt;
}

Result<> Cache::put_blob(const Digest& digest, std::string_view content) const {
  auto put = replace_file(path(blobs, digest.hex()), content, for_us);
  if (put.ok()) make_room(digest);
  return put;
}

Result<> Cache::put_manifest(const Digest& digest, std::string_view content) const {
  return replace_file(path(manifests, digest.hex()), content, for_us);
}

Result<> Cache::put_signatures(const Digest& digest, std::string_view content) const {
  return replace_file(path(all_signatures, digest.hex()), content, for_us);
}

Result<> Cache::put_tag(const Reference& reference, const Digest& digest) const {
  return replace_file(path(tags, name_of_tag(reference)), digest.text() + "\n" + reference.text() + "\n", for_us);
}

void Cache::make_room(const Digest& kept) const {
  std::multimap<fs::file_time_type, std::pair<fs::path, std::uintmax_t>> by_time;
  std::uintmax_t sum = 0;
  std::error_code error;
  for (fs::directory_iterator entry(fs::path(folder_) / blobs, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code gone;  // by another process
    const auto size = entry->file_size(gone);
    const auto time = entry->last_write_time(gone);
    if (gone) continue;
    sum += size;
    if (entry->path().filename() != kept.hex()) by_time.emplace(time, std::pair(entry->path(), size));
  }
  for (const auto& [time, file] : by_time) {
    if (sum <= most_bytes_) return;
    if (fs::remove(file.first, error)) sum -= file.second;
  }
}

std::string usual_cache_folder() {
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : "");
  };
  // systemd lists several, separated by colons; the first is ours.
  if (const std::string folders = variable("CACHE_DIRECTORY"); !folders.empty()) {
    return folders.substr(0, folders.find(':')) + "/registry";
  }
  if (const std::string folder = variable("XDG_CACHE_HOME"); !folder.empty()) return folder + "/wasm-grpc/registry";
  if (const std::string home = variable("HOME"); !home.empty()) return home + "/.cache/wasm-grpc/registry";
  return {};
}

}  // namespace wasm_grpc::registry
