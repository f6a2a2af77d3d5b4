# The few commands people type. CMake presets (release, debug, asan, tsan, fuzz) are underneath.
LISTEN ?= 127.0.0.1:50051
SERVE_FLAGS ?=
FUZZ_SECONDS ?= 60
FUZZ_TARGETS ?=
SECONDS ?= 120
# More for cmake when `make build`, `make test` and `make package` configure.
CMAKE_FLAGS ?=
FLEET_SECONDS ?= 150
SOAK_FLAGS ?=
KILL_ROUNDS ?= 200
# For what processor `make package`, `make test-packages` and `make release` are: this machine's, or arm64.
ARCH =
package := package$(ARCH:%=-%)

.PHONY: help serve build test package test-packages release docs fleet soak test-store bench bench-original asan tsan fuzz format clean

help:
	@echo "make serve    install what is missing, build, serve the greeter example on $(LISTEN)"
	@echo "make build    build everything into build/: the program, the library, guests, tests"
	@echo "make test     build and run all tests"
	@echo "make package  make the packages: Debian's, a tarball, a Python wheel, into build/package/packages; ARCH=arm64 for 64-bit ARM"
	@echo "make test-packages   what make package has made, complete, installed on a Debian, served from and removed; ARCH=arm64 by qemu-user"
	@echo "make release  the packages, with release notes from CHANGELOG.md and checksums"
	@echo "make docs     one site of all pages and headers, with every link checked, in build/docs/site"
	@echo "make fleet    three servers behind Envoy that are rolled, stopped, cut off and killed under load, for FLEET_SECONDS=150"
	@echo "make soak     good clients beside every kind of bad one, for SECONDS=120 in all; SECONDS=3600 is an hour"
	@echo "make test-store   the server killed amid writes into a store on disk, KILL_ROUNDS=200 times, a start with 1 GiB, 100,000 operations on Redis, and the rest"
	@echo "make bench    measure against the yardstick, grpc-go and grpc++, and print the tables"
	@echo "make bench-original   the benchmark of wazero-grpc-server, and print its table"
	@echo "make asan     run the unit tests with AddressSanitizer and UndefinedBehaviorSanitizer"
	@echo "make tsan     run the unit tests of abi, hostmodules, store, http2, net, runtime and wasm with ThreadSanitizer"
	@echo "make fuzz     run each fuzz target for FUZZ_SECONDS=60 seconds, or only FUZZ_TARGETS=\"connection ...\""
	@echo "make format   format the C++ sources"

# Configured anew each time, about a second: what was not found before may have been installed.
build:
	@scripts/install-deps build
	cmake --preset release $(CMAKE_FLAGS)
	cmake --build --preset release --target all

# Builds only what it takes to serve, not the tests.
build/release/build.ninja:
	cmake --preset release

serve:
	@scripts/install-deps build
	@$(MAKE) --no-print-directory build/release/build.ninja
	cmake --build --preset release --target wasm-grpc protoc-gen-wasm-grpc greeter
	@build/release/wasm-grpc serve build/guests/greeter.wasm --listen $(LISTEN) $(SERVE_FLAGS)

test:
	@scripts/install-deps test
	cmake --preset release $(CMAKE_FLAGS)
	cmake --build --preset release --target all
	ctest --preset release

# With the lines of the sources among the debug symbols.
package:
	@scripts/install-deps $(or $(ARCH),build)
	cmake --preset $(package) $(CMAKE_FLAGS)
	scripts/package build/$(package)

# Called by the program of build/release, which is for this machine.
test-packages:
	@scripts/install-deps test
	@scripts/install-deps $(or $(ARCH),build)
	cmake --preset release $(CMAKE_FLAGS)
	cmake --build --preset release --target wasm-grpc greeter
	WASM_GRPC_TEST_PACKAGES=$(CURDIR)/build/$(package)/packages \
	  ctest --preset release --fixture-exclude-setup e2e_ -R '^e2e_(prepare|packages)$$'

# Refuses a version that CHANGELOG.md has no section of, before anything is built.
release:
	@scripts/release notes >/dev/null
	@$(MAKE) --no-print-directory package
	scripts/release notes > build/$(package)/packages/RELEASE-NOTES.md
	cd build/$(package)/packages && sha256sum -- $$(ls | grep -v SHA256SUMS) > SHA256SUMS

docs:
	scripts/docs build/docs

fleet:
	@scripts/install-deps test
	cmake --preset release
	cmake --build --preset release --target all
	ctest --preset release -R '^e2e_prepare$$'
	PYTHONPATH=build/release/tests/e2e/stubs PYTHONDONTWRITEBYTECODE=1 build/release/tests/e2e/venv/bin/python \
	  tests/e2e/python/fleet_proof.py --program build/release/wasm-grpc --guests build/guests --seconds $(FLEET_SECONDS)

soak:
	@command -v go >/dev/null || { echo "make soak needs Go 1.26 or newer; see https://go.dev/dl" >&2; exit 1; }
	@scripts/install-deps test
	cmake --preset release
	cmake --build --preset release --target all
	ctest --preset release -R '^e2e_soak_prepare$$'
	build/release/tests/e2e/soak -seconds $(SECONDS) $(SOAK_FLAGS)

test-store:
	@scripts/install-deps test
	cmake --preset release
	cmake --build --preset release --target all
	WASM_GRPC_TEST_KILL_ROUNDS=$(KILL_ROUNDS) WASM_GRPC_TEST_STORE_OPERATIONS=100000 WASM_GRPC_TEST_STORE_MIB=1024 \
	  ctest --preset release -R '^store_test|^e2e_prepare$$|^e2e_store$$' --verbose

bench:
	@scripts/install-deps bench
	cmake --preset release -DWASM_GRPC_BUILD_BENCH=ON
	cmake --build --preset release --target all
	bench/run $(BENCH_FLAGS)

bench-original:
	@command -v go >/dev/null || { echo "make bench-original needs Go 1.26 or newer; see https://go.dev/dl" >&2; exit 1; }
	@scripts/install-deps bench
	cmake --preset release -DWASM_GRPC_BUILD_BENCH=ON
	cmake --build --preset release --target wasm-grpc grpc_go_echo_program bench_original_program test_service
	build/release/bench/bench_original $(BENCH_FLAGS)

asan:
	@scripts/install-deps test
	cmake --preset asan
	cmake --build --preset asan --target all
	ctest --preset asan

tsan:
	@scripts/install-deps test
	cmake --preset tsan
	cmake --build --preset tsan
	ctest --preset tsan

fuzz:
	@scripts/install-deps fuzz
	cmake --preset fuzz
	cmake --build --preset fuzz
	fuzz/run build/fuzz/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

format:
	git ls-files '*.h' '*.cc' | xargs clang-format-19 -i

clean:
	rm -rf build
