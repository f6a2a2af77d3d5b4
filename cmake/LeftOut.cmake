# wasm_grpc_left_out(tests needs): says in the last lines of ctest, and when configuring, that these tests are left out
# and what they need. It is a test that does not run and is not counted.
function(wasm_grpc_left_out tests needs)
  message(STATUS "Left out: ${tests} (${needs})")
  set(name "left out: ${tests} (${needs})")
  add_test(NAME "${name}" COMMAND ${CMAKE_COMMAND} -E false)
  set_tests_properties("${name}" PROPERTIES DISABLED TRUE)
endfunction()
