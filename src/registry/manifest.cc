#include "registry/manifest.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

namespace wasm_grpc::registry {

namespace {

using Json = nlohmann::json;

constexpr std::uint64_t most_size = std::uint64_t{1} << 53;
constexpr std::size_t most_media_type = 255;

bool is_manifest_type(std::string_view type) { return type == oci_manifest || type == docker_manifest; }
bool is_index_type(std::string_view type) { return type == oci_index || type == docker_index; }

/// "application/json; charset=utf-8" without what follows.
std::string_view bare(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  return content_type;
}

/// A media type for an error: those of others may be anything.
std::string shown(std::string_view type) {
  constexpr std::size_t most = 100;
  std::string text(type.substr(0, most));
  std::replace_if(text.begin(), text.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return "\"" + text + "\"";
}

/// A member that is a string; nothing where there is none of that name, or it is something else.
const std::string* string_of(const Json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? nullptr : found->get_ptr<const std::string*>();
}

Result<Descriptor> read_descriptor(const Json& json, const std::string& what) {
  if (!json.is_object()) return Error{what + " is no object"};
  const std::string* type = string_of(json, "mediaType");
  if (type == nullptr || type->empty() || type->size() > most_media_type) return Error{what + " has no mediaType"};
  const std::string* digest_text = string_of(json, "digest");
  const auto digest = digest_text == nullptr ? std::nullopt : Digest::parse(*digest_text);
  if (!digest) return Error{what + " has no digest that is sha256: and 64 digits"};
  const auto size = json.find("size");
  if (size == json.end() || !size->is_number_unsigned() || size->get<std::uint64_t>() > most_size) {
    return Error{what + " has no size that is a number of bytes"};
  }
  Descriptor descriptor{*type, *digest, size->get<std::uint64_t>(), {}, {}, {}};
  if (const auto platform = json.find("platform"); platform != json.end() && platform->is_object()) {
    if (const auto* text = string_of(*platform, "architecture")) descriptor.architecture = *text;
    if (const auto* text = string_of(*platform, "os")) descriptor.os = *text;
  }
  if (const auto annotations = json.find("annotations"); annotations != json.end() && annotations->is_object()) {
    for (const auto& [key, value] : annotations->items()) {
      if (const auto* text = value.get_ptr<const std::string*>()) descriptor.annotations.emplace(key, *text);
    }
  }
  return descriptor;
}

Result<std::vector<Descriptor>> read_descriptors(const Json& json, const std::string& what, std::size_t most) {
  if (!json.is_array()) return Error{"its " + what + " are no list"};
  if (json.size() > most) {
    return Error{"it has " + std::to_string(json.size()) + " " + what + "; " + std::to_string(most) + " are the most"};
  }
  std::vector<Descriptor> descriptors;
  for (const Json& entry : json) {
    auto one = read_descriptor(entry, "one of its " + what);
    if (!one.ok()) return std::move(one).error();
    descriptors.push_back(std::move(one).value());
  }
  return descriptors;
}

Result<Document> read_manifest(const Json& json) {
  const auto config = json.find("config");
  if (config == json.end()) return Error{"it has no config"};
  auto described = read_descriptor(*config, "its config");
  if (!described.ok()) return std::move(described).error();
  const auto layers = json.find("layers");
  if (layers == json.end()) return Error{"it has no layers"};
  auto read = read_descriptors(*layers, "layers", max_layers);
  if (!read.ok()) return std::move(read).error();
  return Document(Manifest{std::move(described.value().media_type), std::move(read).value()});
}

Result<Document> read_index(const Json& json) {
  const auto manifests = json.find("manifests");
  if (manifests == json.end()) return Error{"it has no manifests"};
  auto read = read_descriptors(*manifests, "manifests", max_manifests);
  if (!read.ok()) return std::move(read).error();
  return Document(Index{std::move(read).value()});
}

}  // namespace

std::string accepted_documents() {
  std::string all;
  for (const std::string_view type : {oci_manifest, oci_index, docker_manifest, docker_index}) {
    all.append(all.empty() ? "" : ", ").append(type);
  }
  return all;
}

Result<Document> read_document(std::string_view text, std::string_view content_type) {
  if (text.size() > max_document_bytes) {
    return Error{"the manifest has more than " + std::to_string(max_document_bytes) + " bytes"};
  }
  const auto wrong = [](const std::string& what) { return Error{"the manifest is malformed: " + what}; };
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return wrong(json.is_discarded() ? "it is not JSON" : "it is no JSON object");
  const auto version = json.find("schemaVersion");
  if (version == json.end() || *version != 2) return wrong("its schemaVersion is not 2");
  std::string_view type = bare(content_type);
  if (const std::string* said = string_of(json, "mediaType")) {
    // An answer that can be read as two things means one to us and another to who has signed it.
    if ((is_manifest_type(type) || is_index_type(type)) && type != *said) {
      return wrong("it says that it is " + shown(*said) + ", and the registry that it is " + shown(type));
    }
    type = *said;
  }
  if (json.contains("layers") && json.contains("manifests")) return wrong("it has both layers and manifests");
  if (!is_manifest_type(type) && !is_index_type(type) && !content_type.empty() && json.contains("mediaType")) {
    return Error{"it is no module: a document of the type " + shown(type)};
  }
  // Of documents that do not say what they are, some registries do not either.
  const bool is_index = is_index_type(type) || (!is_manifest_type(type) && json.contains("manifests"));
  auto read = is_index ? read_index(json) : read_manifest(json);
  if (!read.ok()) return wrong(read.error().message);
  return read;
}

Result<Descriptor> choose_manifest(const Index& index) {
  std::vector<const Descriptor*> images;
  for (const Descriptor& entry : index.manifests) {
    const bool attests = entry.annotations.contains("vnd.docker.reference.type") || entry.os == "unknown";
    if (is_manifest_type(entry.media_type) && !attests) images.push_back(&entry);
  }
  for (const std::string_view os : {"wasip1", "wasi", "wasip2", ""}) {
    for (const Descriptor* entry : images) {
      if (entry->architecture == "wasm" && (os.empty() || entry->os == os)) return *entry;
    }
  }
  if (images.size() == 1) return *images.front();
  return Error{"its index has " + std::to_string(images.size()) +
               " images, and none of them is for the architecture wasm; expected one of that, or only one"};
}

std::string make_config(const Digest& layer, bool is_component) {
  nlohmann::ordered_json config;
  config["architecture"] = "wasm";
  config["os"] = is_component ? "wasip2" : "wasip1";
  config["layerDigests"] = nlohmann::ordered_json::array({layer.text()});
  return config.dump();
}

std::string make_manifest(std::string_view config, const Digest& layer, std::size_t layer_size, std::string_view name) {
  nlohmann::ordered_json manifest;
  manifest["schemaVersion"] = 2;
  manifest["mediaType"] = oci_manifest;
  manifest["config"] = {{"mediaType", wasm_config}, {"digest", Digest::of(config).text()}, {"size", config.size()}};
  nlohmann::ordered_json described;
  described["mediaType"] = wasm_layer;
  described["digest"] = layer.text();
  described["size"] = layer_size;
  described["annotations"]["org.opencontainers.image.title"] = name;
  manifest["layers"] = nlohmann::ordered_json::array({std::move(described)});
  return manifest.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace wasm_grpc::registry
