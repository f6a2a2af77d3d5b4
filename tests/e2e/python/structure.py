"""Holds the sources to their rules: which folder may include which, how long a file may be, and that nothing in them
belongs to one machine only.

Usage: structure.py SOURCE_FOLDER
"""

import pathlib
import re
import subprocess
import sys

# A folder of src/ and those it may include.
MAY_INCLUDE = {
    "text": set(),
    "rpc": set(),
    "editions": set(),
    "json": {"rpc", "editions"},
    "facade": {"rpc", "json"},
    "access": {"rpc", "json", "text"},
    "http1": {"text"},
    "net": {"rpc", "text"},  # its counters
    "http2": {"net", "rpc", "http1", "facade"},
    "services": {"rpc", "editions"},
    "openapi": {"rpc", "services", "facade"},
    "wasm": {"text"},
    "wasi": {"wasm"},
    "store": {"rpc", "wasm", "client"},  # its meters; its threads' signals; its connections
    "hostmodules": {"store", "wasm"},
    "abi": {"rpc", "wasm", "wasi"},
    "observe": {"rpc", "json", "abi", "wasi", "wasm", "client"},
    "admin": {"rpc", "net", "http2", "services", "observe", "wasm"},  # wasm: its threads' signals
    "runtime": {
        "admin", "rpc", "json", "access", "facade", "net", "http2", "services", "openapi", "wasm", "wasi", "hostmodules", "abi", "observe", "store",
        "client",  # by which guests call
        "text",
    },
    "grpc_cpp": {"rpc"},
    "client": {"text", "rpc", "http1", "services", "json", "editions"},
    "registry": {"rpc", "text"},  # its base64
    "config": {"text", "net", "facade", "client", "registry"},  # what reads addresses, networks, origins and targets
    "protoc": set(),  # not in src/, but nobody may include it either
    "cli": {"client", "config", "openapi", "protoc", "registry", "store"},  # else a user of include/ like any other
}
# The same for the rooms of a folder.
ROOMS_MAY_INCLUDE = {
    "runtime": {"instances": set(), "sharing": {"instances"}, "outgoing": {"instances"},
                "guests": {"instances", "sharing", "outgoing"}, "generations": {"instances", "sharing", "guests"}},
    "net": {"tls": set()},
    "store": {"memory": set(), "sqlite": set(), "redis": {"sqlite"}},  # sqlite: the format of its backups
    "client": {"outgoing": set()},
    "http2": {"session": set()},
    "registry": {"http": set(), "auth": set()},
    "observe": {"trace": set(), "metrics": set(), "log": {"trace"}, "otlp": {"trace", "metrics"}},
}
MOST_LINES = 600
MADE_BY_TOOLS = {"engine/Cargo.lock", "examples/web/package-lock.json", "tests/e2e/node/package-lock.json"}
MADE_BY_PROTOC = ".pb.go"
SOURCE_ENDINGS = {".h", ".cc", ".rs", ".go", ".py", ".cmake", ".txt", ".sh", ".md", ".json", ".js", ".html", ".in", ".proto", ""}

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
ONCE = re.compile(r"^#pragma once$|^#ifndef (\w+)\n#define \1$", re.MULTILINE)
# Folders of the machine someone works on: homes and checkouts. /tmp and /usr are everyone's.
MACHINE_PATH = re.compile(r"(?<![\w.}/-])/(?:" + "|".join(("work", "root", "home", "Users")) + r")/[\w.]")


def tracked_files(root: pathlib.Path) -> list[pathlib.Path]:
    if (root / ".git").exists():
        listed = subprocess.run(["git", "-C", root, "ls-files", "-z"], check=True, capture_output=True, text=True)
        files = [root / name for name in listed.stdout.split("\0") if name]
    else:  # a release archive
        files = [file for file in root.rglob("*") if "build" not in file.relative_to(root).parts]
    return [file for file in files if file.is_file()]


