# A test set that is left out is said in the last lines of ctest, is not counted, and fails nothing.
file(REMOVE_RECURSE ${WORK})
file(CONFIGURE OUTPUT ${WORK}/CMakeLists.txt @ONLY CONTENT [[
cmake_minimum_required(VERSION 3.25)
project(left_out LANGUAGES NONE)
enable_testing()
include(@LEFT_OUT@/LeftOut.cmake)
add_test(NAME runs COMMAND ${CMAKE_COMMAND} -E true)
wasm_grpc_left_out("some tests" "need c++ (a compiler), and time")
]])
execute_process(COMMAND ${CMAKE_COMMAND} -S ${WORK} -B ${WORK}/build -G ${GENERATOR} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} --test-dir ${WORK}/build OUTPUT_VARIABLE said ERROR_VARIABLE said
                COMMAND_ERROR_IS_FATAL ANY)
if(NOT said MATCHES "100% tests passed, 0 tests failed out of 1\n.*did not run:.*left out: some tests \\(need c\\+\\+ \\(a compiler\\), and time\\)")
  message(FATAL_ERROR "ctest said:\n${said}")
endif()
