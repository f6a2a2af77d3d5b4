// What registries, and whoever wrote a reference, say: the first byte chooses the reader.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "registry/auth/challenge.h"
#include "registry/auth/credentials.h"
#include "registry/http/url.h"
#include "registry/layer.h"
#include "registry/manifest.h"
#include "registry/reference.h"
#include "registry/signature.h"
#include "require.h"

namespace {

using namespace wasm_grpc;
using fuzz::require;

constexpr std::size_t most = 100'000;

void require_a_line(const std::string& message) {
  require(message.size() < 1000, "an error is a line that people read");
  for (const char c : message) require(c >= 0x20 && c < 0x7f, "an error has nothing that a terminal would obey");
}

void read_reference(std::string_view text) {
  const auto reference = registry::Reference::parse(text);
  if (!reference.ok()) return require_a_line(reference.error().message);
  const std::string again = reference.value().text();
  const auto same = registry::Reference::parse(again);
  require(same.ok() && same.value().text() == again, "a reference is read as it is written");
  require(registry::check_path(again).ok(), "a reference is a path of a module");
  require(reference.value().repository.find("..") == std::string::npos &&
              reference.value().tag.find('/') == std::string::npos,
          "no name leads upwards");
  require(registry::Url::parse("https://" + reference.value().registry + "/v2/" + reference.value().repository + "/")
              .has_value(),
          "it makes a URL");
}

void read_document(std::string_view text, std::string_view type) {
  const auto document = registry::read_document(text, type);
  if (!document.ok()) return require_a_line(document.error().message);
  if (const auto* manifest = std::get_if<registry::Manifest>(&document.value())) {
    require(manifest->layers.size() <= registry::max_layers, "layers are bounded");
    if (const auto layer = registry::module_layer(*manifest); !layer.ok()) require_a_line(layer.error().message);
    require(registry::signed_layers(*manifest).size() <= registry::max_signatures, "signatures are bounded");
  } else if (const auto chosen = registry::choose_manifest(std::get<registry::Index>(document.value())); !chosen.ok()) {
    require_a_line(chosen.error().message);
  }
}

void read_challenge(std::string_view text) {
  const std::size_t line = text.find('\n');
  std::vector<std::string> fields{std::string(text.substr(0, line))};
  if (line != std::string_view::npos) fields.emplace_back(text.substr(line + 1));
  const auto challenge = registry::choose_challenge(fields);
  if (!challenge) return;
  for (const std::string& part : {challenge->realm, challenge->service}) {
    require(part.size() <= registry::max_challenge_bytes, "what it says is no longer than the field");
    for (const char c : part) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f, "no control characters");
  }
}

void read_docker_config(std::string_view text) {
  const auto config = registry::DockerConfig::parse(text);
  if (!config.ok()) return;
  const auto reference = registry::Reference::parse("ghcr.io/team/greeter:1");
  static_cast<void>(config.value().find(reference.value()));
  static_cast<void>(config.value().helper_for(reference.value()));
}

void read_location(std::string_view text) {
  const auto base = registry::Url::parse("https://ghcr.io/v2/team/greeter/");
  const auto url = base->resolve(text);
  if (!url) return;
  require(url->scheme == "http" || url->scheme == "https", "nothing else is fetched");
  require(registry::Url::parse(url->text())->text() == url->text(), "a URL is read as it is written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  const auto unpack = [&](std::string_view type) {
    const auto module = registry::module_of_layer(std::string(text), type, most);
    require(!module.ok() || module.value().size() <= most + (1U << 20), "a module is no larger than is allowed");
  };
  switch (data[0]) {
    case 'r':
      read_reference(text);
      break;
    case 'm':
      read_document(text, registry::oci_manifest);
      break;
    case 'i':
      read_document(text, "");
      break;
    case 'c':
      read_challenge(text);
      break;
    case 'd':
      read_docker_config(text);
      break;
    case 'l':
      read_location(text);
      break;
    case 's':
      require(registry::read_signatures(text).size() <= registry::max_signatures, "signatures are bounded");
      break;
    case 't':
      unpack("application/vnd.oci.image.layer.v1.tar");
      break;
    case 'z':
      unpack("application/vnd.oci.image.layer.v1.tar+gzip");
      break;
    default:
      break;
  }
  return 0;
}
