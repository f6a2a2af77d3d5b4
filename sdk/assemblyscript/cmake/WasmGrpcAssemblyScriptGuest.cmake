# wasm_grpc_add_assemblyscript_guest(name ENTRY.ts [OUTPUT_DIRECTORY dir] [OPTIONS flags...] [DESCRIPTORS file])
#
# Builds the guest name.wasm from the entry file ENTRY.ts and what it imports, as the target `name`, which is part of ALL.
# The SDK is found as the package wasm-grpc-guest.
#
#   OUTPUT_DIRECTORY  where name.wasm goes; ${WASM_GRPC_GUEST_DIR} where that is set, else ${CMAKE_BINARY_DIR}/guests
#   OPTIONS           flags of asc; -O3 when not given
#   DESCRIPTORS       a serialized FileDescriptorSet, for reflection
#
# The target's property WASM_GRPC_GUEST_FILE is the path of name.wasm. Where there is no asc, the compiler of
# AssemblyScript, the target is not made, and a message says so. WASM_GRPC_ASC is the compiler: that on the PATH, or the one
# that scripts/guest-toolchains has installed.
include_guard(GLOBAL)

set(cache "$ENV{XDG_CACHE_HOME}")
if(NOT cache)
  set(cache "$ENV{HOME}/.cache")
endif()
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../assemblyscript.version" asc_version LIMIT_COUNT 1)
find_program(WASM_GRPC_NODE node DOC "Node.js 20.11 or newer, for its clients and for the page of examples/web")
find_program(WASM_GRPC_ASC asc HINTS "${cache}/wasm-grpc/toolchains/assemblyscript-${asc_version}/node_modules/.bin"
             DOC "asc, the compiler of AssemblyScript")
unset(cache)
unset(asc_version)
set_property(GLOBAL PROPERTY WASM_GRPC_ASSEMBLYSCRIPT_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/..")

function(wasm_grpc_add_assemblyscript_guest name entry)
  cmake_parse_arguments(PARSE_ARGV 2 GUEST "" "OUTPUT_DIRECTORY;DESCRIPTORS" "OPTIONS")
  if(NOT WASM_GRPC_ASC OR NOT WASM_GRPC_NODE)
    message(STATUS "The AssemblyScript guest ${name} is not built: it needs asc and Node.js")
    return()
  endif()
  set(output_directory "${CMAKE_BINARY_DIR}/guests")
  foreach(said ${WASM_GRPC_GUEST_DIR} ${GUEST_OUTPUT_DIRECTORY})
    set(output_directory "${said}")
  endforeach()
  if(NOT GUEST_OPTIONS)
    set(GUEST_OPTIONS -O3)
  endif()
  get_filename_component(entry "${entry}" ABSOLUTE)
  get_filename_component(directory "${entry}" DIRECTORY)
  get_property(sdk GLOBAL PROPERTY WASM_GRPC_ASSEMBLYSCRIPT_SDK_DIR)
  # asc looks for packages by their names.
  set(packages "${CMAKE_BINARY_DIR}/assemblyscript_packages")
  file(MAKE_DIRECTORY "${packages}")
  file(CREATE_LINK "${sdk}" "${packages}/wasm-grpc-guest" SYMBOLIC)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${directory}/*.ts" "${sdk}/*.ts")
  set(file "${output_directory}/${name}.wasm")
  set(describe "")
  if(GUEST_DESCRIPTORS)
    set(describe COMMAND "${WASM_GRPC_NODE}" "${sdk}/bin/describe.js" "${file}" "${GUEST_DESCRIPTORS}")
  endif()
  add_custom_command(
    OUTPUT "${file}"
    COMMAND "${WASM_GRPC_NODE}" "${WASM_GRPC_ASC}" "${entry}" --path "${packages}" ${GUEST_OPTIONS} -o "${file}"
    ${describe}
    DEPENDS ${sources} ${GUEST_DESCRIPTORS} "${sdk}/bin/describe.js"
    WORKING_DIRECTORY "${directory}"
    COMMENT "Building guest ${name}.wasm"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${file}")
  set_target_properties(${name} PROPERTIES WASM_GRPC_GUEST_FILE "${file}")
endfunction()
