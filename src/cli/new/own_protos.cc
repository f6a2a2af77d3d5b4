#include "cli/new/own_protos.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

namespace wasm_grpc::cli {

namespace pb = google::protobuf;

Result<OwnProtos> read_own_protos(const std::string& proto, const std::vector<std::string>& folders) {
  auto read = client::read_protos({proto}, folders);
  if (!read.ok()) return std::move(read).error();
  OwnProtos own{read.value().files, nullptr, {}};
  own.file = own.files->pool().FindFileByName(read.value().named.front());
  if (own.file == nullptr) return Error{"--proto " + proto + ": it was not found again among what was read"};
  if (methods_of(own).empty()) {
    return Error{"--proto " + proto + ": it has no service with a method; expected the file that has the services"};
  }
  for (const auto& source : read.value().sources) {
    // They are written into CMakeLists.txt, build.rs and a shell's commands.
    const bool is_plain = std::all_of(source.name.begin(), source.name.end(), [](char c) {
      return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view("_-./+").find(c) != std::string::npos;
    });
    if (!is_plain) {
      return Error{"--proto " + proto + ": the name \"" + source.name +
                   "\" cannot be used in a project; expected letters, digits and _ - . / +"};
    }
    std::ifstream file(source.path, std::ios::binary);
    std::string text(std::istreambuf_iterator<char>(file), {});
    if (!file) return Error{"--proto " + proto + ": cannot read " + source.path};
    own.copies.push_back({std::string(protos_folder) + "/" + source.name, std::move(text)});
  }
  return own;
}

std::vector<const pb::MethodDescriptor*> methods_of(const OwnProtos& protos) {
  std::vector<const pb::MethodDescriptor*> methods;
  for (int i = 0; i < protos.file->service_count(); ++i) {
    const pb::ServiceDescriptor& service = *protos.file->service(i);
    for (int j = 0; j < service.method_count(); ++j) methods.push_back(service.method(j));
  }
  return methods;
}

std::string to_be_written(const pb::MethodDescriptor& method) { return method.name() + " is to be written"; }

std::string expectations(const OwnProtos& protos) {
  pb::DynamicMessageFactory messages;
  std::string lines;
  for (const pb::MethodDescriptor* method : methods_of(protos)) {
    // A request with required fields is for the author to think of.
    const bool is_whole = messages.GetPrototype(method->input_type())->IsInitialized();
    lines += std::string(is_whole ? "" : "# ") + "expect 'UNIMPLEMENTED: " + to_be_written(*method) + "' " +
             method->service()->full_name() + "/" + method->name() + " '{}'\n";
  }
  return lines;
}

}  // namespace wasm_grpc::cli
