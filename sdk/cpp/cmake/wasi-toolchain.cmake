# CMake toolchain file for projects that are guests and nothing else:
#
#   cmake -B build --toolchain .../wasi-toolchain.cmake
#
# wasm_grpc_add_guest() then makes ordinary executables, to which target_link_libraries() and all else applies.
include("${CMAKE_CURRENT_LIST_DIR}/wasi-tools.cmake")
# CMake reads this file again in the projects it makes to try the compiler: they need to know the same.
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASI_SDK_PREFIX WASM_GRPC_GUEST_CXX)
_wasm_grpc_find_tools()

set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)
set(CMAKE_C_COMPILER "${WASM_GRPC_GUEST_CC}")
set(CMAKE_CXX_COMPILER "${WASM_GRPC_GUEST_CXX}")
set(CMAKE_C_COMPILER_TARGET "${WASM_GRPC_GUEST_TARGET}")
set(CMAKE_CXX_COMPILER_TARGET "${WASM_GRPC_GUEST_TARGET}")
if(WASM_GRPC_GUEST_SYSROOT)
  set(CMAKE_SYSROOT "${WASM_GRPC_GUEST_SYSROOT}")
endif()
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
