#include "services/described_files.h"

#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <unordered_set>

#include "editions/lower.h"
#include "services/descriptor_limits.h"

namespace wasm_grpc::services {

namespace pb = google::protobuf;

namespace {

/// Keeps the first complaint about a file.
class FirstError final : public pb::DescriptorPool::ErrorCollector {
 public:
  void AddError(const std::string& /*file*/, const std::string& element, const pb::Message* /*descriptor*/,
                ErrorLocation /*location*/, const std::string& message) override {
    if (text_.empty()) text_ = element + ": " + message;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  std::string text_;
};

/// Text of a guest for a line of the log.
std::string quoted(std::string_view text) {
  constexpr std::size_t most = 200;
  std::string out = "\"";
  for (const char c : text.substr(0, most)) out += c >= ' ' && c != 0x7f ? c : '?';
  return out + (text.size() > most ? "...\"" : "\"");
}

/// Files by their names, and in which order they can be built: each after those it imports.
class FileOrder {
 public:
  struct Entry {
    pb::FileDescriptorProto file;
    std::string bytes;
  };

  Result<> add(const pb::FileDescriptorSet& set, DescriptorLimits& limits) {
    for (const pb::FileDescriptorProto& file : set.file()) {
      std::string bytes = file.SerializeAsString();
      const auto known = files_.find(file.name());
      if (known == files_.end()) {
        if (auto few = limits.add(file); !few.ok()) return few;
        files_.emplace(file.name(), Entry{file, std::move(bytes)});
      } else if (known->second.bytes != bytes) {
        return Error{"its descriptors have the file " + quoted(file.name()) + " twice, with different content"};
      }
    }
    return success();
  }

  /// Adds what is imported and missing, where this program has it itself.
  Result<> complete() {
    std::vector<std::string> unseen;
    for (const auto& [name, entry] : files_) unseen.push_back(name);
    while (!unseen.empty()) {
      const std::string name = std::move(unseen.back());
      unseen.pop_back();
      for (const std::string& import : files_.at(name).file.dependency()) {
        if (files_.contains(import)) continue;
        const pb::FileDescriptor* own = import.starts_with("google/protobuf/")
                                            ? pb::DescriptorPool::generated_pool()->FindFileByName(import)
                                            : nullptr;
        if (own == nullptr) {
          return Error{"its descriptors lack the file " + quoted(import) + ", which " + quoted(name) +
                       " imports; make them with protoc --include_imports"};
        }
        Entry entry;
        own->CopyTo(&entry.file);
        entry.bytes = entry.file.SerializeAsString();
        files_.emplace(import, std::move(entry));
        unseen.push_back(import);
      }
    }
    return success();
  }

  /// Makes files of editions such as can be built; what is served as it was given is not touched.
  Result<> lower() {
    std::vector<pb::FileDescriptorProto*> files;
    for (auto& [name, entry] : files_) files.push_back(&entry.file);
    if (const std::string wrong = editions::lower(files); !wrong.empty()) return Error{"of its descriptors, " + wrong};
    return success();
  }

  /// Without recursion: a guest decides how long a chain of imports is.
  Result<std::vector<Entry*>> sorted() {
    std::map<std::string_view, std::vector<std::string_view>> importers;
    std::map<std::string_view, std::size_t> missing;  // imports not yet in the order
    std::vector<std::string_view> ready;
    for (const auto& [name, entry] : files_) {
      const std::unordered_set<std::string_view> imports(entry.file.dependency().begin(),
                                                         entry.file.dependency().end());
      for (const std::string_view import : imports) importers[import].push_back(name);
      missing[name] = imports.size();
      if (imports.empty()) ready.push_back(name);
    }
    std::vector<Entry*> order;
    while (!ready.empty()) {
      const std::string_view name = ready.back();
      ready.pop_back();
      order.push_back(&files_.find(name)->second);
      for (const std::string_view importer : importers[name]) {
        if (--missing[importer] == 0) ready.push_back(importer);
      }
    }
    if (order.size() == files_.size()) return order;
    std::string_view in_a_circle;
    for (const auto& [name, left] : missing) {
      if (left > 0) in_a_circle = name;
    }
    return Error{"the files of its descriptors import each other in a circle, " + quoted(in_a_circle) + " among them"};
  }

