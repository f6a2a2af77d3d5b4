# wasm_grpc_grpc_cpp_stubs(target protos...): an object library of what grpc++'s plugin and protoc make of these files.
# Makes no target where the plugin is not installed.
find_program(WASM_GRPC_GRPC_CPP_PLUGIN grpc_cpp_plugin)

function(wasm_grpc_grpc_cpp_stubs target)
  if(NOT WASM_GRPC_GRPC_CPP_PLUGIN)
    message(WARNING "grpc_cpp_plugin was not found: what needs ${target} is not built")
    return()
  endif()
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/stubs)
  file(MAKE_DIRECTORY ${folder})
  set(sources)
  foreach(proto ${ARGN})
    get_filename_component(name ${proto} NAME_WE)
    get_filename_component(proto_folder ${proto} DIRECTORY)
    set(made ${folder}/${name}.pb.cc ${folder}/${name}.pb.h ${folder}/${name}.grpc.pb.cc ${folder}/${name}.grpc.pb.h)
    add_custom_command(OUTPUT ${made}
                       COMMAND protobuf::protoc --cpp_out=${folder} --grpc_out=${folder}
                               --plugin=protoc-gen-grpc=${WASM_GRPC_GRPC_CPP_PLUGIN} -I${proto_folder} ${name}.proto
                       DEPENDS ${proto} VERBATIM)
    list(APPEND sources ${made})
  endforeach()
  add_library(${target} OBJECT ${sources})
  target_include_directories(${target} SYSTEM PUBLIC ${folder})
  target_link_libraries(${target} PUBLIC PkgConfig::GRPCPP protobuf::libprotobuf)
endfunction()
