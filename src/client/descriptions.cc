#include "client/descriptions.h"

#include <google/protobuf/compiler/importer.h>
#include <google/protobuf/descriptor.pb.h>

#include <filesystem>
#include <map>
#include <set>

#include "services/reflection.h"
#include "services/reflection_messages.pb.h"

namespace wasm_grpc::client {

namespace pb = google::protobuf;

namespace {

using services::reflection::ServerReflectionRequest;
using services::reflection::ServerReflectionResponse;

constexpr std::chrono::milliseconds limit{30'000};

/// Asks once, by v1 or else v1alpha.
Result<ServerReflectionResponse> ask(Channel& channel, const ServerReflectionRequest& request) {
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
    const CallOptions options{std::string(path), {}, limit, false};
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

}  // namespace

Result<std::vector<std::string>> list_services(Channel& channel) {
  ServerReflectionRequest request;
  request.set_list_services("*");
  auto response = ask(channel, request);
  if (!response.ok()) return std::move(response).error();
  if (response.value().has_error_response()) return Error{response.value().error_response().error_message()};
  std::set<std::string> names;
  for (const auto& service : response.value().list_services_response().service()) names.insert(service.name());
  return std::vector<std::string>(names.begin(), names.end());
}

Result<Files> describe_by_reflection(Channel& channel, const std::string& service) {
  std::map<std::string, pb::FileDescriptorProto> files;
  ServerReflectionRequest request;
  request.set_file_containing_symbol(service);
  auto response = ask(channel, request);
  if (!response.ok()) return std::move(response).error();
  if (auto added = add_files(response.value(), files); !added.ok()) {
    return Error{"the server does not say what the service " + service + " is: " + added.error().message +
                 " (--proto FILE can)"};
  }
  // Servers may leave out what a file imports; it is asked for by its name then.
  std::set<std::string> asked;
  for (bool missing = true; missing;) {
    missing = false;
    std::set<std::string> imports;
    for (const auto& [name, file] : files) imports.insert(file.dependency().begin(), file.dependency().end());
    for (const std::string& import : imports) {
      if (files.contains(import) || !asked.insert(import).second) continue;
      request.set_file_by_filename(import);
      response = ask(channel, request);
      if (!response.ok()) return std::move(response).error();
      // A file it does not have may be one of protobuf's own; else the files do not fit together.
      missing = add_files(response.value(), files).ok() || missing;
    }
  }
  return put_together(files);
}

Result<Files> describe_by_protos(const std::vector<std::string>& protos, const std::vector<std::string>& folders) {
  pb::compiler::DiskSourceTree tree;
  for (const std::string& folder : folders) tree.MapPath("", folder);
  std::vector<std::string> names;
  for (const std::string& proto : protos) {
    std::string name;
    std::string shadowing;
    if (tree.DiskFileToVirtualFile(proto, &name, &shadowing) != pb::compiler::DiskSourceTree::SUCCESS) {
      const std::filesystem::path path(proto);
      tree.MapPath("", path.has_parent_path() ? path.parent_path().string() : ".");
      name = path.filename();
    }
    names.push_back(std::move(name));
  }
  for (const char* system : {"/usr/include", "/usr/local/include"}) tree.MapPath("", system);
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
    found[i]->CopyTo(&entry->second);
    const pb::FileDescriptor* file = found[i];
    for (int j = 0; j < file->dependency_count(); ++j) found.push_back(file->dependency(j));
  }
  return put_together(files);
}

}  // namespace wasm_grpc::client
