# The config of the package: the program's own sample, which serves the module of the package.
execute_process(COMMAND ${CMAKE_COMMAND} -E rm -f ${OUTPUT})
execute_process(COMMAND ${PROGRAM} new --config ${OUTPUT} OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(READ ${OUTPUT} text)
string(REPLACE "path = \"module.wasm\"" "path = \"/usr/share/wasm-grpc/modules/greeter.wasm\"" changed "${text}")
if(changed STREQUAL text)
  message(FATAL_ERROR "wasm-grpc new --config names its module otherwise now: make_config.cmake has to follow")
endif()
file(WRITE ${OUTPUT} "${changed}")
