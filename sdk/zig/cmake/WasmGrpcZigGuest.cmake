# wasm_grpc_add_zig_guest(name ROOT.zig [OUTPUT_DIRECTORY dir] [DESCRIPTORS file])
#
# Builds the guest name.wasm from the root file ROOT.zig and what it imports from its folder, as the target `name`, which is
# part of ALL. The SDK is the import "wasm_grpc".
#
#   OUTPUT_DIRECTORY  where name.wasm goes; ${WASM_GRPC_GUEST_DIR} where that is set, else ${CMAKE_BINARY_DIR}/guests
#   DESCRIPTORS       a serialized FileDescriptorSet, which is @embedFile("descriptors")
#
# The target's property WASM_GRPC_GUEST_FILE is the path of name.wasm. Where there is no Zig, the target is not made, and a
# message says so. WASM_GRPC_ZIG is the compiler that scripts/guest-toolchains has installed; set it to another one, of the
# version in zig.version.
include_guard(GLOBAL)

set(cache "$ENV{XDG_CACHE_HOME}")
if(NOT cache)
  set(cache "$ENV{HOME}/.cache")
endif()
file(STRINGS "${CMAKE_CURRENT_LIST_DIR}/../zig.version" zig_version LIMIT_COUNT 1)
# Not the one on the PATH: the language changes from version to version.
find_program(WASM_GRPC_ZIG zig HINTS "${cache}/wasm-grpc/toolchains/zig-${zig_version}/ziglang" NO_DEFAULT_PATH
             DOC "zig, the compiler")
unset(cache)
unset(zig_version)
set_property(GLOBAL PROPERTY WASM_GRPC_ZIG_SDK_DIR "${CMAKE_CURRENT_LIST_DIR}/..")

function(wasm_grpc_add_zig_guest name root)
  cmake_parse_arguments(PARSE_ARGV 2 GUEST "" "OUTPUT_DIRECTORY;DESCRIPTORS" "")
  if(NOT WASM_GRPC_ZIG)
    message(STATUS "The Zig guest ${name} is not built: it needs Zig")
    return()
  endif()
  set(output_directory "${CMAKE_BINARY_DIR}/guests")
  foreach(said ${WASM_GRPC_GUEST_DIR} ${GUEST_OUTPUT_DIRECTORY})
    set(output_directory "${said}")
  endforeach()
  get_filename_component(root "${root}" ABSOLUTE)
  get_filename_component(directory "${root}" DIRECTORY)
  get_property(sdk GLOBAL PROPERTY WASM_GRPC_ZIG_SDK_DIR)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${directory}/*.zig" "${sdk}/src/*.zig")
  set(imports --dep wasm_grpc)
  set(modules "-Mwasm_grpc=${sdk}/src/wasm_grpc.zig")
  if(GUEST_DESCRIPTORS)
    list(APPEND imports --dep descriptors)
    list(APPEND modules "-Mdescriptors=${GUEST_DESCRIPTORS}")
  endif()
  set(file "${output_directory}/${name}.wasm")
  set(zig_cache "${CMAKE_BINARY_DIR}/zig_cache")
  add_custom_command(
    OUTPUT "${file}"
    COMMAND ${CMAKE_COMMAND} -E make_directory "${output_directory}"
    COMMAND "${WASM_GRPC_ZIG}" build-exe -target wasm32-wasi -fno-entry -rdynamic -O ReleaseSmall --stack 131072 ${imports}
            "-Mroot=${root}" ${modules} "-femit-bin=${file}" --cache-dir "${zig_cache}" --global-cache-dir "${zig_cache}"
    DEPENDS ${sources} ${GUEST_DESCRIPTORS}
    COMMENT "Building guest ${name}.wasm"
    VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${file}")
  set_target_properties(${name} PROPERTIES WASM_GRPC_GUEST_FILE "${file}")
endfunction()
