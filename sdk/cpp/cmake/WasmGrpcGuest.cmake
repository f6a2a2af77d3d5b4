# wasm_grpc_add_guest(name SOURCES... [PROTOS ...] [IMPORT_DIRS ...] [VALIDATE all|known] [OUTPUT_DIRECTORY dir]
#                     [OPTIONS ...] [LINK_OPTIONS ...])
#
# Builds the guest name.wasm from C++ (and C) sources over the guest SDK, as the target `name`, which is part of ALL.
# Headers among the sources are made first, where a custom command makes them.
#
#   PROTOS            .proto files: structs of their messages and classes of their services are generated, those of what
#                     they import too. Sources include them as "file.guest.h". See docs/guest-protobuf.md.
#   IMPORT_DIRS       where .proto files are looked for; the current source folder and those of PROTOS when left out
#   VALIDATE          enforces rules of buf.validate in PROTOS: all, or those that are known. See docs/guest-protobuf.md.
#   OUTPUT_DIRECTORY  where name.wasm goes; ${WASM_GRPC_GUEST_DIR} where that is set, else ${CMAKE_BINARY_DIR}/guests
#   OPTIONS           more compiler options: -O3, -DNAME=1, -I${CMAKE_CURRENT_SOURCE_DIR}/..., -std=c++23
#   LINK_OPTIONS      more linker options: -Wl,-z,stack-size=262144
#
# WASM_GRPC_GUEST_FLAGS, where it is set, are compiler options for all guests, before their own: -Os.
#
# The target's property WASM_GRPC_GUEST_FILE is the path of name.wasm.
#
# In a project that is compiled for the host, clang is called beside the project's own compiler; under
# wasi-toolchain.cmake the guest is an ordinary executable. Code is C++20, optimized with -O2, and then by wasm-opt
# (binaryen) where that is found: set WASM_GRPC_WASM_OPT to OFF to do without.
include_guard(GLOBAL)
cmake_policy(PUSH)
cmake_policy(VERSION 3.25)

include("${CMAKE_CURRENT_LIST_DIR}/wasi-tools.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/WasmGrpcProtos.cmake")

if(NOT WASM_GRPC_GUEST_INCLUDE_DIR)
  get_filename_component(WASM_GRPC_GUEST_INCLUDE_DIR "${CMAKE_CURRENT_LIST_DIR}/../include" ABSOLUTE)
  # Where the SDK is installed, the header for C is in the same folder.
  get_filename_component(c_include_dir "${CMAKE_CURRENT_LIST_DIR}/../../c/include" ABSOLUTE)
  list(APPEND WASM_GRPC_GUEST_COMPILE_OPTIONS "-idirafter${c_include_dir}")
endif()
if(NOT EXISTS "${WASM_GRPC_GUEST_INCLUDE_DIR}/wasm_grpc/guest.h")
  message(FATAL_ERROR "The guest SDK's headers are not in ${WASM_GRPC_GUEST_INCLUDE_DIR}. Where the SDK is installed, use "
                      "find_package(WasmGrpcGuest) rather than to include this file.")
endif()
# What functions need of this file's variables, which are not there in every folder that calls them.
foreach(variable INCLUDE_DIR COMPILE_OPTIONS CXX_OPTIONS LINK_OPTIONS)
  set_property(GLOBAL PROPERTY WASM_GRPC_GUEST_${variable} "${WASM_GRPC_GUEST_${variable}}")
endforeach()

