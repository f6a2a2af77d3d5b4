# wasm_grpc_add_rust_guest(name DIRECTORY [OUTPUT_DIRECTORY dir] [DEPENDS files...])
#
# Builds the guest name.wasm from the Rust package `name` in DIRECTORY, a cdylib, as the target `name`, which is part of
# ALL. Its Cargo.toml says where the SDK is; what else it needs comes from crates.io, in the versions of its Cargo.lock.
# All guests of a build share a target folder, so that what they have in common is compiled once. wasm-opt (binaryen) makes
# them smaller where it is found: set WASM_GRPC_WASM_OPT to OFF to do without.
#
#   OUTPUT_DIRECTORY  where name.wasm goes; ${WASM_GRPC_GUEST_DIR} where that is set, else ${CMAKE_BINARY_DIR}/guests
#   DEPENDS           files outside of DIRECTORY that it is made of, such as .proto files
#
# The target's property WASM_GRPC_GUEST_FILE is the path of name.wasm. Where there is no Rust for wasm32-wasip1 (see
# build-rust-std) the target is not made, and a message says so.
#
# WASM_GRPC_RUST_ENVIRONMENT is how cargo is called, NAME=VALUE for `cmake -E env`; empty where there is no such Rust.
# Set WASM_GRPC_RUST to OFF to do without.
include_guard(GLOBAL)

option(WASM_GRPC_RUST "Build guests in Rust, where there is one that can" ON)
set(WASM_GRPC_RUST_ENVIRONMENT "" CACHE INTERNAL "How cargo is called for guests; empty without a Rust that can")
if(WASM_GRPC_RUST)
  # In the checkout, or where the SDK is installed.
  find_program(script build-rust-std HINTS "${CMAKE_CURRENT_LIST_DIR}/../../../scripts" "${CMAKE_CURRENT_LIST_DIR}/.."
               NO_DEFAULT_PATH NO_CACHE)
  execute_process(COMMAND "${script}" RESULT_VARIABLE result OUTPUT_VARIABLE environment ERROR_VARIABLE errors)
  if(result EQUAL 0)
    string(REGEX REPLACE "\n$" "" environment "${environment}")
    string(REPLACE ";" "\\;" environment "${environment}")
    string(REPLACE "\n" ";" environment "${environment}")
    set(WASM_GRPC_RUST_ENVIRONMENT "${environment}" CACHE INTERNAL "")
  else()
    message(STATUS "Guests in Rust are not built: ${errors}")
  endif()
  unset(script)
  unset(environment)
endif()
find_program(WASM_GRPC_WASM_OPT wasm-opt DOC "binaryen's wasm-opt, which makes guests smaller and faster; OFF to do without")
set_property(GLOBAL PROPERTY WASM_GRPC_RUST_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/..")

function(wasm_grpc_add_rust_guest name directory)
  cmake_parse_arguments(PARSE_ARGV 2 GUEST "" "OUTPUT_DIRECTORY" "DEPENDS")
  if(NOT WASM_GRPC_RUST_ENVIRONMENT)
    message(STATUS "The Rust guest ${name} is not built: it needs a Rust for wasm32-wasip1")
    return()
  endif()
  set(output_directory "${CMAKE_BINARY_DIR}/guests")
  foreach(said ${WASM_GRPC_GUEST_DIR} ${GUEST_OUTPUT_DIRECTORY})
    set(output_directory "${said}")
  endforeach()
  get_filename_component(directory "${directory}" ABSOLUTE)
  get_property(sdk GLOBAL PROPERTY WASM_GRPC_RUST_SDK_DIR)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${directory}/*.rs" "${directory}/*.proto" "${directory}/Cargo.*"
       "${sdk}/wasm-grpc-guest/src/*.rs" "${sdk}/wasm-grpc-build/src/*.rs" "${sdk}/*/Cargo.toml")
  list(FILTER sources EXCLUDE REGEX "/target/")
  set(file "${output_directory}/${name}.wasm")
  set(target_dir "${CMAKE_BINARY_DIR}/rust_guests")
  set(linked "${target_dir}/wasm32-wasip1/release/${name}.wasm")
  set(optimize ${CMAKE_COMMAND} -E copy "${linked}" "${file}")
  if(WASM_GRPC_WASM_OPT)
    # What rustc's wasm32-wasip1 uses, which wasm-opt does not look for by itself. -g keeps the names of functions.
    set(optimize "${WASM_GRPC_WASM_OPT}" -O2 -g --enable-bulk-memory --enable-sign-ext --enable-mutable-globals
        --enable-nontrapping-float-to-int --enable-multivalue --enable-reference-types "${linked}" -o "${file}")
  endif()
  add_custom_command(
    OUTPUT "${file}"
    COMMAND ${CMAKE_COMMAND} -E env ${WASM_GRPC_RUST_ENVIRONMENT}
            cargo build --quiet --release --locked --target wasm32-wasip1 --target-dir "${target_dir}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${output_directory}"
    COMMAND ${optimize}
    DEPENDS ${sources} ${GUEST_DEPENDS}
    WORKING_DIRECTORY "${directory}"
    COMMENT "Building guest ${name}.wasm"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${file}")
  set_target_properties(${name} PROPERTIES WASM_GRPC_GUEST_FILE "${file}")
endfunction()
