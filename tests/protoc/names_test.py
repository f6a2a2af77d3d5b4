"""Code that is generated compiles whatever a .proto's author calls things, and however many alternatives a oneof has.

Usage: names_test.py PROTOC PLUGIN FOLDER_OF_PROTOC_SOURCES INCLUDE_FOLDER...
"""

import pathlib
import re
import resource
import subprocess
import sys
import tempfile
import unittest

PROTOC, PLUGIN, SOURCES, *INCLUDES = sys.argv[1:]
FLAGS = ["-std=c++20", "-fsyntax-only", "-Wall", "-Wextra", "-Wshadow", "-Werror"]
GUEST = ["clang++-19", "--target=wasm32-wasi", "-fno-exceptions", "-fno-rtti", "-mbulk-memory", "-D_WASI_EMULATED_SIGNAL"]
HOST = ["g++"]
# What users may include before.
C_HEADERS = ("cerrno cfloat cinttypes climits clocale cmath cstdint cstdio cstdlib ctime cwchar fcntl.h unistd.h sys/stat.h "
             "sys/types.h sys/time.h netinet/in.h arpa/inet.h poll.h dirent.h").split()
# Generated code had these for its own, and may again.
PLAIN = ("add_service at context depth descriptors end entry field file_descriptors found group in index key left message new_value "
         "oneof out reader registry request result right response service stream tag text type value wire writer").split()


def listed(name: str) -> list[str]:
    return re.findall(r'"(\w+)"', pathlib.Path(SOURCES, name).read_text(encoding="utf-8"))


