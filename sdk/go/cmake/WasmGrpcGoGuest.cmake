# wasm_grpc_add_go_guest(name DIRECTORY [OUTPUT_DIRECTORY dir])
#
# Builds the guest name.wasm from the Go package in DIRECTORY, as the target `name`, which is part of ALL. Its go.mod says
# by `replace` where the SDK is; what else it requires comes from the Go module proxy, in the versions of its go.sum.
#
#   OUTPUT_DIRECTORY  where name.wasm goes; ${WASM_GRPC_GUEST_DIR} where that is set, else ${CMAKE_BINARY_DIR}/guests
#
# The target's property WASM_GRPC_GUEST_FILE is the path of name.wasm. Where there is no Go 1.24 or newer, which knows
# //go:wasmexport, the target is not made, and a message says so.
#
# WASM_GRPC_GO_VERSION is the version of the Go that was found, 0 where there is none. Set WASM_GRPC_GO to OFF to do
# without.
include_guard(GLOBAL)

find_program(WASM_GRPC_GO go DOC "The go command, which builds guests in Go and the Go clients of the tests")
set(version 0)
if(WASM_GRPC_GO)
  execute_process(COMMAND ${CMAKE_COMMAND} -E env GOTOOLCHAIN=local ${WASM_GRPC_GO} env GOVERSION
                  OUTPUT_VARIABLE version OUTPUT_STRIP_TRAILING_WHITESPACE)
  string(REGEX REPLACE "^go([0-9.]+).*" "\\1" version "${version}")
endif()
set(WASM_GRPC_GO_VERSION "${version}" CACHE INTERNAL "The version of the go command; 0 without one")
unset(version)
set_property(GLOBAL PROPERTY WASM_GRPC_GO_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/..")

function(wasm_grpc_add_go_guest name directory)
  cmake_parse_arguments(PARSE_ARGV 2 GUEST "" "OUTPUT_DIRECTORY" "")
  if(WASM_GRPC_GO_VERSION VERSION_LESS 1.24)
    message(STATUS "The Go guest ${name} is not built: it needs Go 1.24 or newer")
    return()
  endif()
  set(output_directory "${CMAKE_BINARY_DIR}/guests")
  foreach(said ${WASM_GRPC_GUEST_DIR} ${GUEST_OUTPUT_DIRECTORY})
    set(output_directory "${said}")
  endforeach()
  get_filename_component(directory "${directory}" ABSOLUTE)
  get_property(sdk GLOBAL PROPERTY WASM_GRPC_GO_SDK_DIR)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${directory}/*" "${sdk}/*.go" "${sdk}/go.mod")
  set(file "${output_directory}/${name}.wasm")
  # Not stripped (-ldflags=-s): the names of functions, for backtraces, take two bytes of a hundred.
  # -trimpath, -buildvcs=false: the same sources make the same bytes, wherever they lie.
  add_custom_command(
    OUTPUT "${file}"
    COMMAND ${CMAKE_COMMAND} -E env GOOS=wasip1 GOARCH=wasm GOFLAGS=-mod=readonly GOWORK=off GOTOOLCHAIN=local
            "${WASM_GRPC_GO}" build -buildmode=c-shared -trimpath -buildvcs=false -o "${file}" .
    DEPENDS ${sources}
    WORKING_DIRECTORY "${directory}"
    COMMENT "Building guest ${name}.wasm"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${file}")
  set_target_properties(${name} PROPERTIES WASM_GRPC_GUEST_FILE "${file}")
endfunction()
