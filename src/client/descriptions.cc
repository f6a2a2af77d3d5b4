#include "client/descriptions.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/compiler/parser.h>
#include <google/protobuf/descriptor.pb.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <algorithm>
#include <filesystem>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "editions/source.h"
#include "services/reflection.h"
#include "services/reflection_messages.pb.h"

namespace wasm_grpc::client {

namespace pb = google::protobuf;

namespace {

using services::reflection::ServerReflectionRequest;
using services::reflection::ServerReflectionResponse;

constexpr std::chrono::milliseconds limit{30'000};
/// Where protobuf's own .proto files are.
constexpr const char* system_folders[] = {"/usr/include", "/usr/local/include"};

/// Asks once, by v1 or else v1alpha.
Result<ServerReflectionResponse> ask(Channel& channel, const ServerReflectionRequest& request,
                                     const Metadata& metadata) {
  rpc::Status status;
  for (const std::string_view path : services::reflection_paths) {
    std::optional<ServerReflectionResponse> response;
    CallEvents events;
    events.message = [&](std::string_view message) -> Result<> {
      response.emplace();
      if (!response->ParseFromArray(message.data(), static_cast<int>(message.size()))) {
        return Error{"the server's reflection answers with something else"};
      }
      return success();
    };
    const CallOptions options{
        .path = std::string(path), .kind = rpc::MethodKind::bidi_stream, .metadata = metadata, .deadline = limit};
    auto end = channel.call(options, source_of({request.SerializeAsString()}), events);
    if (!end.ok()) return std::move(end).error();
    status = end.value().status;
    if (response) return *response;
    if (status.code != rpc::StatusCode::unimplemented) break;
  }
  if (status.code == rpc::StatusCode::unimplemented) {
    return Error{"the server has no reflection; say what its services are with --proto FILE"};
  }
  return Error{"the server's reflection failed: " + std::string(rpc::name(status.code)) + ": " + status.message};
}

/// Adds the files of an answer, by their names.
Result<> add_files(const ServerReflectionResponse& response, std::map<std::string, pb::FileDescriptorProto>& files) {
  if (response.has_error_response()) return Error{response.error_response().error_message()};
  for (const std::string& bytes : response.file_descriptor_response().file_descriptor_proto()) {
    pb::FileDescriptorProto file;
    if (!file.ParseFromString(bytes)) return Error{"the server's reflection sent a file that is none"};
    files.insert_or_assign(file.name(), std::move(file));
  }
  return success();
}

Result<Files> put_together(const std::map<std::string, pb::FileDescriptorProto>& files) {
  pb::FileDescriptorSet set;
  for (const auto& [name, file] : files) *set.add_file() = file;
  const std::string sets[] = {set.SerializeAsString()};
  auto parsed = services::DescribedFiles::parse(sets);
  if (!parsed.ok()) return Error{"the description of the service does not fit together: " + parsed.error().message};
  return parsed;
}

/// Servers may leave out what a file imports; it is asked for by its name then.
Result<> add_imports(Channel& channel, const Metadata& metadata,
                     std::map<std::string, pb::FileDescriptorProto>& files) {
  std::set<std::string> asked;
  for (bool missing = true; missing;) {
    missing = false;
    std::set<std::string> imports;
    for (const auto& [name, file] : files) imports.insert(file.dependency().begin(), file.dependency().end());
    for (const std::string& import : imports) {
      if (files.contains(import) || !asked.insert(import).second) continue;
      ServerReflectionRequest request;
      request.set_file_by_filename(import);
      const auto response = ask(channel, request, metadata);
      if (!response.ok()) return response.error();
      // A file it does not have may be one of protobuf's own; else the files do not fit together.
      missing = add_files(response.value(), files).ok() || missing;
    }
  }
  return success();
}

/// The names of the messages that may be extended, "package.Outer.Inner".
void add_extendable(const pb::DescriptorProto& message, const std::string& outer, std::set<std::string>& names) {
  const std::string name = outer.empty() ? message.name() : outer + "." + message.name();
  if (message.extension_range_size() > 0) names.insert(name);
  for (const pb::DescriptorProto& nested : message.nested_type()) add_extendable(nested, name, names);
}

/// Adds the files of extensions that nothing imports. A server that does not tell of any has none, as far as we know.
Result<> add_extensions(Channel& channel, const Metadata& metadata,
                        std::map<std::string, pb::FileDescriptorProto>& files) {
  constexpr std::size_t most_questions = 200;
  std::set<std::string> types;
  for (const auto& [name, file] : files) {
    if (name.starts_with("google/protobuf/")) continue;  // of options, which are in no message of a call
    for (const pb::DescriptorProto& message : file.message_type()) add_extendable(message, file.package(), types);
  }
  std::size_t questions = 0;
  for (const std::string& type : types) {
    ServerReflectionRequest request;
    request.set_all_extension_numbers_of_type(type);
    if (++questions > most_questions) break;
    const auto numbers = ask(channel, request, metadata);
    if (!numbers.ok()) return success();  // grpc-go answers so, others end the stream
    for (const int number : numbers.value().all_extension_numbers_response().extension_number()) {
      if (++questions > most_questions) break;
      request.mutable_file_containing_extension()->set_containing_type(type);
      request.mutable_file_containing_extension()->set_extension_number(number);
      const auto response = ask(channel, request, metadata);
      if (response.ok()) static_cast<void>(add_files(response.value(), files));
    }
  }
  return questions > 0 ? add_imports(channel, metadata, files) : success();
}

class Complaints final : public pb::compiler::MultiFileErrorCollector {
 public:
  void AddError(const std::string& file, int line, int column, const std::string& message) override {
    if (!text.empty()) return;
    text = file;
    if (line >= 0) text += ":" + std::to_string(line + 1) + ":" + std::to_string(column + 1);
    text += ": " + message;
  }
  std::string text;
};

class FirstError final : public pb::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message;
  }
  std::string text;
};

std::string read_all(pb::io::ZeroCopyInputStream& in) {
  std::string text;
  const void* data = nullptr;
  for (int size = 0; in.Next(&data, &size);)
    text.append(static_cast<const char*>(data), static_cast<std::size_t>(size));
  return text;
}

/// The files, where one of them, or of what they import, is of an edition: protobuf's own importer takes none. Nothing
/// where none is; errors are left to it then.
std::optional<Result<Files>> read_editions(pb::compiler::DiskSourceTree& tree, std::vector<std::string> open) {
  std::map<std::string, pb::FileDescriptorProto> files;
  bool any = false;
  std::optional<Error> wrong;
  while (!open.empty()) {
    const std::string name = std::move(open.back());
    open.pop_back();
    if (files.contains(name)) continue;
    const std::unique_ptr<pb::io::ZeroCopyInputStream> in(tree.Open(name));
    if (in == nullptr) {  // of protobuf's own, the program has some itself
      if (!name.starts_with("google/protobuf/") && !wrong)
        wrong = Error{"--proto " + name + ": " + tree.GetLastErrorMessage()};
      continue;
    }
    const editions::Source source = editions::read_source(read_all(*in));
    if (!source.error.empty()) return Result<Files>(Error{"--proto " + name + ": " + source.error});
    FirstError error;
    pb::io::ArrayInputStream text(source.text.data(), static_cast<int>(source.text.size()));
    pb::io::Tokenizer tokens(&text, &error);
    pb::compiler::Parser parser;
    parser.RecordErrorsTo(&error);
    pb::FileDescriptorProto& file = files[name];
    if (!parser.Parse(&tokens, &file) && !wrong) wrong = Error{"--proto " + name + ":" + error.text};
    file.set_name(name);
    if (source.edition) editions::adopt(file, *source.edition);
    any = any || source.edition.has_value();
    open.insert(open.end(), file.dependency().begin(), file.dependency().end());
  }
  if (!any) return std::nullopt;
  if (wrong) return Result<Files>(std::move(*wrong));
  auto made = put_together(files);
  return made.ok() ? std::move(made) : Result<Files>(Error{"--proto: " + made.error().message});
}

/// Those of no edition, by protobuf's own importer, which says where an error is.
Result<Files> import(pb::compiler::DiskSourceTree& tree, const std::vector<std::string>& names) {
  Complaints complaints;
  pb::compiler::Importer importer(&tree, &complaints);
  std::map<std::string, pb::FileDescriptorProto> files;
  std::vector<const pb::FileDescriptor*> found;
  for (const std::string& name : names) {
    const pb::FileDescriptor* file = importer.Import(name);
    if (file == nullptr) return Error{"--proto " + complaints.text};
    found.push_back(file);
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    auto [entry, added] = files.try_emplace(found[i]->name());
    if (!added) continue;
    const pb::FileDescriptor* file = found[i];
    file->CopyTo(&entry->second);
    for (int j = 0; j < file->dependency_count(); ++j) found.push_back(file->dependency(j));
  }
  return put_together(files);
}

}  // namespace

