#include <google/protobuf/descriptor.h>
#include <google/protobuf/descriptor.pb.h>

#include <map>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/new/names.h"
#include "cli/new/own_protos.h"

namespace wasm_grpc::cli {

namespace pb = google::protobuf;

namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// The Go packages of the .proto files, each of which has its own: then none imports another in a circle.
class GoPackages {
 public:
  explicit GoPackages(const OwnProtos& protos) {
    for (const ProjectFile& copy : protos.copies) {
      const std::string file = copy.path.substr(std::string_view(protos_folder).size() + 1);
      std::string name;
      for (const char c : file.substr(0, file.rfind(".proto"))) name.push_back(is_letter(c) || is_digit(c) ? c : '_');
      if (!is_letter(name.front())) name.insert(name.begin(), 'p');
      for (int more = 2; !taken_.insert(name + "pb").second; ++more) name += std::to_string(more);
      names_[file] = name + "pb";
    }
  }

  /// By the names of the files.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& names() const { return names_; }

  /// "shoppb.Order", of protobuf's own "timestamppb.Timestamp". Its package is to be imported.
  [[nodiscard]] std::string type(const pb::Descriptor& message) {
    const pb::FileDescriptor& file = *message.file();
    std::string package;
    if (const auto found = names_.find(file.name()); found != names_.end()) {
      package = found->second;
      imports_.insert("pb/" + package);
    } else {  // "google.golang.org/protobuf/types/known/timestamppb"
      imports_.insert(file.options().go_package());
      package = file.options().go_package().substr(file.options().go_package().rfind('/') + 1);
    }
    const std::size_t scope = file.package().empty() ? 0 : file.package().size() + 1;
    return package + "." + go_name(message.full_name().substr(scope));
  }

  /// Of what type() has named since the last time, a line each.
  [[nodiscard]] std::string imports(const std::string& project) {
    std::string own;
    std::string others;
    for (const std::string& path : std::exchange(imports_, {})) {
      const bool is_own = path.starts_with("pb/");
      (is_own ? own : others) += "\t\"" + (is_own ? "guests/" + project + "/" : std::string()) + path + "\"\n";
    }
    return own + (own.empty() || others.empty() ? "" : "\n") + others;
  }

 private:
  std::set<std::string> taken_;
  std::map<std::string, std::string, std::less<>> names_;
  std::set<std::string> imports_;
};

/// A service's Go type, and what its methods are called there.
struct GoService {
  const pb::ServiceDescriptor* service;
  std::string type;
  std::vector<std::string> methods;
};

std::vector<GoService> services_of(const OwnProtos& protos) {
  std::vector<GoService> services;
  std::set<std::string> types;
  for (int i = 0; i < protos.file->service_count(); ++i) {
    const pb::ServiceDescriptor& service = *protos.file->service(i);
    if (service.method_count() == 0) continue;
    GoService made{&service, "my" + go_name(service.name()), {}};
    while (!types.insert(made.type).second) made.type += '_';
    std::set<std::string> methods;
    for (int j = 0; j < service.method_count(); ++j) {
      std::string name = go_name(service.method(j)->name());
      while (!methods.insert(name).second) name += '_';
      made.methods.push_back(std::move(name));
    }
    services.push_back(std::move(made));
  }
  return services;
}

std::string go_kind(const pb::MethodDescriptor& method) {
  if (method.client_streaming()) return method.server_streaming() ? "BidiStream" : "ClientStream";
  return method.server_streaming() ? "ServerStream" : "Unary";
}

std::string go_stub(const std::string& type, const std::string& name, const pb::MethodDescriptor& method,
                    GoPackages& packages) {
  const std::string request = packages.type(*method.input_type());
  const std::string response = packages.type(*method.output_type());
  const std::string in = method.client_streaming() ? "_ *guest.MessageReader[" + request + "]" : "_ *" + request;
  const std::string out = method.server_streaming() ? ", _ *guest.MessageWriter[" + response + "]" : "";
  const std::string result = method.server_streaming() ? "error" : "(*" + response + ", error)";
  return "\nfunc (" + type + ") " + name + "(_ *guest.Context, " + in + out + ") " + result + " {\n\treturn " +
         (method.server_streaming() ? "" : "nil, ") + "guest.Error(guest.Unimplemented, \"" + to_be_written(method) +
         "\")\n}\n";
}

}  // namespace

