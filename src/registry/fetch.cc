#include "registry/fetch.h"

#include <utility>

#include "registry/cache.h"
#include "registry/layer.h"
#include "registry/manifest.h"
#include "registry/session.h"
#include "registry/signature.h"

namespace wasm_grpc::registry {

namespace {

Error of(const Reference& reference, const Error& error) { return Error{reference.text() + ": " + error.message}; }

/// One module on its way.
class Fetch {
 public:
  Fetch(const RegistryOptions& options, const Reference& reference, const Demands& demands, const Cache& cache,
        const std::stop_token& stop)
      : options_(options), reference_(reference), demands_(demands), cache_(cache), stop_(stop) {}

  Result<FetchedModule> run() {
    auto digest = resolve();
    if (!digest.ok()) return std::move(digest).error();
    if (auto is_signed = check_signed(digest.value()); !is_signed.ok()) return std::move(is_signed).error();
    auto manifest = manifest_of(digest.value());
    if (!manifest.ok()) return std::move(manifest).error();
    auto layer = module_layer(manifest.value());
    if (!layer.ok()) return std::move(layer).error();
    auto content = content_of(layer.value());
    if (!content.ok()) return std::move(content).error();
    auto module = module_of_layer(std::move(content).value(), layer.value().media_type, demands_.max_module_bytes);
    if (!module.ok()) return std::move(module).error();
    return FetchedModule{std::move(module).value(), digest.value(), std::move(warnings_)};
  }

 private:
  /// The session with the registry, which is opened when it is needed.
  Result<Session*> session() {
    if (!session_) {
      auto opened = Session::open(options_, reference_, Right::pull, stop_);
      if (!opened.ok()) return std::move(opened).error();
      session_.emplace(std::move(opened).value());
    }
    return &*session_;
  }

  void keep(const Result<>& kept) {
    if (!kept.ok() && warnings_.empty()) {
      warnings_.push_back(reference_.text() + ": it cannot be kept in the cache: " + kept.error().message);
    }
  }

  /// What the reference means.
  Result<Digest> resolve() {
    if (reference_.digest) return *reference_.digest;
    auto opened = session();
    if (!opened.ok()) return std::move(opened).error();
    auto document = opened.value()->document(reference_.tag);
    if (!document.ok()) {
      const auto before = opened.value()->may_pass() ? cache_.tag(reference_) : std::nullopt;
      if (!before) return std::move(document).error();
      warnings_.push_back(reference_.text() + ": what the cache has, " + before->text() +
                          ", is taken, as the registry cannot be asked: " + document.error().message);
      return *before;
    }
    if (!document.value()) return Error{"the registry has no module of that name and tag"};
    RawDocument& raw = *document.value();
    const Digest digest = raw.digest;
    // What it is called by the registry is not kept, so it has to say itself what it is, or be plain.
    if (auto read = read_document(raw.text, raw.media_type); !read.ok()) return std::move(read).error();
    keep(cache_.put_manifest(digest, raw.text));
    fetched_ = std::move(raw);
    return digest;
  }

  Result<Document> document_of(const Digest& digest) {
    if (fetched_ && fetched_->digest == digest) return read_document(fetched_->text, fetched_->media_type);
    if (const auto kept = cache_.manifest(digest)) return read_document(*kept, "");
    auto opened = session();
    if (!opened.ok()) return std::move(opened).error();
    auto document = opened.value()->document(digest.text());
    if (!document.ok()) return std::move(document).error();
    if (!document.value()) return Error{"the registry has no manifest " + digest.text()};
    auto read = read_document(document.value()->text, document.value()->media_type);
    if (read.ok()) keep(cache_.put_manifest(digest, document.value()->text));
    return read;
  }

  Result<Manifest> manifest_of(const Digest& digest) {
    auto document = document_of(digest);
    if (!document.ok()) return std::move(document).error();
    if (auto* manifest = std::get_if<Manifest>(&document.value())) return std::move(*manifest);
    auto chosen = choose_manifest(std::get<Index>(document.value()));
    if (!chosen.ok()) return std::move(chosen).error();
    auto inner = document_of(chosen.value().digest);
    if (!inner.ok()) return std::move(inner).error();
    if (auto* manifest = std::get_if<Manifest>(&inner.value())) return std::move(*manifest);
    return Error{"its index names another index; expected a manifest"};
  }

  Result<std::string> content_of(const Descriptor& layer) {
    if (layer.size > demands_.max_module_bytes) {
      return Error{"its layer has " + std::to_string(layer.size) + " bytes, and " +
                   std::to_string(demands_.max_module_bytes) + " are allowed (max-module-size)"};
    }
    if (auto kept = cache_.blob(layer.digest, static_cast<std::size_t>(layer.size));
        kept && kept->size() == layer.size) {
      return std::move(*kept);
    }
    auto opened = session();
    if (!opened.ok()) return std::move(opened).error();
    auto content = opened.value()->blob(layer.digest, layer.size);
    if (content.ok()) keep(cache_.put_blob(layer.digest, content.value()));
    return content;
  }

