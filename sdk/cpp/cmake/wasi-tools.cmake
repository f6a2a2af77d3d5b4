# Finds what guests are built with, and says how. Shared by WasmGrpcGuest.cmake and wasi-toolchain.cmake.
#
# With WASI_SDK_PREFIX set (a CMake or environment variable), the wasi-sdk there; otherwise the clang of the system, with
# the wasm32 libraries of Debian's packages, or another clang named by WASM_GRPC_GUEST_CXX.
include_guard(GLOBAL)

# _wasm_grpc_find_tools(): sets, in the caller's scope,
#   WASM_GRPC_GUEST_CXX, WASM_GRPC_GUEST_CC    the compilers
#   WASM_GRPC_GUEST_TARGET                     the target triple
#   WASM_GRPC_GUEST_SYSROOT                    the sysroot, or nothing where the compiler knows it
function(_wasm_grpc_find_tools)
  set(prefix "${WASI_SDK_PREFIX}")
  if(NOT prefix)
    set(prefix "$ENV{WASI_SDK_PREFIX}")
  endif()
  set(target wasm32-wasi)
  set(sysroot "")
  if(prefix)
    if(NOT EXISTS "${prefix}/bin/clang++" OR NOT EXISTS "${prefix}/share/wasi-sysroot")
      message(FATAL_ERROR "WASI_SDK_PREFIX is ${prefix}, which is no wasi-sdk: bin/clang++ or share/wasi-sysroot is "
                          "missing. Set it to the folder a wasi-sdk was unpacked to, or unset it.")
    endif()
    set(cxx "${prefix}/bin/clang++")
    set(cc "${prefix}/bin/clang")
    set(sysroot "${prefix}/share/wasi-sysroot")
    if(IS_DIRECTORY "${sysroot}/lib/wasm32-wasip1")
      set(target wasm32-wasip1)
    endif()
  else()
    find_program(WASM_GRPC_GUEST_CXX NAMES clang++-19 clang++ DOC "The clang++ that builds guests")
    if(NOT WASM_GRPC_GUEST_CXX)
      message(FATAL_ERROR "No clang++ to build guests with. Install clang-19 lld-19 libc++-19-dev-wasm32 "
                          "libclang-rt-19-dev-wasm32 wasi-libc, or set WASI_SDK_PREFIX to a wasi-sdk.")
    endif()
    set(cxx "${WASM_GRPC_GUEST_CXX}")
    string(REGEX REPLACE "clang\\+\\+([^/]*)$" "clang\\1" cc "${cxx}")
  endif()
  set(WASM_GRPC_GUEST_CXX "${cxx}" PARENT_SCOPE)
  set(WASM_GRPC_GUEST_CC "${cc}" PARENT_SCOPE)
  set(WASM_GRPC_GUEST_TARGET "${target}" PARENT_SCOPE)
  set(WASM_GRPC_GUEST_SYSROOT "${sysroot}" PARENT_SCOPE)
endfunction()

# What every guest needs. Exceptions: neither wasi-libc's libc++abi nor the sandbox has them. Threads: a guest has one.
set(WASM_GRPC_GUEST_COMPILE_OPTIONS -fno-exceptions -fno-threadsafe-statics -mbulk-memory)
set(WASM_GRPC_GUEST_CXX_OPTIONS -fno-rtti)
# A reactor: set up once, then called into. The stack comes first in memory, so that overflowing it traps rather than
# writes over data. Debug sections (the C library's too) go; the names of functions stay, for backtraces in the host's log.
set(WASM_GRPC_GUEST_LINK_OPTIONS -mexec-model=reactor -Wl,--stack-first -Wl,--strip-debug)
