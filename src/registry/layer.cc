#include "registry/layer.h"

#include <zlib.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace wasm_grpc::registry {

namespace {

enum class Packing : unsigned char { none, tar, tar_gzip };

std::optional<Packing> packing_of(std::string_view type) {
  if (type == wasm_layer || type == "application/vnd.wasm.content.layer.v1+wasm" ||
      type == "application/vnd.module.wasm.content.layer.v1+wasm") {
    return Packing::none;
  }
  if (type == "application/vnd.oci.image.layer.v1.tar" || type == "application/vnd.docker.image.rootfs.diff.tar") {
    return Packing::tar;
  }
  if (type == "application/vnd.oci.image.layer.v1.tar+gzip" ||
      type == "application/vnd.docker.image.rootfs.diff.tar.gzip") {
    return Packing::tar_gzip;
  }
  return std::nullopt;
}

struct InflateEnd {
  void operator()(z_stream* stream) const { inflateEnd(stream); }
};

Result<std::string> gunzip(std::string_view bytes, std::size_t most) {
  z_stream stream{};
  constexpr int gzip_only = 16;
  if (inflateInit2(&stream, MAX_WBITS + gzip_only) != Z_OK) return Error{"no memory to decompress it with"};
  const std::unique_ptr<z_stream, InflateEnd> ending(&stream);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  constexpr std::size_t step = std::size_t{256} << 10;
  while (true) {
    const std::size_t had = out.size();
    out.resize(had + std::min(step, most + 1 - had));
    stream.next_out = reinterpret_cast<Bytef*>(out.data() + had);
    stream.avail_out = static_cast<uInt>(out.size() - had);
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.resize(out.size() - stream.avail_out);
    if (out.size() > most) return Error{"decompressed it has more than the " + std::to_string(most) + " bytes allowed"};
    if (status == Z_STREAM_END) return out;
    if (status != Z_OK) return Error{"it is not compressed by gzip, or damaged"};
  }
}

constexpr std::size_t block = 512;

/// A number of a tar's header: octal digits up to a space or NUL. Larger ones, in base 256, are larger than may be.
std::optional<std::size_t> octal(std::string_view field) {
  std::size_t number = 0;
  bool any = false;
  for (const char c : field) {
    if (c == ' ' && !any) continue;
    if (c == ' ' || c == '\0') break;
    if (c < '0' || c > '7') return std::nullopt;
    number = number * 8 + static_cast<std::size_t>(c - '0');
    any = true;
  }
  return any ? std::optional(number) : std::nullopt;
}

/// The only regular file of a tar (POSIX.1-1988, and what GNU and pax add) whose name ends in .wasm.
Result<std::string> only_module(std::string_view tar) {
  std::optional<std::string_view> found;
  std::string long_name;  // said by the entry before
  while (tar.size() >= block) {
    const std::string_view header = tar.substr(0, block);
    if (header.find_first_not_of('\0') == std::string_view::npos) break;  // its end
    const auto size = octal(header.substr(124, 12));
    tar.remove_prefix(block);
    if (!size || *size > tar.size()) return Error{"its archive is damaged, or no tar"};
    const std::string_view content = tar.substr(0, *size);
    tar.remove_prefix(std::min(tar.size(), (*size + block - 1) / block * block));
    const char type = header[156];
    if (type == 'L') {
      long_name = std::string(content.substr(0, content.find('\0')));
      continue;
    }
    if (type == 'x') {
      const std::size_t path = content.find(" path=");
      if (path != std::string_view::npos) {
        const std::string_view rest = content.substr(path + 6);
        long_name = std::string(rest.substr(0, rest.find('\n')));
      }
      continue;
    }
    const std::string_view short_name = header.substr(0, 100);
    const std::string name = std::exchange(long_name, {});
    const std::string_view called = name.empty() ? short_name.substr(0, short_name.find('\0')) : name;
    if ((type != '0' && type != '\0') || !called.ends_with(".wasm")) continue;
    if (found) return Error{"its archive has several files named *.wasm; expected one"};
    found = content;
  }
  if (!found) return Error{"its archive has no file named *.wasm"};
  return std::string(*found);
}

}  // namespace

Result<Descriptor> module_layer(const Manifest& manifest) {
  if (manifest.layers.size() != 1) {
    return Error{"it has " + std::to_string(manifest.layers.size()) + " layers; expected one, with the module"};
  }
  const Descriptor& layer = manifest.layers.front();
  if (!packing_of(layer.media_type)) {
    std::string type = layer.media_type;
    std::replace_if(type.begin(), type.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return Error{"its layer is of the type \"" + type +
                 "\", which is no module; expected application/wasm, or a tar of an image"};
  }
  return layer;
}

Result<std::string> module_of_layer(std::string bytes, std::string_view media_type, std::size_t most) {
  const auto packing = packing_of(media_type);
  if (!packing) return Error{"its layer is no module"};
  if (*packing == Packing::tar) return only_module(bytes);
  if (*packing == Packing::tar_gzip) {
    // A tar is a little larger than what is in it.
    constexpr std::size_t around = std::size_t{1} << 20;
    auto tar = gunzip(bytes, most + around);
    return tar.ok() ? only_module(tar.value()) : std::move(tar);
  }
  if (bytes.size() > most) {
    return Error{"it has " + std::to_string(bytes.size()) + " bytes, and " + std::to_string(most) + " are allowed"};
  }
  return bytes;
}

}  // namespace wasm_grpc::registry