def check_includes(name: pathlib.PurePath, text: str) -> list[str]:
    complaints = []
    folder = name.parts[1] if name.parts[0] == "src" and len(name.parts) > 2 else None
    if folder and folder not in MAY_INCLUDE:
        return [f"{name}: no rule says what src/{folder} may include"]
    for kind, included in INCLUDE.findall(text):
        if re.match(r"(wasmtime|wasm\.h|wasi\.h)", included) and folder != "wasm":
            complaints.append(f"{name} includes <{included}>: only src/wasm knows the engine")
        if re.match(r"nghttp2/", included) and folder not in (None, "http1", "http2", "client"):
            complaints.append(f"{name} includes <{included}>: only src/http1, src/http2 and src/client know HTTP/2")
        if re.match(r"openssl/(ssl|bio|x509)", included) and folder not in (None, "net", "client"):
            complaints.append(f"{name} includes <{included}>: only src/net and src/client know TLS")
        if re.match(r"curl/", included) and name.parts[1:4] != ("registry", "http", "libcurl.h"):
            complaints.append(f"{name} includes <{included}>: only src/registry/http/libcurl.h knows libcurl")
        part = included.partition("/")[0]
        if folder and kind == '"' and part in MAY_INCLUDE and part not in MAY_INCLUDE[folder] | {folder}:
            complaints.append(f'{name} includes "{included}": src/{folder} must not know src/{part}')
        rooms = ROOMS_MAY_INCLUDE.get(folder, {})
        room, other = name.parts[2] if folder else None, included.split("/")[1] if "/" in included else None
        if room in rooms and part == folder and other in rooms and other not in rooms[room] | {room}:
            complaints.append(f'{name} includes "{included}": src/{folder}/{room} must not know {other}/')
        if name.parts[0] == "include" and kind == '"' and part != "wasm_grpc":
            complaints.append(f'{name} includes "{included}": what embedders include must not need src/')
    return complaints


def check_file(root: pathlib.Path, file: pathlib.Path) -> list[str]:
    name = file.relative_to(root)
    if str(name) in MADE_BY_TOOLS or file.suffix not in SOURCE_ENDINGS:
        return []
    text = file.read_text(encoding="utf-8")
    complaints = []
    if file.suffix in (".h", ".cc"):
        if name.parts[0] in ("src", "include", "examples"):
            complaints += check_includes(name, text)
        if file.suffix == ".h" and not ONCE.search(text):
            complaints.append(f"{name} has no #pragma once, nor the #ifndef and #define of a header for C")
    lines = text.count("\n")
    if lines > MOST_LINES and not name.name.endswith(MADE_BY_PROTOC):
        complaints.append(f"{name} has {lines} lines; {MOST_LINES} are the most, so that a reader can take it in")
    for found in MACHINE_PATH.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        complaints.append(f"{name}:{line} names a folder of one machine: {found.group()}...")
    return complaints


def check_rules_bite() -> None:
    """A rule that finds nothing in what breaks it is no rule."""
    for name, text in {
        "src/rpc/a.h": '#include "http2/core.h"',
        "src/cli/a.cc": '#include "runtime/worker.h"',
        "src/http2/a.cc": '  # include "wasm/engine.h"',
        "src/abi/a.cc": "#include <wasmtime.h>",
        "src/http2/b.cc": "#include <openssl/ssl.h>",
        "src/new/a.cc": "",
        "src/runtime/instances/a.cc": '#include "runtime/guests/guest_run.h"',
        "src/runtime/sharing/a.h": '#include "runtime/guests/guest_call.h"',
        "include/wasm_grpc/a.h": '#include "rpc/call.h"',
    }.items():
        assert check_includes(pathlib.PurePath(name), text), f"{name} with {text} was to be refused"
    assert not check_includes(pathlib.PurePath("src/wasi/a.cc"), '#include "wasm/linker.h"\n#include "wasi/errno.h"')
    assert ONCE.search("// A.\n#pragma once\n") and ONCE.search("/* A. */\n#ifndef A_H\n#define A_H\n")
    assert not ONCE.search("// #pragma once") and not ONCE.search("#ifndef A_H\n#define B_H\n")
    assert MACHINE_PATH.search("see " + "/ho" + "me/me/x") and not MACHINE_PATH.search("src" + "/ho" + "me/x")


def main() -> int:
    root = pathlib.Path(sys.argv[1]).resolve()
    check_rules_bite()
    files = tracked_files(root)
    assert len(files) > 50, f"found only {len(files)} files in {root}"
    complaints = [complaint for file in files for complaint in check_file(root, file)]
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    print(f"{len(files)} files, {len(complaints)} complaints")
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
