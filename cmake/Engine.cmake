# Builds engine/ when it is not in the cache yet, and offers it as wasm_grpc::engine.
set(engine_target)
if(CMAKE_CROSSCOMPILING)  # the toolchain file says for what
  set(engine_target --target ${WASM_GRPC_RUST_TARGET})
endif()
execute_process(COMMAND ${PROJECT_SOURCE_DIR}/scripts/build-engine ${engine_target}
                OUTPUT_VARIABLE WASM_GRPC_ENGINE_DIR OUTPUT_STRIP_TRAILING_WHITESPACE
                COMMAND_ERROR_IS_FATAL ANY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS
             ${PROJECT_SOURCE_DIR}/engine/Cargo.lock ${PROJECT_SOURCE_DIR}/engine/Cargo.toml
             ${PROJECT_SOURCE_DIR}/engine/src/lib.rs ${PROJECT_SOURCE_DIR}/engine/src/http1.rs
             ${PROJECT_SOURCE_DIR}/engine/src/limiter.rs ${PROJECT_SOURCE_DIR}/engine/src/prepared.rs)

add_library(wasm_grpc_engine STATIC IMPORTED)
add_library(wasm_grpc::engine ALIAS wasm_grpc_engine)
set_target_properties(wasm_grpc_engine PROPERTIES
  IMPORTED_LOCATION ${WASM_GRPC_ENGINE_DIR}/lib/libwasm_grpc_engine.a
  INTERFACE_SYSTEM_INCLUDE_DIRECTORIES ${WASM_GRPC_ENGINE_DIR}/include
  INTERFACE_INCLUDE_DIRECTORIES ${WASM_GRPC_ENGINE_DIR}/include
  INTERFACE_LINK_LIBRARIES "Threads::Threads;m;dl")
