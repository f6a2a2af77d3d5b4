# wasm_grpc_warnings(target): the project's own code compiles without a warning.
function(wasm_grpc_warnings target)
  target_compile_options(${target} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                                           -Wnon-virtual-dtor -Woverloaded-virtual -Werror
                                           # False alarms of GCC 12 in std::string (PR 105651), and where an
                                           # aggregate with strings is made of nothing.
                                           $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
                                           $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endfunction()