Result<std::vector<std::string>> list_services(Channel& channel, const Metadata& metadata) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  auto response = ask(channel, request, metadata);
  if (!response.ok()) return std::move(response).error();
  if (response.value().has_error_response()) return Error{response.value().error_response().error_message()};
  std::set<std::string> names;
  for (const auto& service : response.value().list_services_response().service()) names.insert(service.name());
  return std::vector<std::string>(names.begin(), names.end());
}

Result<Files> describe_by_reflection(Channel& channel, const std::string& symbol, const Metadata& metadata) {
  std::map<std::string, pb::FileDescriptorProto> files;
  ServerReflectionRequest request;
  request.set_file_containing_symbol(symbol);
  auto response = ask(channel, request, metadata);
  if (!response.ok()) return std::move(response).error();
  if (auto added = add_files(response.value(), files); !added.ok()) {
    return Error{"the server does not say what " + symbol + " is: " + added.error().message + " (--proto FILE can)"};
  }
  if (auto added = add_imports(channel, metadata, files); !added.ok()) return std::move(added).error();
  if (auto added = add_extensions(channel, metadata, files); !added.ok()) return std::move(added).error();
  return put_together(files);
}

Result<Files> merged(const Files& first, const Files& second) {
  std::map<std::string, pb::FileDescriptorProto> files;
  for (const Files& some : {first, second}) {
    for (const pb::FileDescriptor* file : some->files()) {
      pb::FileDescriptorProto proto;
      if (proto.ParseFromString(some->bytes(file))) files.try_emplace(file->name(), std::move(proto));
    }
  }
  return put_together(files);
}

