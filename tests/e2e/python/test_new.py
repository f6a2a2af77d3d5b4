"""`wasm-grpc new`: the project it makes builds, passes its own test and is served; from the build, without an installation.
Of an installation test_package.py tells."""

import os
import pathlib
import re
import shlex
import subprocess

import pytest

import new_project
from server import Server

LIMIT = 20
README = pathlib.Path(__file__).parents[3] / "README.md"
pytestmark = pytest.mark.timeout(600)


def test_a_new_project_builds_tests_itself_and_is_served(program, tmp_path):
    folder = tmp_path / "a 'new' project" / "Hello-World"
    said = new_project.make(program, folder)
    assert f"{folder} has the service hello_world.HelloWorld now" in said
    new_project.build(folder)
    assert "100% tests passed, 0 tests failed out of 1" in new_project.test(folder)

    # The commands it named for this do it, on a port of the test's.
    assert shlex.split(said.split("\n  ")[1]) == ["cd", str(folder)]
    serve, call = (line.split() for line in said.splitlines() if line.startswith(f"  {program}"))
    assert serve[1:] == ["serve", "build/guests/hello_world.wasm"]
    assert call[1:3] == ["call", "127.0.0.1:50051"]
    server = Server(tmp_path, [program, "serve", folder / serve[2], "--listen", "127.0.0.1:0"])
    try:
        done = subprocess.run(
            [program, "call", server.address, call[3], "--json", '{"name": "World"}'],
            capture_output=True, text=True, timeout=LIMIT,
        )
        assert (done.returncode, done.stdout) == (0, '{\n "text": "Hello, World!"\n}\n'), done.stderr
    finally:
        server.stop()

    # Its test is one: a service that says something else does not pass.
    source = folder / "hello_world.cc"
    source.write_text(source.read_text().replace('"Hello, "', '"Go away, "'))
    new_project.build(folder)
    assert "failed: SayHello" in new_project.test(folder, fails=True)


def test_the_readme_shows_what_is_made(program, tmp_path):
    new_project.make(program, tmp_path / "hello")
    made = [(tmp_path / "hello" / f"hello.{ending}").read_text() for ending in ("proto", "cc")]
    section = README.read_text().split("\n## Your own service\n")[1].split("\n## ")[0]
    shown = re.findall(r"^```(?:proto|cpp)\n(.*?)^```", section, re.MULTILINE | re.DOTALL)
    assert len(shown) == 2
    for snippet in shown:
        assert any(snippet in text for text in made), snippet
    commands = re.findall(r"^    (cmake .*|ctest .*)", README.read_text(), re.MULTILINE)
    assert commands == re.findall(r"^    (cmake .*|ctest .*)", (tmp_path / "hello" / "README.md").read_text(), re.MULTILINE)


def test_a_service_of_any_name_and_package_can_be_asked_for(program, tmp_path):
    # Names that C++ does not take as they are, in a folder that there is.
    new_project.make(program, tmp_path, "--service", "acme.new.v1.union")
    new_project.build(tmp_path)
    assert "100% tests passed" in new_project.test(tmp_path)


OWN = {
    # Names that languages take otherwise than they are, types within types and in another package, all four kinds.
    "acme/shop/v1/shop.proto": """
syntax = "proto3";
package acme.shop.v1;
import "acme/money.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/timestamp.proto";
message Order { message Line { string item = 1; } repeated Line lines = 1; acme.Money total = 2; }
service Shop {
  rpc Match(Order) returns (Order.Line);
  rpc getHTTPPage(google.protobuf.Empty) returns (google.protobuf.Timestamp);
  rpc Watch(Order.Line) returns (stream acme.Money.Unit);
  rpc Fill(stream Order.Line) returns (Order);
  rpc Haggle(stream acme.Money) returns (stream acme.Money);
}
service union { rpc Ask(acme.Money) returns (google.protobuf.Empty); }
service Idle {}
""",
    "acme/money.proto": """
syntax = "proto3";
package acme;
message Money { message Unit { string name = 1; } Unit unit = 1; int64 amount = 2; }
""",
}
OWN_METHODS = 6