 private:
  std::map<std::string, Entry, std::less<>> files_;
};

MethodTypes types_of(const pb::MethodDescriptor* method) {
  return {method->input_type()->full_name(), method->output_type()->full_name()};
}

}  // namespace

rpc::MethodKind kind_of(const pb::MethodDescriptor& method) noexcept {
  if (method.client_streaming()) {
    return method.server_streaming() ? rpc::MethodKind::bidi_stream : rpc::MethodKind::client_stream;
  }
  return method.server_streaming() ? rpc::MethodKind::server_stream : rpc::MethodKind::unary;
}

Result<std::shared_ptr<const DescribedFiles>> DescribedFiles::parse(std::span<const std::string> sets) {
  FileOrder order;
  DescriptorLimits limits;
  for (const std::string& bytes : sets) {
    if (auto few = limits.add_bytes(bytes); !few.ok()) return std::move(few).error();
    pb::FileDescriptorSet set;
    if (!set.ParseFromString(bytes)) return Error{"its descriptors are not a google.protobuf.FileDescriptorSet"};
    if (auto added = order.add(set, limits); !added.ok()) return std::move(added).error();
  }
  if (auto completed = order.complete(); !completed.ok()) return std::move(completed).error();
  if (auto lowered = order.lower(); !lowered.ok()) return std::move(lowered).error();
  auto sorted = order.sorted();
  if (!sorted.ok()) return std::move(sorted).error();
  std::shared_ptr<DescribedFiles> made(new DescribedFiles);
  for (FileOrder::Entry* entry : sorted.value()) {
    if (auto added = made->add(entry->file, std::move(entry->bytes)); !added.ok()) return std::move(added).error();
  }
  return std::shared_ptr<const DescribedFiles>(std::move(made));
}

Result<> DescribedFiles::add(const pb::FileDescriptorProto& file, std::string bytes) {
  FirstError error;
  const pb::FileDescriptor* built = pool_.BuildFileCollectingErrors(file, &error);
  if (built == nullptr) {
    return Error{"the file " + quoted(file.name()) + " of its descriptors makes no sense: " + quoted(error.text())};
  }
  files_.push_back(built);
  bytes_.emplace(built, std::move(bytes));
  return success();
}

std::vector<std::string_view> DescribedFiles::with_imports(const pb::FileDescriptor* file) const {
  std::vector<const pb::FileDescriptor*> found{file};
  std::unordered_set<const pb::FileDescriptor*> seen{file};
  std::vector<std::string_view> all;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const pb::FileDescriptor* next = found[i];
    all.push_back(bytes(next));
    for (int import = 0; import < next->dependency_count(); ++import) {
      if (seen.insert(next->dependency(import)).second) found.push_back(next->dependency(import));
    }
  }
  return all;
}

std::vector<DescribedMethod> DescribedFiles::methods() const {
  std::vector<DescribedMethod> all;
  for (const pb::FileDescriptor* file : files_) {
    for (int i = 0; i < file->service_count(); ++i) {
      const pb::ServiceDescriptor* service = file->service(i);
      for (int j = 0; j < service->method_count(); ++j) {
        const pb::MethodDescriptor* method = service->method(j);
        all.push_back({"/" + service->full_name() + "/" + method->name(), kind_of(*method), types_of(method)});
      }
    }
  }
  return all;
}

const pb::MethodDescriptor* DescribedFiles::find(std::string_view path) const {
  const auto parts = rpc::parse_method_path(path);
  if (!parts) return nullptr;
  const pb::ServiceDescriptor* service = pool_.FindServiceByName(std::string(parts->service));
  return service == nullptr ? nullptr : service->FindMethodByName(std::string(parts->method));
}

Result<> DescribedFiles::check(std::string_view path, rpc::MethodKind kind) const {
  const auto parts = rpc::parse_method_path(path);
  if (!parts) return success();
  const pb::ServiceDescriptor* service = pool_.FindServiceByName(std::string(parts->service));
  if (service == nullptr) return success();
  const pb::MethodDescriptor* method = service->FindMethodByName(std::string(parts->method));
  if (method == nullptr) {
    std::string known;
    for (int i = 0; i < service->method_count() && i < 20; ++i)
      known += (i > 0 ? ", " : "") + service->method(i)->name();
    return Error{"it declares the method " + std::string(path) + ", but by its descriptors the service has " +
                 (known.empty() ? "no methods" : "only " + known) + "; are they of the same version?"};
  }
  if (kind_of(*method) == kind) return success();
  return Error{"it declares the method " + std::string(path) + " as " + std::string(rpc::name(kind)) +
               ", but by its descriptors it is " + std::string(rpc::name(kind_of(*method))) +
               "; are they of the same version?"};
}

MethodTypes DescribedFiles::types(std::string_view path) const {
  const pb::MethodDescriptor* method = find(path);
  return method == nullptr ? MethodTypes() : types_of(method);
}

}  // namespace wasm_grpc::services