Result<ProtoFiles> read_protos(const std::vector<std::string>& protos, const std::vector<std::string>& folders) {
  pb::compiler::DiskSourceTree tree;
  for (const std::string& folder : folders) tree.MapPath("", folder);
  ProtoFiles read;
  for (const std::string& proto : protos) {
    std::string name;
    std::string shadowing;
    if (tree.DiskFileToVirtualFile(proto, &name, &shadowing) != pb::compiler::DiskSourceTree::SUCCESS) {
      const std::filesystem::path path(proto);
      tree.MapPath("", path.has_parent_path() ? path.parent_path().string() : ".");
      name = path.filename();
    }
    read.named.push_back(std::move(name));
  }
  for (const char* system : system_folders) tree.MapPath("", system);
  auto files = read_editions(tree, read.named);
  if (!files) files = import(tree, read.named);
  if (!files->ok()) return std::move(*files).error();
  read.files = std::move(*files).value();
  for (const pb::FileDescriptor* file : read.files->files()) {
    std::string path;
    if (!tree.VirtualFileToDiskFile(file->name(), &path)) continue;
    const bool is_systems = std::any_of(std::begin(system_folders), std::end(system_folders),
                                        [&](const char* folder) { return path == folder + ("/" + file->name()); });
    if (!is_systems) read.sources.push_back({file->name(), path});
  }
  return read;
}

Result<Files> describe_by_protos(const std::vector<std::string>& protos, const std::vector<std::string>& folders) {
  auto read = read_protos(protos, folders);
  if (!read.ok()) return std::move(read).error();
  return std::move(read).value().files;
}

}  // namespace wasm_grpc::client