@pytest.fixture
def own_protos(tmp_path):
    for name, text in OWN.items():
        (tmp_path / "mine" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "mine" / name).write_text(text)
    return ["--proto", tmp_path / "mine" / "acme/shop/v1/shop.proto", "-I", tmp_path / "mine"]


def test_a_project_of_ones_own_proto_has_its_services_to_be_written(program, tmp_path, own_protos):
    folder = tmp_path / "shop"
    said = new_project.make(program, folder, *own_protos)
    assert "the services of acme/shop/v1/shop.proto" in said and "acme.shop.v1.Shop/Match --json '{}'" in said
    for name, text in OWN.items():
        assert (folder / "protos" / name).read_text() == text
    new_project.build(folder)
    assert "100% tests passed, 0 tests failed out of 1" in new_project.test(folder)

    # A method that is written answers, which its test then says.
    source = folder / "shop.cc"
    written = source.read_text().replace(
        'return guest::Status::unimplemented("Match is to be written")', 'return ::acme::shop::v1::Order_Line{.item = "tea"}'
    )
    assert written != source.read_text()
    source.write_text(written)
    new_project.build(folder)
    assert "failed: Match" in new_project.test(folder, fails=True)
    test = folder / "test.sh"
    test.write_text(test.read_text().replace("UNIMPLEMENTED: Match is to be written", '"item": "tea"'))
    assert "100% tests passed" in new_project.test(folder)


@pytest.fixture
def cargo(program):
    """cargo("wasm", cwd=folder), by a Rust that builds guests, as scripts/build-rust-std finds it; what it builds is shared."""
    found = subprocess.run([README.with_name("scripts") / "build-rust-std"], capture_output=True, text=True, timeout=LIMIT)
    if found.returncode == 3:
        pytest.skip("guests in Rust are not built here: " + found.stderr)
    environment = dict(line.split("=", 1) for line in found.stdout.splitlines())
    environment["CARGO_TARGET_DIR"] = str(program.parent / "rust_guests")

    def run(*arguments, cwd):
        # The first time prost is compiled.
        return new_project.run("cargo", *arguments, limit=500, cwd=cwd, env=os.environ | environment)

    run.target = program.parent / "rust_guests"
    return run


def test_a_new_project_in_rust_builds_and_tests_itself(program, tmp_path, cargo):
    folder = tmp_path / "Hello-Rust"
    said = new_project.make(program, folder, "--lang", "rust", "--service", "acme.v1.HTTPGreeter")
    assert "  cargo test\n  cargo wasm\n" in said
    assert "test result: ok. 2 passed" in cargo("test", cwd=folder)
    cargo("wasm", cwd=folder)
    module = cargo.target / "wasm32-wasip1" / "release" / "hello_rust.wasm"
    said = new_project.run("sh", "test.sh", program, module, cwd=folder)
    assert passed(said) == 3


def test_a_project_of_ones_own_proto_in_rust_builds_and_tests_itself(program, tmp_path, cargo, own_protos):
    folder = tmp_path / "shop"
    new_project.make(program, folder, "--lang", "rust", *own_protos)
    assert "test result: ok. 3 passed" in cargo("test", cwd=folder)  # the unary ones
    assert "warning" not in cargo("wasm", cwd=folder)
    module = cargo.target / "wasm32-wasip1" / "release" / "shop.wasm"
    assert passed(new_project.run("sh", "test.sh", program, module, cwd=folder)) == OWN_METHODS


def passed(said: str) -> int:
    """How many calls of test.sh were answered as they should."""
    return [line.split(":")[0] for line in said.splitlines()].count("passed")


def test_a_new_project_in_go_builds_and_tests_itself(program, guest, tmp_path):
    guest("greeter-go")  # else there is no Go here
    folder = tmp_path / "Hello-Go"
    said = new_project.make(program, folder, "--lang", "go", "--service", "acme.v1.Greeter")
    generate, test, build = (shlex.split(line) for line in said.splitlines() if line.startswith(("  go ", "  GOOS")))
    assert (generate, test) == (["go", "generate"], ["go", "test"])
    new_project.run(*generate, cwd=folder)
    assert "ok" in new_project.run(*test, cwd=folder)
    new_project.run("env", *build, cwd=folder)
    assert passed(new_project.run("sh", "test.sh", program, "hello_go.wasm", cwd=folder)) == 3


