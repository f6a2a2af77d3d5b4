# wasm_grpc_generate(variable PROTOS a.proto... [IMPORT_DIRS dir...] OUTPUT_DIRECTORY dir [NAMESPACE a::b]
#                    [VALIDATE all|known])
#
# Generates C++ from .proto files by protoc and protoc-gen-wasm-grpc when the project is built, and sets `variable` to the
# sources and headers: file.guest.cc and file.guest.h, in folders below OUTPUT_DIRECTORY as those of the
# .proto files are below IMPORT_DIRS. What the files import is generated too, google/protobuf/timestamp.proto and its like
# among it.
#
#   IMPORT_DIRS  where imports are looked for; the current source folder and those of the files when left out
#   NAMESPACE    a namespace around the code
#   VALIDATE     enforces rules of buf.validate: all, or those that are known; see docs/guest-protobuf.md
#
# protoc is found by WASM_GRPC_PROTOC, and the plugin by WASM_GRPC_PROTOC_PLUGIN where it is not built along, or for a machine that
# this one neither is nor emulates.
include_guard(GLOBAL)
cmake_policy(PUSH)
cmake_policy(VERSION 3.25)

set_property(GLOBAL PROPERTY WASM_GRPC_PROTOS_CMAKE_DIR "${CMAKE_CURRENT_LIST_DIR}")