# Stops with a message that helps when this clang cannot make wasm. Tried once per compiler.
function(_wasm_grpc_check_tools)
  if("${WASM_GRPC_GUEST_CHECKED}" STREQUAL "${WASM_GRPC_GUEST_CXX}")
    return()
  endif()
  set(dir "${CMAKE_BINARY_DIR}/CMakeFiles/wasm_grpc_guest_check")
  file(WRITE "${dir}/check.cc" "#include <string>\nextern \"C\" __attribute__((export_name(\"f\"))) "
                               "int f(int n) { return std::string(n, 'x').find('y') == 0; }\n")
  execute_process(COMMAND ${ARGN} -O1 -c "${dir}/check.cc" -o "${dir}/check.o"
                  RESULT_VARIABLE compiled OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(compiled EQUAL 0)
    execute_process(COMMAND ${ARGN} -mexec-model=reactor "${dir}/check.o" -o "${dir}/check.wasm"
                    RESULT_VARIABLE compiled OUTPUT_VARIABLE output ERROR_VARIABLE output)
  endif()
  if(NOT compiled EQUAL 0)
    message(FATAL_ERROR "${WASM_GRPC_GUEST_CXX} cannot build C++ for ${WASM_GRPC_GUEST_TARGET}. Install clang-19 lld-19 "
                        "libc++-19-dev-wasm32 libclang-rt-19-dev-wasm32 wasi-libc, or set WASI_SDK_PREFIX to a "
                        "wasi-sdk. It said:\n${output}")
  endif()
  set(WASM_GRPC_GUEST_CHECKED "${WASM_GRPC_GUEST_CXX}" CACHE INTERNAL "The guest compiler that was found to work")
endfunction()

# Makes the guest by calling clang from the build of a project for another machine.
function(_wasm_grpc_add_guest_beside name file include_dir)
  _wasm_grpc_find_tools()
  set(common "--target=${WASM_GRPC_GUEST_TARGET}")
  if(WASM_GRPC_GUEST_SYSROOT)
    list(APPEND common "--sysroot=${WASM_GRPC_GUEST_SYSROOT}")
  endif()
  _wasm_grpc_check_tools("${WASM_GRPC_GUEST_CXX}" ${common} -fno-exceptions)

  set(dir "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.guest")
  set(generated_include "")
  if(GUEST_GENERATED)
    set(generated_include "-I${GUEST_GENERATED_DIR}")
  endif()
  set(headers ${GUEST_SOURCES})
  list(FILTER headers INCLUDE REGEX "\\.(h|hh|hpp|inc)$")
  list(FILTER GUEST_SOURCES EXCLUDE REGEX "\\.(h|hh|hpp|inc)$")
  set(objects "")
  foreach(source ${GUEST_SOURCES})
    get_filename_component(absolute "${source}" ABSOLUTE)
    cmake_path(IS_PREFIX CMAKE_CURRENT_BINARY_DIR "${absolute}" NORMALIZE generated)
    if(generated)
      file(RELATIVE_PATH object "${CMAKE_CURRENT_BINARY_DIR}" "${absolute}")
    else()
      file(RELATIVE_PATH object "${CMAKE_CURRENT_SOURCE_DIR}" "${absolute}")
    endif()
    string(REPLACE ".." "__" object "${object}")
    set(object "${dir}/${object}.o")
    get_filename_component(object_dir "${object}" DIRECTORY)
    file(MAKE_DIRECTORY "${object_dir}")
    if(absolute MATCHES "\\.c$")
      set(compile "${WASM_GRPC_GUEST_CC}" ${common})
    else()
      set(compile "${WASM_GRPC_GUEST_CXX}" ${common} -std=c++20 ${GUEST_CXX_OPTIONS})
    endif()
    # -idirafter: an include folder of the host, such as /usr/include, must not come before the one of wasi-libc.
    add_custom_command(
      OUTPUT "${object}"
      COMMAND ${compile} -O2 ${GUEST_COMPILE_OPTIONS} -idirafter "${include_dir}" ${generated_include}
              ${GUEST_OPTIONS}
              -MD -MF "${object}.d" -MT "${object}" -c "${absolute}" -o "${object}"
      DEPENDS "${absolute}" ${headers} ${GUEST_GENERATED}
      DEPFILE "${object}.d"
      COMMENT "Compiling guest ${name}: ${source}"
      COMMAND_EXPAND_LISTS VERBATIM)
    list(APPEND objects "${object}")
  endforeach()

  set(linked "${file}")
  set(optimize "")
  if(WASM_GRPC_WASM_OPT)
    # In a folder of its own, as the file's name becomes the module's, which backtraces show.
    set(linked "${dir}/linked/${name}.wasm")
    file(MAKE_DIRECTORY "${dir}/linked")
    set(optimize COMMAND "${WASM_GRPC_WASM_OPT}" -O2 -g "${linked}" -o "${file}")
  endif()
  # No -O here: with it, clang would call wasm-opt itself, and lose the names of functions.
  add_custom_command(
    OUTPUT "${file}"
    COMMAND "${WASM_GRPC_GUEST_CXX}" ${common} ${GUEST_BASE_LINK_OPTIONS} ${objects} ${GUEST_LINK_OPTIONS}
            -o "${linked}"
    ${optimize}
    DEPENDS ${objects}
    COMMENT "Linking guest ${name}.wasm"
    COMMAND_EXPAND_LISTS VERBATIM)
  add_custom_target(${name} ALL DEPENDS "${file}")
endfunction()

# Makes the guest in a project that is compiled for wasm.
function(_wasm_grpc_add_guest_executable name file include_dir)
  add_executable(${name} ${GUEST_SOURCES})
  get_filename_component(output_dir "${file}" DIRECTORY)
  set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${output_dir}" SUFFIX .wasm CXX_EXTENSIONS OFF)
  target_compile_features(${name} PRIVATE cxx_std_20)
  target_compile_options(${name} PRIVATE ${GUEST_COMPILE_OPTIONS} "$<$<COMPILE_LANGUAGE:CXX>:${GUEST_CXX_OPTIONS}>"
                                         "SHELL:-idirafter \"${include_dir}\"")
  if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
    target_compile_options(${name} PRIVATE -O2)
  endif()
  target_compile_options(${name} PRIVATE ${GUEST_OPTIONS})
  if(GUEST_GENERATED)
    target_include_directories(${name} PRIVATE "${GUEST_GENERATED_DIR}")
  endif()
  # -O0 here, for the linker only: with more, clang would call wasm-opt itself, and lose the names of functions.
  target_link_options(${name} PRIVATE -O0 ${GUEST_BASE_LINK_OPTIONS} ${GUEST_LINK_OPTIONS})
  if(WASM_GRPC_WASM_OPT)
    add_custom_command(TARGET ${name} POST_BUILD
                       COMMAND "${WASM_GRPC_WASM_OPT}" -O2 -g "$<TARGET_FILE:${name}>" -o "$<TARGET_FILE:${name}>"
                       VERBATIM)
  endif()
endfunction()

function(wasm_grpc_add_guest name)
  cmake_parse_arguments(PARSE_ARGV 1 GUEST "" "OUTPUT_DIRECTORY;VALIDATE" "SOURCES;PROTOS;IMPORT_DIRS;OPTIONS;LINK_OPTIONS")
  list(APPEND GUEST_SOURCES ${GUEST_UNPARSED_ARGUMENTS})
  list(PREPEND GUEST_OPTIONS ${WASM_GRPC_GUEST_FLAGS})
  if(NOT GUEST_SOURCES)
    message(FATAL_ERROR "wasm_grpc_add_guest(${name}): no sources. Give at least one: "
                        "wasm_grpc_add_guest(${name} ${name}.cc)")
  endif()
  if(NOT GUEST_OUTPUT_DIRECTORY)
    set(GUEST_OUTPUT_DIRECTORY "${WASM_GRPC_GUEST_DIR}")
  endif()
  if(NOT GUEST_OUTPUT_DIRECTORY)
    set(GUEST_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/guests")
  endif()
  get_filename_component(GUEST_OUTPUT_DIRECTORY "${GUEST_OUTPUT_DIRECTORY}" ABSOLUTE
                         BASE_DIR "${CMAKE_CURRENT_BINARY_DIR}")
  file(MAKE_DIRECTORY "${GUEST_OUTPUT_DIRECTORY}")
  set(file "${GUEST_OUTPUT_DIRECTORY}/${name}.wasm")

  set(GUEST_GENERATED "")
  set(GUEST_GENERATED_DIR "${CMAKE_CURRENT_BINARY_DIR}/CMakeFiles/${name}.guest/proto")
  if(GUEST_PROTOS)
    wasm_grpc_generate(GUEST_GENERATED PROTOS ${GUEST_PROTOS} IMPORT_DIRS ${GUEST_IMPORT_DIRS}
                       OUTPUT_DIRECTORY "${GUEST_GENERATED_DIR}" VALIDATE "${GUEST_VALIDATE}")
    list(APPEND GUEST_SOURCES ${GUEST_GENERATED})
  endif()

  if(NOT DEFINED WASM_GRPC_WASM_OPT OR WASM_GRPC_WASM_OPT MATCHES "-NOTFOUND$")
    find_program(WASM_GRPC_WASM_OPT wasm-opt HINTS "${WASI_SDK_PREFIX}/bin" "$ENV{WASI_SDK_PREFIX}/bin"
                 DOC "binaryen's wasm-opt, which makes guests smaller and faster; OFF to do without")
    if(NOT WASM_GRPC_WASM_OPT)
      message(STATUS "wasm-opt was not found (package binaryen): guests will be somewhat larger and slower")
    endif()
  endif()
  get_property(include_dir GLOBAL PROPERTY WASM_GRPC_GUEST_INCLUDE_DIR)
  get_property(GUEST_COMPILE_OPTIONS GLOBAL PROPERTY WASM_GRPC_GUEST_COMPILE_OPTIONS)
  get_property(GUEST_CXX_OPTIONS GLOBAL PROPERTY WASM_GRPC_GUEST_CXX_OPTIONS)
  get_property(GUEST_BASE_LINK_OPTIONS GLOBAL PROPERTY WASM_GRPC_GUEST_LINK_OPTIONS)
  if(CMAKE_SYSTEM_PROCESSOR STREQUAL "wasm32")
    _wasm_grpc_add_guest_executable(${name} "${file}" "${include_dir}")
  else()
    _wasm_grpc_add_guest_beside(${name} "${file}" "${include_dir}")
  endif()
  set_target_properties(${name} PROPERTIES WASM_GRPC_GUEST_FILE "${file}")
endfunction()

cmake_policy(POP)
