"""The names that C and C++ headers take for themselves: macros, and what is in the global namespace.

    c_names.py macros|globals LIST          adds what the compilers of this machine have to LIST, c_macros.inc or c_globals.inc
    c_names.py --check macros|globals LIST  says what LIST lacks, and fails if it lacks anything

The lists only grow: another compiler or C library has other names, and code that is generated must not depend on which.
"""

import pathlib
import re
import shutil
import subprocess
import sys

# What generated headers include, and what those include (sdk/cpp/include).
GENERATED = ("cstddef cstdint limits map optional string string_view utility variant vector memory functional coroutine bit array "
             "span type_traits iterator cstring chrono initializer_list").split()
# What users may include before: the C library. A macro of it destroys whatever follows, a function only what it is called as.
LIBRARY = ("assert.h complex.h ctype.h errno.h fcntl.h fenv.h float.h inttypes.h iso646.h limits.h locale.h math.h signal.h stdalign.h "
           "stdarg.h stdbool.h stddef.h stdint.h stdio.h stdlib.h string.h strings.h tgmath.h time.h uchar.h unistd.h wchar.h wctype.h "
           "sys/types.h sys/stat.h sys/time.h sys/socket.h netinet/in.h arpa/inet.h netdb.h poll.h sys/select.h sys/uio.h dirent.h "
           "sys/ioctl.h sys/mman.h sys/resource.h pthread.h semaphore.h sched.h").split()
WASM = ["--target=wasm32-wasi", "-fno-exceptions", "-D_WASI_EMULATED_SIGNAL", "-D_WASI_EMULATED_MMAN",
        "-D_WASI_EMULATED_PROCESS_CLOCKS", "-D_WASI_EMULATED_GETPID"]
COLUMNS = 120


def compilers() -> list[list[str]]:
    """Those of guests, and those that compile their code for tests."""
    clang = shutil.which("clang++-19") or shutil.which("clang++")
    found = [[clang, *WASM], [clang]] if clang else []
    if shutil.which("g++"):
        found.append(["g++"])
    return [[*compiler, standard, "-x", "c++", "-"] for compiler in found for standard in ("-std=c++20", "-std=gnu++20")]


def run(compiler: list[str], flags: list[str], headers: list[str], others: list[str]) -> str:
    """What the compiler says of these headers; of `others` where they are there and can be compiled."""
    def source(names: list[str]) -> str:
        return "".join(f"#if __has_include(<{name}>)\n#include <{name}>\n#endif\n" for name in names)
    usable = [name for name in others if not run_raw(compiler, ["-fsyntax-only"], source([name])).returncode]
    made = run_raw(compiler, flags, source([*headers, *usable]))
    if made.returncode:
        raise SystemExit(f"{' '.join(compiler)}: {made.stderr[:2000]}")
    return made.stdout


def run_raw(compiler: list[str], flags: list[str], text: str) -> subprocess.CompletedProcess:
    return subprocess.run([compiler[0], *flags, *compiler[1:]], input=text, capture_output=True, text=True)


def is_free(name: str) -> bool:
    """Whether users may have it: no letter of a .proto, or the implementation's own, as the standard has it."""
    return re.fullmatch(r"[A-Za-z_]\w*", name) is not None and not re.match(r"_[A-Z_]", name)


def macros() -> set[str]:
    names: set[str] = set()
    for compiler in compilers():
        names.update(re.findall(r"^#define (\w+)", run(compiler, ["-dM", "-E"], GENERATED, LIBRARY), re.MULTILINE))
    return {name for name in names if is_free(name)}


def global_names() -> set[str]:
    """Functions, types and variables in the global namespace, of what generated code includes itself."""
    names: set[str] = set()
    kind = r"(?:Function|Typedef|TypeAlias|CXXRecord|Enum|Var|EnumConstant)Decl"
    declared = re.compile(rf"{kind} [^\n]*?(?:line|col):[0-9:]+ (?:implicit |used |referenced |struct |union |class |constexpr |"
                          r"invalid )*(\w+)(?: '|$| definition)")
    for compiler in compilers():
        if "clang" not in compiler[0]:
            continue
        skipped = 0  # the depth of what is not extern "C", whose names are global too
        for line in run(compiler, ["-fsyntax-only", "-Xclang", "-ast-dump"], GENERATED, []).splitlines():
            depth = line.find("-") // 2 + 1
            if skipped and depth > skipped:
                continue
            rest = line[2 * depth:]
            skipped = 0 if rest.startswith("LinkageSpecDecl") else depth
            if match := declared.match(rest):
                names.add(match[1])
    return {name for name in names if is_free(name)} - {"definition"}  # of what has no name


def read(path: pathlib.Path) -> set[str]:
    return set(re.findall(r'"(\w+)"', path.read_text(encoding="utf-8"))) if path.exists() else set()


def write(path: pathlib.Path, what: str, names: set[str]) -> None:
    lines, line = [f"// Made by protoc/c_names.py {what}: names that headers of C and C++ have, sorted.\n"], ""
    for name in sorted(names):
        word = f'"{name}",'
        if len(line) + len(word) + 1 > COLUMNS:
            lines.append(line + "\n")
            line = ""
        line += (" " if line else "") + word
    path.write_text("".join(lines) + line + "\n", encoding="utf-8")


def main() -> int:
    check = sys.argv[1] == "--check"
    what, path = sys.argv[2:4] if check else sys.argv[1:3]
    listed = read(pathlib.Path(path))
    there = {"macros": macros, "globals": global_names}[what]()
    assert len(there) > 100, f"the compilers tell of {len(there)} names only"
    if not check:
        write(pathlib.Path(path), what, listed | there)
        return 0
    missing = sorted(there - listed)
    if missing:
        print(f"{path} lacks {len(missing)} names that headers here have; run {sys.argv[0]} {what} {path}: {' '.join(missing)}",
              file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
