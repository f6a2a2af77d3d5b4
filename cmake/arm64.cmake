# For 64-bit ARM, on a Debian of another processor: its compiler g++-aarch64-linux-gnu, and in a folder Debian's libraries for
# arm64, which scripts/arm64-sysroot makes. What is built for it and has to run meanwhile is run by qemu-user.
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_LIBRARY_ARCHITECTURE aarch64-linux-gnu)
set(WASM_GRPC_RUST_TARGET aarch64-unknown-linux-gnu)
set(WASM_GRPC_DEBIAN_ARCHITECTURE arm64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_C_COMPILER aarch64-linux-gnu-gcc)

list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES WASM_GRPC_SYSROOT)
if(NOT WASM_GRPC_SYSROOT)
  execute_process(COMMAND ${CMAKE_CURRENT_LIST_DIR}/../scripts/arm64-sysroot
                  OUTPUT_VARIABLE WASM_GRPC_SYSROOT OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
  set(WASM_GRPC_SYSROOT ${WASM_GRPC_SYSROOT} CACHE PATH "Debian's libraries for arm64")
endif()
set(CMAKE_SYSROOT ${WASM_GRPC_SYSROOT})
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
foreach(kind LIBRARY INCLUDE PACKAGE)
  set(CMAKE_FIND_ROOT_PATH_MODE_${kind} ONLY)
endforeach()
set(ENV{PKG_CONFIG_SYSROOT_DIR} ${CMAKE_SYSROOT})
set(ENV{PKG_CONFIG_LIBDIR} ${CMAKE_SYSROOT}/usr/lib/aarch64-linux-gnu/pkgconfig:${CMAKE_SYSROOT}/usr/share/pkgconfig)

find_program(WASM_GRPC_QEMU NAMES qemu-aarch64-static qemu-aarch64 DOC "qemu-user, which runs programs for arm64" REQUIRED)
set(CMAKE_CROSSCOMPILING_EMULATOR ${WASM_GRPC_QEMU} -L ${CMAKE_SYSROOT})
