// The names of files: links, symbolic links, renaming and unlinking.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstdio>

#include "wasi/definer.h"
#include "wasi/files/path.h"

namespace wasm_grpc::wasi {

namespace {

Errno find_place(Context& context, std::uint32_t fd, Rights rights, std::string_view path, Place& out) {
  Descriptor* directory = nullptr;
  const Errno error = context.descriptors().find_directory(fd, rights, directory);
  return error == Errno::success ? wasi::find_place(*directory, path, Errno::inval, out) : error;
}

/// A symbolic link that a guest makes leads to its own directory or beneath it, wherever it is moved later. Guests
/// could not follow it outside anyway; programs of the host could.
bool leads_downwards(std::string_view target) {
  if (target.starts_with('/')) return false;
  while (!target.empty()) {
    const std::size_t end = std::min(target.find('/'), target.size());
    if (target.substr(0, end) == "..") return false;
    target.remove_prefix(std::min(end + 1, target.size()));
  }
  return true;
}

Errno path_symlink(Context& context, Caller&, std::string_view target, std::uint32_t fd, std::string_view path) {
  std::string text;
  if (const Errno error = read_path(target, text); error != Errno::success) return error;
  Place place;
  const Errno error = find_place(context, fd, right::path_symlink, path, place);
  if (error != Errno::success) return error;
  if (!leads_downwards(text)) return Errno::notcapable;
  if (place.must_be_directory) return Errno::noent;
  const int result = symlinkat(text.c_str(), place.directory.get(), place.name.c_str());
  return result == 0 ? Errno::success : last_error();
}

Errno path_readlink(Context& context, Caller&, std::uint32_t fd, std::string_view path, std::span<std::byte> out,
                    GuestPointer<std::uint32_t> used) {
  Descriptor* directory = nullptr;
  const Errno found = context.descriptors().find_directory(fd, right::path_readlink, directory);
  if (found != Errno::success) return found;
  std::string text;
  if (const Errno error = read_path(path, text); error != Errno::success) return error;
  UniqueFd link;
  const Errno opened = open_beneath(directory->system_fd(), text.c_str(), O_PATH | O_NOFOLLOW, 0, link);
  if (opened != Errno::success) return opened;
  std::array<char, PATH_MAX> target;
  const ssize_t size = readlinkat(link.get(), "", target.data(), target.size());
  // The system says ENOENT of anything but a symbolic link here.
  if (size < 0) return errno == ENOENT ? Errno::inval : last_error();
  const std::size_t copied = std::min(static_cast<std::size_t>(size), out.size());
  std::copy_n(reinterpret_cast<const std::byte*>(target.data()), copied, out.data());
  used.store(static_cast<std::uint32_t>(copied));
  return Errno::success;
}

Errno path_link(Context& context, Caller&, std::uint32_t old_fd, std::uint32_t lookup, std::string_view old_path,
                std::uint32_t new_fd, std::string_view new_path) {
  if (lookup != 0) return Errno::inval;  // a link to what a symbolic link leads to is not offered
  Place from;
  Place to;
  Errno error = find_place(context, old_fd, right::path_link_source, old_path, from);
  if (error == Errno::success) error = find_place(context, new_fd, right::path_link_target, new_path, to);
  if (error != Errno::success) return error;
  if (from.must_be_directory || to.must_be_directory) return Errno::notdir;
  const int result = linkat(from.directory.get(), from.name.c_str(), to.directory.get(), to.name.c_str(), 0);
  return result == 0 ? Errno::success : last_error();
}

Errno path_rename(Context& context, Caller&, std::uint32_t old_fd, std::string_view old_path, std::uint32_t new_fd,
                  std::string_view new_path) {
  Place from;
  Place to;
  Errno error = find_place(context, old_fd, right::path_rename_source, old_path, from);
  if (error == Errno::success) error = find_place(context, new_fd, right::path_rename_target, new_path, to);
  if (error != Errno::success) return error;
  // The system refuses a file whose name ends with a slash, and follows no link there.
  if (from.must_be_directory) from.name += '/';
  if (to.must_be_directory) to.name += '/';
  const int result = renameat(from.directory.get(), from.name.c_str(), to.directory.get(), to.name.c_str());
  return result == 0 ? Errno::success : last_error();
}

Errno path_unlink_file(Context& context, Caller&, std::uint32_t fd, std::string_view path) {
  Place place;
  const Errno error = find_place(context, fd, right::path_unlink_file, path, place);
  if (error != Errno::success) return error;
  if (place.must_be_directory) return Errno::notdir;
  return unlinkat(place.directory.get(), place.name.c_str(), 0) == 0 ? Errno::success : last_error();
}

}  // namespace

void define_links(Definer& definer) {
  definer.add("path_link", path_link);
  definer.add("path_readlink", path_readlink);
  definer.add("path_rename", path_rename);
  definer.add("path_symlink", path_symlink);
  definer.add("path_unlink_file", path_unlink_file);
}

}  // namespace wasm_grpc::wasi