std::string go_stubs(const Project& project) {
  const OwnProtos& protos = *project.own;
  GoPackages packages(protos);
  std::string added;
  std::string stubs;
  for (const GoService& service : services_of(protos)) {
    const std::string variable = service.type + "Service";
    added +=
        "\t" + variable + " := guest.NewService(\"" + service.service->full_name() + "\").Codec(protobuf.Codec{})\n";
    stubs += "\ntype " + service.type + " struct{}\n";
    for (int i = 0; i < service.service->method_count(); ++i) {
      const pb::MethodDescriptor& method = *service.service->method(i);
      const std::string& name = service.methods[static_cast<std::size_t>(i)];
      added += "\tguest." + go_kind(method) + "(" + variable + ", \"" + method.name() + "\", " + service.type + "{}." +
               name + ")\n";
      stubs += go_stub(service.type, name, method, packages);
    }
  }
  return "// The services of " + protos.file->name() + ".\npackage main\n\nimport (\n\t_ \"embed\"\n\n" +
         packages.imports(project.name) +
         "\n\t\"wasm-grpc/guest\"\n\t\"wasm-grpc/guest/protobuf\"\n)\n\n//go:generate sh generate.sh\n\n"
         "//go:embed pb/" +
         project.name + ".desc\nvar descriptors []byte\n\nfunc init() {\n\tguest.Descriptors(descriptors)\n" + added +
         "}\n" + stubs + "\nfunc main() {}\n";
}

std::string go_tests(const Project& project) {
  std::string tests;
  for (const GoService& service : services_of(*project.own)) {
    for (int i = 0; i < service.service->method_count(); ++i) {
      const pb::MethodDescriptor& method = *service.service->method(i);
      if (method.client_streaming() || method.server_streaming()) continue;
      tests +=
          "\t\t{\"/" + service.service->full_name() + "/" + method.name() + "\", \"" + to_be_written(method) + "\"},\n";
    }
  }
  return "package main\n\nimport (\n\t\"testing\"\n\n\t\"wasm-grpc/guest\"\n\t\"wasm-grpc/guest/guesttest\"\n)\n\n"
         "func TestSaysWhatIsToBeWritten(t *testing.T) {\n\tfor _, method := range []struct{ path, says string }{\n" +
         tests +
         "\t} {\n\t\tresult := guesttest.Run(guesttest.Call{Path: method.path, Requests: [][]byte{{}}})\n"
         "\t\tif result.Code != guest.Unimplemented || result.Message != method.says {\n"
         "\t\t\tt.Errorf(\"%s: %+v\", method.path, result)\n\t\t}\n\t}\n}\n";
}

std::string go_generate(const Project& project) {
  const OwnProtos& protos = *project.own;
  const GoPackages packages(protos);
  std::string options = "module=guests/" + project.name;
  std::string files;
  for (const auto& [file, package] : packages.names()) {
    options += ",M" + file + "=guests/" + project.name + "/pb/" + package;
    files += " " + file;
  }
  return "# Makes pb/, the messages of the .proto files in protos/, a package for each, and their descriptors.\n"
         "# `go generate` runs it.\nset -eu\nmkdir -p pb\ngenerator=$(go tool -n protoc-gen-go)\n"
         "protoc -Iprotos --plugin=protoc-gen-go=\"$generator\" --go_out=. \\\n  \"--go_opt=" +
         options + "\"" + files + "\nprotoc -Iprotos --include_imports --descriptor_set_out=pb/" + project.name +
         ".desc " + protos.file->name() + "\ntouch pb  # newer than the .proto files it is of\n";
}

}  // namespace wasm_grpc::cli
