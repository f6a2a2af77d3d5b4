"""protoc-gen-wasm-grpc against Google's implementation in Python, by a current protoc: for proto2, proto3 and the editions 2023
and 2024 at least 2,000 messages each that Google's writes, ours reads and writes, and Google's reads as what they were."""

import os
import pathlib
import random
import struct
import subprocess
import sys

import grpc_tools
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

SOURCES = pathlib.Path(os.environ["WASM_GRPC_TEST_SOURCES"])
PLUGIN = os.environ["WASM_GRPC_TEST_PLUGIN"]
SCHEMA = SOURCES / "tests/protoc/schema"
GOOGLES = pathlib.Path(grpc_tools.__file__).parent / "_proto"
SYNTAXES = {"proto2": "features2", "proto3": "features3", "2023": "features2023", "2024": "features2024"}
KNOWN = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"]
COUNT = 2000
pytestmark = pytest.mark.timeout(580)

# Answers each message: 1 and its bytes as ours has them, or 0 where it refuses it.
MIRROR = """
#include <cstdint>
#include <cstdio>
#include <string>
#include "wasm_grpc/guest/message.h"
%(includes)s
using namespace wasm_grpc::guest;
template <typename Message>
bool mirror(const std::string& bytes, std::string& out) {
  Message message;
  if (!decode(Bytes(bytes), message)) return false;
  out = encode(message);
  Message copy = message;
  Message again;
  // Copies are the same, and what was written is read as what it was. NaN is not equal to itself.
  return encode(copy) == out && decode(Bytes(out), again) && encode(again) == out;
}
using Mirror = bool (*)(const std::string&, std::string&);
constexpr Mirror mirrors[] = {%(mirrors)s};
int main() {
  std::uint32_t head[2];
  while (std::fread(head, 1, sizeof head, stdin) == sizeof head) {
    std::string bytes(head[1], '\\0');
    if (head[1] != 0 && std::fread(bytes.data(), 1, head[1], stdin) != head[1]) return 1;
    std::string out;
    const std::uint32_t good = mirrors[head[0]](bytes, out) ? 1 : 0;
    const std::uint32_t answer[2] = {good, static_cast<std::uint32_t>(out.size())};
    std::fwrite(answer, 1, sizeof answer, stdout);
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
  }
}
"""


def protoc(*arguments):
    # As a process: the compiler in it would end this one where it fails.
    subprocess.run([sys.executable, "-m", "grpc_tools.protoc", f"-I{SCHEMA}", f"-I{GOOGLES}", *map(str, arguments)], check=True, timeout=120)


@pytest.fixture(scope="module")
def pool(tmp_path_factory):
    out = tmp_path_factory.mktemp("set") / "set"
    protoc("--include_imports", f"--descriptor_set_out={out}", *(f"{name}.proto" for name in SYNTAXES.values()))
    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(out.read_bytes()).file:
        pool.Add(file)
    return pool


def types_of(pool):
    types = []
    for name in SYNTAXES.values():
        open_types = list(pool.FindFileByName(f"{name}.proto").message_types_by_name.values())
        while open_types:
            one = open_types.pop()
            if one.GetOptions().map_entry:
                continue
            types.append(one)
            open_types += one.nested_types
    return sorted(types, key=lambda one: one.full_name)