class Names(unittest.TestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def generate(self, name: str, text: str) -> pathlib.Path:
        """The header; the source lies beside it."""
        (self.folder / f"{name}.proto").write_text(text, encoding="utf-8")
        made = subprocess.run([PROTOC, f"--plugin=protoc-gen-wasm-grpc={PLUGIN}", f"--wasm-grpc_out={self.folder}",
                               f"-I{self.folder}", f"{name}.proto"], capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr[:4000])
        return self.folder / f"{name}.guest.h"

    def compile(self, source: pathlib.Path, compiler: list[str], before: list[str] = ()) -> None:
        unit = self.folder / "unit.cc"
        unit.write_text("".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in before) +
                        f'#include "{source.name}"\n', encoding="utf-8")
        # The C header lies where those of the host's C++ library do not find it first.
        made = subprocess.run([*compiler, *FLAGS, f"-I{self.folder}", *(f"-I{folder}" for folder in INCLUDES), unit],
                              capture_output=True, text=True)
        self.assertEqual(made.returncode, 0, made.stderr[:4000])

    def check(self, name: str, text: str, before: list[str] = ()) -> None:
        header = self.generate(name, text)
        for compiler in (GUEST, HOST):
            self.compile(header.with_suffix(".cc"), compiler, before)

    def test_macros_may_be_enum_values_after_any_header_of_c(self) -> None:
        values = "".join(f"  {name} = {number};\n" for number, name in enumerate(listed("c_macros.inc")))
        self.check("values", f'syntax = "proto2";\npackage macros;\nenum Value {{\n  FIRST_OF_ALL = 0;\n'
                   f'  option allow_alias = true;\n{values}}}\nmessage Holder {{ optional Value value = 1; }}\n', C_HEADERS)

    def test_macros_may_be_fields_and_fields_of_oneofs(self) -> None:
        names = listed("c_macros.inc")
        half = len(names) // 2
        fields = "".join(f"  optional int32 {name} = {number};\n" for number, name in enumerate(names[:half], 1))
        chosen = "".join(f"    int32 {name} = {number};\n" for number, name in enumerate(names[half:], half + 20000))
        header = self.generate("fields", 'syntax = "proto2";\npackage macros;\nmessage Fields {\n' + fields + "  oneof choice {\n" + chosen +
                               "  }\n}\n")
        self.compile(header, GUEST, C_HEADERS)

    def test_macros_may_be_types_packages_services_and_methods(self) -> None:
        names = ["EOF", "HUGE", "NULL", "EINTR", "M_PI", "INT32_MAX", "I", "unix", "errno", "stdin", "assert", "st_atime"]
        messages = "".join(f"message {name} {{ {name} {name} = 1; enum Inner{name} {{ NONE_{name} = 0; }} }}\n" for name in names)
        package = ".".join(names)
        services = "".join(f"service Of{name} {{ rpc {name}(.{package}.{name}) returns (stream .{package}.{name}); }}\n" for name in names)
        self.check("types", f'syntax = "proto3";\npackage {package};\n{messages}{services}', C_HEADERS)

    def test_names_of_generated_code_may_be_anything_of_a_proto(self) -> None:
        self.check("probe", PROBE)
        text = (self.folder / "probe.guest.h").read_text() + (self.folder / "probe.guest.cc").read_text()
        own = sorted(set(re.findall(r"\b\w+_wg\b", text)))
        self.assertGreater(len(own), 10)
        names = PLAIN + own
        self.assertIn("wire_wg", names)
        fields = "".join(f"  optional string {name} = {number};\n" for number, name in enumerate(names, 1))
        parts = [f"message AllFields {{\n{fields}}}\n", "message HoldsValues {\n enum AllValues {\n  FIRST_OF_ALL = 0;\n" +
                 "".join(f"  {name} = {number};\n" for number, name in enumerate(names, 1) if not name.endswith("_")) + "} }\n"]
        package = ".".join(names)
        for name in names:
            full = f".{package}.{name}"
            parts.append(f"message Oneof{name} {{ oneof {name} {{ Oneof{name} child = 1; string leaf = 2; bytes other = 3; }} }}\n")
            parts.append(f"message Chosen{name} {{ oneof chosen_here {{ string {name} = 1; Chosen{name} itself = 2; }} }}\n")
            parts.append(f"message {name} {{ {full} {name} = 1; repeated {full} more = 2; map<string, {full}> {name}s = 3; }}\n")
            parts.append(f"message Enum{name} {{ enum {name} {{ NONE_{name} = 0; }} .{package}.Enum{name}.{name} one = 1; }}\n")
            parts.append(f"service S{name} {{ rpc {name}({full}) returns ({full}); rpc Other(stream {full}) returns (stream {full}); }}\n")
        header = self.generate("own", f'syntax = "proto3";\npackage {package};\n' + "".join(parts))
        self.compile(header.with_suffix(".cc"), GUEST)  # once: it is large
        services = "".join(f"service {name} {{ rpc Call(.services.M) returns (.services.M); }}\n" for name in names)
        self.check("services", f'syntax = "proto3";\npackage services;\nmessage M {{}}\n{services}service Async {{ rpc Async(.services.M) returns (.services.M); }}\n'
                   'service Stub { rpc Stub(.services.M) returns (.services.M); }\n'
                   'service InStream { rpc OutStream(stream .services.M) returns (stream .services.M); rpc InStream(.services.M) returns (.services.M); }\n')
        enums = "".join(f"enum {name} {{ {name}_ZERO = 0; }}\n" for name in names)
        self.check("enums", f'syntax = "proto2";\npackage enums;\n{enums}message M {{\n' +
                   "".join(f"  optional .enums.{name} f{number} = {number};\n" for number, name in enumerate(names, 1)) + "}\n")

    def test_functions_of_c_may_be_types_without_a_package(self) -> None:
        names = listed("c_globals.inc")
        messages = "".join(f"message {name} {{ {name} {name} = 1; }}\n" for name in names[::2])
        enums = "".join(f"enum {name} {{ {name}_ZERO = 0; }}\n" for name in names[1::2])
        kind = names[0]
        header = self.generate("globals", f'syntax = "proto3";\n{messages}{enums}service perform {{ rpc {kind}(.{kind}) returns (.{kind}); }}\n')
        for compiler in (GUEST, HOST):
            self.compile(header, compiler)

    def test_functions_of_c_may_be_packages(self) -> None:
        for name in ("time", "log", "read", "exit", "signal", "tm", "index", "div"):
            self.check(name, f'syntax = "proto3";\npackage {name}.v1;\nmessage M {{ M m = 1; }}\n')

    def test_a_oneof_may_have_hundreds_of_alternatives(self) -> None:
        kinds = ["string", "int64", "Inner", "Event", "bytes", "Kind", "double"]
        fields = "".join(f"    {kinds[number % len(kinds)]} f{number} = {number};\n" for number in range(1, 601))
        header = self.generate("large", 'syntax = "proto3";\npackage large;\nmessage Inner { string text = 1; }\nenum Kind { NONE = 0; }\n'
                               f"message Event {{\n  oneof kind {{\n{fields}  }}\n}}\n")
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        for compiler in (GUEST, HOST):
            self.compile(header.with_suffix(".cc"), compiler)
        used = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        # Of CPU, on whatever machine; a std::variant of as many took minutes.
        self.assertLess(used, 60)


# A message and a service with all that code is generated of.
PROBE = """syntax = "proto2";
package probe;
enum Closed { NONE = 0; ONE = 1; }
message Everything {
  required int32 required = 1;
  optional string text = 2 [default = "x"];
  repeated Closed closed = 3;
  repeated Closed packed = 4 [packed = true];
  map<string, Everything> by_name = 5;
  map<int32, Closed> closed_by_number = 6;
  repeated fixed32 numbers = 7;
  oneof choice { Everything itself = 8; Closed one = 9; string other = 10; }
  optional group Grouped = 11 { optional int32 a = 1; }
}
service Service {
  rpc Unary(Everything) returns (Everything);
  rpc Client(stream Everything) returns (Everything);
  rpc Server(Everything) returns (stream Everything);
  rpc Bidi(stream Everything) returns (stream Everything);
}
"""

if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
