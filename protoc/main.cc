// protoc-gen-wasm-grpc: started by protoc, to which it speaks over stdin and stdout.
#include <google/protobuf/compiler/plugin.h>

#include "generator.h"

int main(int argc, char** argv) {
  const wasm_grpc::protoc::Generator generator;
  return google::protobuf::compiler::PluginMain(argc, argv, &generator);
}