def test_a_project_of_ones_own_proto_in_go_builds_and_tests_itself(program, guest, tmp_path, own_protos):
    guest("route-guide-go")  # else there is no Go here, or no protobuf-go
    folder = tmp_path / "shop"
    new_project.make(program, folder, "--lang", "go", *own_protos)
    new_project.run("go", "generate", cwd=folder)
    new_project.run("go", "vet", cwd=folder)
    assert "ok" in new_project.run("go", "test", cwd=folder)
    new_project.run("env", "GOOS=wasip1", "GOARCH=wasm", "go", "build", "-buildmode=c-shared", "-o", "shop.wasm", ".", cwd=folder)
    assert passed(new_project.run("sh", "test.sh", program, "shop.wasm", cwd=folder)) == OWN_METHODS


@pytest.fixture
def zig():
    zig = os.environ.get("WASM_GRPC_TEST_ZIG")
    if not zig:
        pytest.skip("guests in Zig are not built here: scripts/guest-toolchains installs Zig")
    return zig


@pytest.fixture
def asc():
    asc = os.environ.get("WASM_GRPC_TEST_ASC")
    if not asc:
        pytest.skip("guests in AssemblyScript are not built here: scripts/guest-toolchains installs asc")
    return asc


# What structs of Zig are made of: every type of field, names that are keywords, messages within themselves, enums.
ODD_FIELDS = """
syntax = "proto3";
package odd;
import "google/protobuf/struct.proto";
enum error { option allow_alias = true; none = 0; NONE = 0; test = 1; }
message u8 {
  string var = 1; bytes proto = 2; sint32 fn = 3; sfixed64 type = 4; error error = 5; optional uint32 name_in_proto = 6;
  map<string, u8> map = 7; u8 itself = 8; repeated u8 others = 9; oneof one { bool on = 10; double off = 11; } std std = 12;
  google.protobuf.Struct free = 13; float half = 14; repeated error errors = 15;
}
message std { u8 back = 1; }
service try { rpc defer(u8) returns (std); }
"""


def test_a_project_of_ones_own_proto_in_zig_builds_and_is_served(program, tmp_path, zig, own_protos):
    (tmp_path / "odd.proto").write_text(ODD_FIELDS)
    for name, protos, methods in (("shop", own_protos, OWN_METHODS), ("odd", ["--proto", tmp_path / "odd.proto"], 1)):
        folder = tmp_path / name
        new_project.make(program, folder, "--lang", "zig", *protos)
        new_project.run(zig, "build", "--global-cache-dir", program.parent / "zig_cache", cwd=folder)
        module = folder / "zig-out" / "bin" / f"{name}.wasm"
        assert passed(new_project.run("sh", "test.sh", program, module, cwd=folder)) == methods


def test_a_project_of_ones_own_proto_in_assemblyscript_builds_and_tests_itself(program, tmp_path, asc, own_protos):
    folder = tmp_path / "shop"
    new_project.make(program, folder, "--lang", "assemblyscript", *own_protos)
    new_project.stand_in_for_npm(folder, asc)
    new_project.run("npm", "run", "build", cwd=folder)
    assert "# pass 3" in new_project.run("npm", "test", "--", "--test-reporter=tap", cwd=folder)  # the unary ones
    module = folder / "build" / "shop.wasm"
    assert passed(new_project.run("sh", "test.sh", program, module, cwd=folder)) == OWN_METHODS