@pytest.fixture(scope="module")
def mirror(pool, tmp_path_factory):
    """mirror(type, bytes): what ours makes of them, or None."""
    folder = tmp_path_factory.mktemp("mirror")
    files = ["common", *SYNTAXES.values(), *(f"google/protobuf/{name}" for name in KNOWN)]
    protoc(f"--plugin=protoc-gen-wasm-grpc={PLUGIN}", f"--wasm-grpc_out={folder}", *(f"{file}.proto" for file in files))
    types = types_of(pool)
    names = ["::" + "::".join((one.file.package.replace(".", "::"), one.full_name[len(one.file.package) + 1:].replace(".", "_")))
             for one in types]
    (folder / "mirror.cc").write_text(MIRROR % {
        "includes": "".join(f'#include "{name}.guest.h"\n' for name in SYNTAXES.values()),
        "mirrors": ", ".join(f"&mirror<{name}>" for name in names)})
    sources = [folder / f"{file}.guest.cc" for file in files]
    command = ["g++", "-std=c++20", "-O0", "-fno-exceptions", f"-I{folder}", f"-I{SOURCES / 'sdk/cpp/include'}",
               f"-idirafter{SOURCES / 'sdk/c/include'}", folder / "mirror.cc", *sources, "-o", folder / "mirror"]
    subprocess.run([str(part) for part in command], check=True, timeout=400)
    process = subprocess.Popen([folder / "mirror"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    numbers = {one.full_name: number for number, one in enumerate(types)}

    def mirror(name, message):
        process.stdin.write(struct.pack("=II", numbers[name], len(message)) + message)
        process.stdin.flush()
        good, size = struct.unpack("=II", process.stdout.read(8))
        answer = process.stdout.read(size)
        return answer if good else None

    yield mirror
    process.stdin.close()
    assert process.wait(60) == 0


class Filler:
    """Messages at random, by their descriptors."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def fill(self, message, depth):
        for field in message.DESCRIPTOR.fields:
            if not field.is_required and self.random.random() < 0.5:
                continue
            if field.message_type is not None and depth == 0 and not field.is_required:
                continue
            if field.message_type is not None and field.message_type.GetOptions().map_entry:
                self.map(message, field, depth)
            elif field.is_repeated:
                for _ in range(self.random.randrange(4)):
                    if field.message_type is not None:
                        self.fill(getattr(message, field.name).add(), depth - 1)
                    else:
                        getattr(message, field.name).append(self.value(field))
            elif field.message_type is not None:
                inner = getattr(message, field.name)
                inner.SetInParent()
                self.fill(inner, depth - 1)
            else:
                setattr(message, field.name, self.value(field))

    def map(self, message, field, depth):
        entry = field.message_type.fields_by_name
        for _ in range(self.random.randrange(4)):
            key = self.value(entry["key"])
            if entry["value"].message_type is not None:
                self.fill(getattr(message, field.name)[key], depth - 1)
            else:
                getattr(message, field.name)[key] = self.value(entry["value"])

    def value(self, field):
        kind = field.cpp_type
        if kind == field.CPPTYPE_BOOL:
            return self.random.random() < 0.5
        if kind == field.CPPTYPE_ENUM:
            numbers = [value.number for value in field.enum_type.values]
            # As in Google's C++, and other than in its Python, a field of proto2 is closed whatever its enum is.
            is_closed = field.enum_type.is_closed or field.file.name == "features2.proto"
            return self.random.choice(numbers if is_closed else numbers + [4711, -1])
        if kind in (field.CPPTYPE_DOUBLE, field.CPPTYPE_FLOAT):
            return self.random.choice([0.0, -0.0, 1.5, -3.25, float("inf"), 2.0**-126, float(self.random.randrange(1000))])
        if kind == field.CPPTYPE_STRING:
            text = self.random.choice(["", "x", "zw\u00f6lf \u20ac \U0001f600", "a longer text, for the heap"]) * self.random.randrange(1, 3)
            return text.encode() if field.type == field.TYPE_BYTES else text
        bits = 32 if kind in (field.CPPTYPE_INT32, field.CPPTYPE_UINT32) else 64
        number = self.random.getrandbits(bits) >> self.random.randrange(bits)
        if kind in (field.CPPTYPE_UINT32, field.CPPTYPE_UINT64):
            return number
        return number - (1 << bits) if number >= 1 << (bits - 1) else number


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_messages_go_both_ways(pool, mirror, syntax):
    types = [one for one in types_of(pool) if one.file.name == f"{SYNTAXES[syntax]}.proto"]
    assert types
    filler = Filler(syntax)
    for number in range(COUNT):
        one = types[number % len(types)]
        kind = message_factory.GetMessageClass(one)
        message = kind()
        filler.fill(message, 3)
        bytes_of = message.SerializeToString(deterministic=True)
        # A message whose bytes have fields that this type does not know, at times; and another, merged behind it.
        extra = b"\xf8\xff\xff\xff\x0f\x07" if number % 5 == 0 else b""
        if number % 7 == 0:
            more = kind()
            filler.fill(more, 1)
            bytes_of += more.SerializeToString()
        wanted = kind.FromString(bytes_of + extra)
        ours = mirror(one.full_name, bytes_of + extra)
        assert ours is not None, f"{one.full_name} is refused:\n{message}"
        assert kind.FromString(ours) == wanted, f"{one.full_name}:\n{message}"
        assert ours.endswith(extra)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_half_messages_are_refused_by_both(pool, mirror, syntax):
    one = pool.FindMessageTypeByName({"proto2": "features.two", "proto3": "features.three"}.get(syntax, f"features.of{syntax}") + ".Everything")
    kind = message_factory.GetMessageClass(one)
    filler = Filler(syntax + " cut")
    refused = 0
    for _ in range(200):
        message = kind()
        filler.fill(message, 2)
        whole = message.SerializeToString()
        if not whole:
            continue
        part = whole[:filler.random.randrange(len(whole))]
        try:
            kind.FromString(part)
            googles = True
        except Exception:  # DecodeError, or EncodeError where a required field is missing
            googles = False
        assert (mirror(one.full_name, part) is not None) == googles, part
        refused += not googles
    assert refused > 50


def test_features_are_kept_on_the_wire(pool, mirror):
    presence = message_factory.GetMessageClass(pool.FindMessageTypeByName("features.of2023.Presence"))
    # What is implied is left out when it is zero, what is known is not.
    bytes_of = b"\x08\x00\x10\x00\x18\x01"
    assert mirror("features.of2023.Presence", bytes_of) == b"\x08\x00\x18\x01"
    assert mirror("features.of2023.Presence", b"\x08\x00") is None  # what is needed is not there
    assert presence.FromString(b"\x18\x01").text == "as it was"
    # A closed enum keeps what it has no name for among the unknown fields, an open one as it is.
    assert mirror("features.of2023.Enums", b"\x10\x63\x08\x63") == b"\x08\x63\x10\x63"
    # Packed or not, strings that are not UTF-8, groups.
    assert mirror("features.of2023.Encodings", b"\x08\x01\x08\x02\x12\x02\x03\x04") == b"\x0a\x02\x01\x02\x10\x03\x10\x04"
    assert mirror("features.of2023.Encodings", b"\x22\x01\xff") is None
    assert mirror("features.of2023.Encodings", b"\x2a\x01\xff") == b"\x2a\x01\xff"
    assert mirror("features.of2023.Delimited", b"\x0b\x38\x01\x0c") == b"\x0b\x38\x01\x0c"