# Sets WASM_GRPC_PROTOC, and in the caller's scope `plugin`, `plugin_made`, the file to depend on for it, `api_include`, the
# folder of google/api/*.proto, and `protobuf_include`, that of google/protobuf/*.proto.
function(_wasm_grpc_find_protoc)
  find_program(WASM_GRPC_PROTOC protoc DOC "protoc, which reads .proto files")
  if(NOT WASM_GRPC_PROTOC)
    message(FATAL_ERROR "protoc was not found: install protobuf-compiler, or set WASM_GRPC_PROTOC to it")
  endif()
  if(TARGET protoc-gen-wasm-grpc AND NOT CMAKE_CROSSCOMPILING)
    set(plugin "$<TARGET_FILE:protoc-gen-wasm-grpc>")
    set(plugin_made "${plugin}" PARENT_SCOPE)
  elseif(TARGET protoc-gen-wasm-grpc AND CMAKE_CROSSCOMPILING_EMULATOR)
    # protoc starts it by a path alone.
    set(plugin "${CMAKE_BINARY_DIR}/CMakeFiles/run-protoc-gen-wasm-grpc")
    get_property(generated GLOBAL PROPERTY WASM_GRPC_PLUGIN_RUN_BY)
    if(NOT generated STREQUAL "${plugin}")
      list(JOIN CMAKE_CROSSCOMPILING_EMULATOR "' '" emulator)
      file(GENERATE OUTPUT "${plugin}" CONTENT "#!/bin/sh\nexec '${emulator}' '$<TARGET_FILE:protoc-gen-wasm-grpc>' \"$@\"\n"
           FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
      set_property(GLOBAL PROPERTY WASM_GRPC_PLUGIN_RUN_BY "${plugin}")
    endif()
    set(plugin_made "$<TARGET_FILE:protoc-gen-wasm-grpc>" PARENT_SCOPE)
  else()  # this machine cannot run it
    get_property(here GLOBAL PROPERTY WASM_GRPC_PROTOS_CMAKE_DIR)
    # In an installed package, bin/ is some folders above lib/.../cmake/WasmGrpcGuest; in a checkout it is in a build,
    # of which the presets' are in build/.
    file(GLOB builds "${here}/../../../build/release/protoc" "${here}/../../../build/*/protoc"
         "${here}/../../../build/protoc")
    find_program(WASM_GRPC_PROTOC_PLUGIN protoc-gen-wasm-grpc
                 HINTS "${here}/../../../bin" "${here}/../../../../bin" ${builds}
                 DOC "protoc's plugin that makes guests' messages")
    if(NOT WASM_GRPC_PROTOC_PLUGIN)
      set(how "build and install wasm-grpc, and set CMAKE_PREFIX_PATH to where it is")
      if(EXISTS "${here}/../../../CMakePresets.json")
        get_filename_component(checkout "${here}/../../.." ABSOLUTE)
        set(how "in ${checkout}, cmake --preset release && cmake --build --preset release --target protoc-gen-wasm-grpc")
      endif()
      message(FATAL_ERROR "protoc-gen-wasm-grpc was not found, which makes code of .proto files. Either ${how}; or set "
                          "WASM_GRPC_PROTOC_PLUGIN to the program")
    endif()
    set(plugin "${WASM_GRPC_PROTOC_PLUGIN}")
    set(plugin_made "${plugin}" PARENT_SCOPE)
  endif()
  get_filename_component(protoc_dir "${WASM_GRPC_PROTOC}" REALPATH)
  get_filename_component(protoc_dir "${protoc_dir}" DIRECTORY)
  find_path(WASM_GRPC_PROTOBUF_INCLUDE_DIR google/protobuf/timestamp.proto HINTS "${protoc_dir}/../include"
            NO_CMAKE_FIND_ROOT_PATH DOC "The folder of google/protobuf/timestamp.proto")
  get_property(here GLOBAL PROPERTY WASM_GRPC_PROTOS_CMAKE_DIR)
  get_filename_component(api_include "${here}/../../protos" ABSOLUTE)
  if(NOT EXISTS "${api_include}/google/api/annotations.proto")
    set(api_include "${here}/protos")  # in an installed package
  endif()
  set(api_include "${api_include}" PARENT_SCOPE)
  set(plugin "${plugin}" PARENT_SCOPE)
  set(protobuf_include "${WASM_GRPC_PROTOBUF_INCLUDE_DIR}" PARENT_SCOPE)
endfunction()

# Sets `result` to the name of an absolute path as an import: relative to the first of the folders it is in.
function(_wasm_grpc_import_name result path)
  foreach(dir ${ARGN})
    cmake_path(IS_PREFIX dir "${path}" NORMALIZE within)
    if(within)
      cmake_path(RELATIVE_PATH path BASE_DIRECTORY "${dir}" OUTPUT_VARIABLE name)
      set(${result} "${name}" PARENT_SCOPE)
      return()
    endif()
  endforeach()
  message(FATAL_ERROR "${path} is in none of the folders that imports are looked for in (IMPORT_DIRS): ${ARGN}")
endfunction()

function(wasm_grpc_generate variable)
  cmake_parse_arguments(PARSE_ARGV 1 GEN "" "OUTPUT_DIRECTORY;NAMESPACE;VALIDATE" "PROTOS;IMPORT_DIRS")
  if(NOT GEN_PROTOS OR NOT GEN_OUTPUT_DIRECTORY)
    message(FATAL_ERROR "wasm_grpc_generate(${variable}): PROTOS and OUTPUT_DIRECTORY are needed")
  endif()
  _wasm_grpc_find_protoc()

  set(dirs "")
  foreach(dir ${GEN_IMPORT_DIRS})
    get_filename_component(dir "${dir}" ABSOLUTE)
    list(APPEND dirs "${dir}")
  endforeach()
  set(files "")
  foreach(proto ${GEN_PROTOS})
    get_filename_component(path "${proto}" ABSOLUTE)
    if(NOT EXISTS "${path}" AND EXISTS "${protobuf_include}/${proto}")
      set(path "${protobuf_include}/${proto}")
    elseif(NOT EXISTS "${path}")
      message(FATAL_ERROR "wasm_grpc_generate(${variable}): there is no ${path}")
    elseif(NOT GEN_IMPORT_DIRS)
      get_filename_component(dir "${path}" DIRECTORY)
      list(APPEND dirs "${dir}")
    endif()
    list(APPEND files "${path}")
  endforeach()
  if(NOT GEN_IMPORT_DIRS)
    list(APPEND dirs "${CMAKE_CURRENT_SOURCE_DIR}")
  endif()
  # google/api/annotations.proto, where nobody has another.
  list(APPEND dirs "${api_include}")
  if(protobuf_include)
    list(APPEND dirs "${protobuf_include}")
  endif()
  list(REMOVE_DUPLICATES dirs)
  set(open "")
  foreach(path ${files})
    _wasm_grpc_import_name(name "${path}" ${dirs})
    list(APPEND open "${name}")
  endforeach()

  # The files, and all they import, wherever they say so on a line of its own; by the names that protoc knows them by.
  set(names "")
  set(paths "")
  while(open)
    list(POP_FRONT open name)
    # Rules are options: the plugin reads them, code does not.
    if(name IN_LIST names OR name MATCHES "^buf/validate/")
      continue()
    endif()
    foreach(dir ${dirs})
      if(EXISTS "${dir}/${name}")
        set(path "${dir}/${name}")
        list(APPEND names "${name}")
        list(APPEND paths "${path}")
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${path}")
        file(STRINGS "${path}" imports REGEX "^[ \t]*import[ \t]+(public[ \t]+|weak[ \t]+)?\"[^\"]+\"")
        foreach(import ${imports})
          string(REGEX REPLACE "^[^\"]*\"([^\"]+)\".*" "\\1" import "${import}")
          list(APPEND open "${import}")
        endforeach()
        break()
      endif()
    endforeach()
  endwhile()

  set(flags "")
  foreach(dir ${dirs})
    list(APPEND flags "-I${dir}")
  endforeach()
  if(GEN_NAMESPACE)
    list(APPEND flags "--wasm-grpc_opt=namespace=${GEN_NAMESPACE}")
  endif()
  if(GEN_VALIDATE)
    list(APPEND flags "--wasm-grpc_opt=validate=${GEN_VALIDATE}")
  endif()
  file(MAKE_DIRECTORY "${GEN_OUTPUT_DIRECTORY}")
  set(sources "")
  foreach(name ${names})
    string(REGEX REPLACE "\\.proto$" "" base "${name}")
    set(base "${GEN_OUTPUT_DIRECTORY}/${base}.guest")
    add_custom_command(
      OUTPUT "${base}.cc" "${base}.h"
      COMMAND "${WASM_GRPC_PROTOC}" "--plugin=protoc-gen-wasm-grpc=${plugin}" "--wasm-grpc_out=${GEN_OUTPUT_DIRECTORY}"
              ${flags} "${name}"
      DEPENDS ${paths} "${plugin_made}"
      COMMENT "Generating ${name}: ${base}.h"
      VERBATIM)
    list(APPEND sources "${base}.cc" "${base}.h")
  endforeach()
  set(${variable} "${sources}" PARENT_SCOPE)
endfunction()

cmake_policy(POP)
