# wasm_grpc_embed_file(output namespace symbol file): makes the C++ source `output`, which defines
# `extern const std::string_view symbol`, the bytes of `file`, in that namespace.
#
# As a script it is what does so: cmake -DFILE=... -DOUTPUT=... -DNAMESPACE=... -DSYMBOL=... -P EmbedFile.cmake
if(CMAKE_SCRIPT_MODE_FILE)
  file(READ "${FILE}" bytes HEX)
  string(LENGTH "${bytes}" size)
  math(EXPR size "${size} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes "${bytes}")
  # In pieces: there are compilers that take no longer strings.
  string(REGEX REPLACE "(........................................................................................)"
                       "\\1\"\n    \"" bytes "${bytes}")
  file(WRITE "${OUTPUT}" "#include <string_view>\n\nnamespace ${NAMESPACE} {\n"
                         "extern const std::string_view ${SYMBOL};\n"
                         "const std::string_view ${SYMBOL}{\n    \"${bytes}\",\n    ${size}};\n"
                         "}  // namespace ${NAMESPACE}\n")
  return()
endif()

set(WASM_GRPC_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_FILE}")
function(wasm_grpc_embed_file output namespace symbol file)
  add_custom_command(
    OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} "-DFILE=${file}" "-DOUTPUT=${output}" -DNAMESPACE=${namespace} -DSYMBOL=${symbol}
            -P "${WASM_GRPC_EMBED_SCRIPT}"
    DEPENDS "${file}" "${WASM_GRPC_EMBED_SCRIPT}"
    VERBATIM)
endfunction()
