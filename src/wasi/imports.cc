#include "wasi/imports.h"

#include "wasi/definer.h"

namespace wasm_grpc::wasi {

Result<> define_imports(wasm::Linker& linker) {
  Definer definer(linker);
  define_arguments(definer);
  define_clock(definer);
  define_poll(definer);
  define_process(definer);
  define_random(definer);
  define_sockets(definer);
  define_descriptors(definer);
  define_transfer(definer);
  define_storage(definer);
  define_status(definer);
  define_open(definer);
  define_directories(definer);
  define_links(definer);
  return std::move(definer).result();
}

}  // namespace wasm_grpc::wasi