def test_a_new_project_in_zig_builds_and_is_served(program, tmp_path, zig):
    (tmp_path / "real" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("real/deep")  # the way from there to the SDK is not that of its name
    folder = tmp_path / "link" / "Hello-Zig"
    said = new_project.make(program, folder, "--lang", "zig", "--service", "acme.v1.union")
    assert "  zig build\n  sh test.sh" in said
    new_project.run(zig, "build", "--global-cache-dir", program.parent / "zig_cache", cwd=folder)
    module = folder / "zig-out" / "bin" / "hello_zig.wasm"
    assert passed(new_project.run("sh", "test.sh", program, module, cwd=folder)) == 3


def test_a_new_project_in_assemblyscript_builds_and_tests_itself(program, tmp_path, asc):
    folder = tmp_path / "a 'new' project" / "Hello-Script"
    said = new_project.make(program, folder, "--lang", "assemblyscript", "--service", "acme.v1.Greeter")
    assert "  npm install\n  npm run build\n  npm test\n" in said
    new_project.stand_in_for_npm(folder, asc)
    new_project.run("npm", "run", "build", cwd=folder)
    assert "# pass 2" in new_project.run("npm", "test", "--", "--test-reporter=tap", cwd=folder)
    module = folder / "build" / "hello_script.wasm"
    assert passed(new_project.run("sh", "test.sh", program, module, cwd=folder)) == 3


def test_a_language_that_is_not_there_is_refused(program, tmp_path):
    done = subprocess.run([program, "new", tmp_path / "x", "--lang", "cobol"], capture_output=True, text=True, timeout=LIMIT)
    assert done.returncode == 2 and "cobol" in done.stderr, done


@pytest.fixture
def refuse(program, tmp_path):
    def refuse(*arguments):
        done = subprocess.run([program, "new", *arguments], capture_output=True, text=True, timeout=LIMIT, cwd=tmp_path)
        assert done.returncode == 1 and done.stderr.startswith("wasm-grpc: ") and done.stderr.count("\n") == 1, done
        return done.stderr

    return refuse


@pytest.mark.parametrize("name", ["1st", "-", "a.b", "a b", "h\u00e9", "_a", "x" * 65, "/"])
def test_a_folder_whose_name_makes_no_project_is_refused(refuse, tmp_path, name):
    assert "is no name for a project: expected a letter" in refuse("--", name)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["test", "all", "Package"])
def test_names_that_cmake_has_are_refused(refuse, name):
    assert "CMake has a target of that name" in refuse(name)


@pytest.mark.parametrize("service", ["Service", "a.", ".A", "a..B", "a.B-C", "1.B", "a/B"])
def test_a_service_that_is_none_is_refused(refuse, tmp_path, service):
    assert f"--service {service}: expected package.Service" in refuse("hello", "--service", service)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "text, why",
    [
        (None, "--proto mine.proto"),
        ("syntax = \"proto3\"; message M {", "--proto mine.proto:1:"),
        ('syntax = "proto3"; import "none.proto"; service S {}', "none.proto"),
        ('syntax = "proto3"; message M {} service S {}', "it has no service with a method"),
    ],
)
def test_a_proto_that_makes_no_project_is_refused(refuse, tmp_path, text, why):
    if text is not None:
        (tmp_path / "mine.proto").write_text(text)
    assert why in refuse("hello", "--proto", "mine.proto")
    assert not (tmp_path / "hello").exists()


def test_a_proto_whose_name_would_be_code_is_refused(refuse, tmp_path):
    (tmp_path / "a$(b).proto").write_text('syntax = "proto3"; message M {} service S { rpc A(M) returns (M); }')
    assert "cannot be used in a project" in refuse("hello", "--proto", "a$(b).proto")


def test_a_service_called_as_a_message_is_refused(refuse):
    assert "the service cannot be called HelloReply" in refuse("hello-reply")


def test_what_is_in_a_folder_is_left_alone(refuse, tmp_path):
    (tmp_path / "hello").mkdir()
    (tmp_path / "hello" / "mine").write_text("mine")
    assert "hello is not empty: give a new folder, or an empty one" in refuse("hello")
    assert [file.name for file in (tmp_path / "hello").iterdir()] == ["mine"]
    (tmp_path / "file").write_text("mine")
    assert "file is there, and no folder" in refuse("file")
    assert "Not a directory" in refuse("file/hello")
