# The packages, by CPack: wasm-grpc and wasm-grpc-dev for Debian, and a tarball of the portable program.
set(CPACK_PACKAGE_NAME wasm-grpc)
set(CPACK_PACKAGE_VENDOR "The wasm-grpc authors")
set(CPACK_PACKAGE_CONTACT "The wasm-grpc authors <wasm-grpc@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "serves sandboxed WebAssembly modules as gRPC services")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_PACKAGE_DIRECTORY ${PROJECT_BINARY_DIR}/packages)
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_RESOURCE_FILE_README ${PROJECT_SOURCE_DIR}/README.md)
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_THREADS 0)
set(CPACK_SYSTEM_NAME ${CMAKE_SYSTEM_NAME}-${CMAKE_SYSTEM_PROCESSOR})
set(CPACK_OBJCOPY_EXECUTABLE ${CMAKE_OBJCOPY})
set(CPACK_READELF_EXECUTABLE ${CMAKE_READELF})
set(CPACK_PROJECT_CONFIG_FILE ${CMAKE_CURRENT_LIST_DIR}/of_generator.cmake)
set(CPACK_COMPONENTS_ALL program pages licences service library guest_sdk licences_dev portable)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME wasm-grpc)
set(CPACK_DEBIAN_RUNTIME_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA
    ${CMAKE_CURRENT_LIST_DIR}/postinst ${CMAKE_CURRENT_LIST_DIR}/prerm ${CMAKE_CURRENT_LIST_DIR}/postrm
    ${CMAKE_CURRENT_LIST_DIR}/conffiles)
# Loaded when a module comes from a registry, and not before.
set(CPACK_DEBIAN_RUNTIME_PACKAGE_RECOMMENDS "libcurl4")
set(CPACK_DEBIAN_DEVEL_PACKAGE_NAME wasm-grpc-dev)
set(CPACK_DEBIAN_DEVEL_PACKAGE_SECTION devel)
set(CPACK_DEBIAN_DEVEL_PACKAGE_DEPENDS "wasm-grpc (= ${PROJECT_VERSION}), libnghttp2-dev, libsqlite3-dev, libhiredis-dev, libssl-dev, zlib1g-dev, libprotobuf-dev, protobuf-compiler, pkg-config")
# What guests in C++ are built by; those in other languages bring their own compilers.
set(CPACK_DEBIAN_DEVEL_PACKAGE_RECOMMENDS "cmake, ninja-build, clang-19, lld-19, libc++-19-dev-wasm32, libclang-rt-19-dev-wasm32, wasi-libc, binaryen")

# For another processor CPack would name this machine's, and dpkg-shlibdeps look among its libraries; of_generator.cmake has it
# ask what dpkg knows of those in the sysroot.
if(CMAKE_CROSSCOMPILING)
  set(CPACK_DEBIAN_PACKAGE_ARCHITECTURE ${WASM_GRPC_DEBIAN_ARCHITECTURE})
  set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS_PRIVATE_DIRS ${CMAKE_SYSROOT}/lib/${CMAKE_LIBRARY_ARCHITECTURE}
                                                  ${CMAKE_SYSROOT}/usr/lib/${CMAKE_LIBRARY_ARCHITECTURE})
  set(CPACK_WASM_GRPC_SYSROOT ${CMAKE_SYSROOT})
endif()

include(CPack)
cpack_add_component_group(runtime DESCRIPTION
  "The program: serve, call, inspect and begin modules of WebAssembly as gRPC services, each call in a sandbox.")
cpack_add_component_group(devel DESCRIPTION
  "The library to embed, the SDKs for guests in C++, C, Rust, Go, Zig and AssemblyScript, and their CMake packages.")
foreach(component program pages licences service)
  cpack_add_component(${component} GROUP runtime)
endforeach()
foreach(component library guest_sdk licences_dev)
  cpack_add_component(${component} GROUP devel)
endforeach()
cpack_add_component(portable)