  // ---- Signatures ----

  Result<> check_signed(const Digest& digest) {
    if (demands_.keys.empty()) return success();
    const auto keys = SignatureKeys::read(demands_.keys);
    if (!keys.ok()) return keys.error();
    if (const auto kept = cache_.signatures(digest); kept && keys.value().have_signed(digest, read_signatures(*kept))) {
      return success();
    }
    auto found = signatures_of(digest);
    if (!found.ok()) return std::move(found).error();
    if (!keys.value().have_signed(digest, found.value())) {
      return Error{"it has to be signed, and " +
                   (found.value().empty() ? "has no signature"
                                          : "none of its " + std::to_string(found.value().size()) +
                                                " signatures is by a key of [registry] key") +
                   "; sign " + digest.text() + " by `cosign sign --key`"};
    }
    keep(cache_.put_signatures(digest, write_signatures(found.value())));
    return success();
  }

  /// What cosign has left beside the manifest; none where there is nothing.
  Result<std::vector<Signature>> signatures_of(const Digest& digest) {
    auto opened = session();
    if (!opened.ok()) return std::move(opened).error();
    auto document = opened.value()->document(signature_tag(digest));
    if (!document.ok()) return std::move(document).error();
    std::vector<Signature> signatures;
    if (!document.value()) return signatures;
    auto read = read_document(document.value()->text, document.value()->media_type);
    const auto* manifest = read.ok() ? std::get_if<Manifest>(&read.value()) : nullptr;
    if (manifest == nullptr)
      return Error{"its signatures: " + (read.ok() ? "expected a manifest" : read.error().message)};
    for (SignedLayer& one : signed_layers(*manifest)) {
      auto payload = opened.value()->blob(one.layer.digest, one.layer.size);
      if (!payload.ok()) return std::move(payload).error();
      signatures.push_back({std::move(payload).value(), std::move(one.signature)});
    }
    return signatures;
  }

  const RegistryOptions& options_;
  const Reference& reference_;
  const Demands& demands_;
  const Cache& cache_;
  const std::stop_token& stop_;
  std::optional<Session> session_;
  std::optional<RawDocument> fetched_;
  std::vector<std::string> warnings_;
};

}  // namespace

Result<FetchedModule> fetch_module(const RegistryOptions& options, const Reference& reference, const Demands& demands,
                                   const std::stop_token& stop) {
  const auto cache = Cache::open(options.cache, options.cache_size);
  if (!cache.ok()) return of(reference, cache.error());
  auto fetched = Fetch(options, reference, demands, cache.value(), stop).run();
  if (!fetched.ok()) return of(reference, fetched.error());
  // What a tag means is kept only once it is whole, signed and what it should be: a start without the registry must not
  // fail for what was never served.
  if (reference.digest) return fetched;
  if (auto kept = cache.value().put_tag(reference, fetched.value().digest); !kept.ok()) {
    fetched.value().warnings.push_back(reference.text() + ": its digest cannot be kept: " + kept.error().message);
  }
  return fetched;
}

Result<Digest> current_digest(const RegistryOptions& options, const Reference& reference, const std::stop_token& stop) {
  if (reference.digest) return *reference.digest;
  auto session = Session::open(options, reference, Right::pull, stop);
  if (!session.ok()) return of(reference, session.error());
  auto digest = session.value().digest_of(reference.tag);
  if (!digest.ok()) return of(reference, digest.error());
  return digest;
}

Result<Digest> push_module(const RegistryOptions& options, const Reference& reference, const std::string& bytes,
                           const std::string& name, const std::stop_token& stop) {
  const auto push = [&]() -> Result<Digest> {
    if (reference.digest) return Error{"what is pushed gets its digest by what it is; expected a tag only"};
    // A core module or a component: the preamble says it.
    constexpr std::string_view magic("\0asm", 4);
    constexpr std::size_t layer_field = 6;
    if (bytes.size() <= layer_field + 1 || !bytes.starts_with(magic)) {
      return Error{name + " is no WebAssembly: it does not begin with \\0asm"};
    }
    const Digest layer = Digest::of(bytes);
    const std::string config = make_config(layer, bytes[layer_field] == 1);
    const std::string manifest = make_manifest(config, layer, bytes.size(), name);
    auto session = Session::open(options, reference, Right::push, stop);
    if (!session.ok()) return std::move(session).error();
    for (const std::string_view content : {std::string_view(bytes), std::string_view(config)}) {
      if (auto put = session.value().put_blob(content); !put.ok()) return std::move(put).error();
    }
    if (auto put = session.value().put_document(reference.tag, manifest, oci_manifest); !put.ok()) {
      return std::move(put).error();
    }
    return Digest::of(manifest);
  };
  auto pushed = push();
  if (!pushed.ok()) return of(reference, pushed.error());
  return pushed;
}

}  // namespace wasm_grpc::registry
