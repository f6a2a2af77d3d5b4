# Installs the guest SDK and builds consumer/ with it, from outside the tree: beside a host compiler, under the toolchain
# file, and with a compiler that cannot make wasm, which is to be said clearly.
# cmake -DBUILD=<our build> -DCONSUMER=<consumer/> -DWORK=<scratch> -DGENERATOR=... -DLIBDIR=lib -DDATADIR=share -DSOURCE=<checkout> -P consumer_test.cmake
# With -DGO=<go> -DGO_CONSUMER=<go_consumer/>, a guest in Go too.
file(REMOVE_RECURSE "${WORK}")
set(prefix "${WORK}/prefix")

function(run)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN} failed:\n${output}")
  endif()
endfunction()

function(expect_guest file)
  if(NOT EXISTS "${file}")
    message(FATAL_ERROR "${file} was not built")
  endif()
  file(READ "${file}" magic LIMIT 4 HEX)
  if(NOT magic STREQUAL "0061736d")
    message(FATAL_ERROR "${file} is no wasm module: it begins with ${magic}")
  endif()
  foreach(name _initialize wasm_grpc_start wasm_grpc_call wasm_grpc_1)
    file(STRINGS "${file}" found REGEX "${name}" LIMIT_COUNT 1)
    if(NOT found)
      message(FATAL_ERROR "${file} does not know ${name}")
    endif()
  endforeach()
endfunction()

run(${CMAKE_COMMAND} --install "${BUILD}" --component guest_sdk --prefix "${prefix}")
set(package "${prefix}/${LIBDIR}/cmake/WasmGrpcGuest")

run(${CMAKE_COMMAND} -S "${CONSUMER}" -B "${WORK}/beside" -G "${GENERATOR}" "-DCMAKE_PREFIX_PATH=${prefix}")
run(${CMAKE_COMMAND} --build "${WORK}/beside")
expect_guest("${WORK}/beside/guests/hello.wasm")
expect_guest("${WORK}/beside/guests/tour.wasm")
expect_guest("${WORK}/beside/guests/guestbook.wasm")

run(${CMAKE_COMMAND} -S "${CONSUMER}" -B "${WORK}/toolchain" -G "${GENERATOR}" -DCMAKE_BUILD_TYPE=Release
    --toolchain "${package}/wasi-toolchain.cmake" "-DWasmGrpcGuest_DIR=${package}")
run(${CMAKE_COMMAND} --build "${WORK}/toolchain")
expect_guest("${WORK}/toolchain/guests/hello.wasm")
expect_guest("${WORK}/toolchain/guests/tour.wasm")
expect_guest("${WORK}/toolchain/guests/guestbook.wasm")

# From a build, without an installation: as CMAKE_PREFIX_PATH, as the package's folder, and by include(). One guest of a
# .proto is enough there.
file(WRITE "${WORK}/one/CMakeLists.txt" "cmake_minimum_required(VERSION 3.25)
project(one LANGUAGES NONE)
if(INCLUDED)
  include(\"\${INCLUDED}\")
else()
  find_package(WasmGrpcGuest REQUIRED)
endif()
wasm_grpc_add_guest(guestbook \"${CONSUMER}/guestbook.cc\" PROTOS \"${CONSUMER}/guestbook.proto\")
")
set(ways "-DCMAKE_PREFIX_PATH=${BUILD}" "-DWasmGrpcGuest_DIR=${BUILD}/sdk/cpp/package"
    "-DINCLUDED=${SOURCE}/sdk/cpp/cmake/WasmGrpcGuest.cmake")
set(number 0)
foreach(way ${ways})
  math(EXPR number "${number} + 1")
  set(hint "")
  # A build elsewhere than in the checkout's build/, as a tester's may be, include() cannot know.
  if(way MATCHES "INCLUDED" AND NOT EXISTS "${SOURCE}/build/release/protoc/protoc-gen-wasm-grpc")
    set(hint "-DWASM_GRPC_PROTOC_PLUGIN=${BUILD}/protoc/protoc-gen-wasm-grpc")
  endif()
  run(${CMAKE_COMMAND} -S "${WORK}/one" -B "${WORK}/one/${number}" -G "${GENERATOR}" "${way}" ${hint})
  run(${CMAKE_COMMAND} --build "${WORK}/one/${number}")
  expect_guest("${WORK}/one/${number}/guests/guestbook.wasm")
endforeach()

execute_process(COMMAND ${CMAKE_COMMAND} -S "${CONSUMER}" -B "${WORK}/unable" -G "${GENERATOR}"
                        "-DCMAKE_PREFIX_PATH=${prefix}" -DWASM_GRPC_GUEST_CXX=${CMAKE_COMMAND}
                RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
string(REGEX REPLACE "[ \n]+" " " output "${output}")
if(result EQUAL 0 OR NOT output MATCHES "Install clang-19 lld-19 libc\\+\\+-19-dev-wasm32")
  message(FATAL_ERROR "a compiler that cannot make wasm was to be refused with what to install; instead:\n${output}")
endif()

if(GO)
  file(COPY "${GO_CONSUMER}/" DESTINATION "${WORK}/go")
  set(ENV{GOFLAGS} -mod=readonly)
  set(ENV{GOWORK} off)
  set(ENV{GOTOOLCHAIN} local)
  run(${GO} -C "${WORK}/go" mod edit "-replace=wasm-grpc/guest=${prefix}/${DATADIR}/wasm_grpc/go")
  set(ENV{GOOS} wasip1)
  set(ENV{GOARCH} wasm)
  run(${GO} -C "${WORK}/go" build -buildmode=c-shared -buildvcs=false -o hello.wasm .)
  expect_guest("${WORK}/go/hello.wasm")
endif()
