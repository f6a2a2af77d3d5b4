"""serve --code-cache: compiled modules that are kept for the next start."""

import subprocess

import helloworld_pb2
import helloworld_pb2_grpc
import pytest


def hello(channel):
    return helloworld_pb2_grpc.GreeterStub(channel).SayHello(helloworld_pb2.HelloRequest(name="Ada"), timeout=20).message


@pytest.fixture
def refusal(program, guest):
    """refusal("--flag", ...) is what a server says that does not start."""

    def run(*flags):
        command = [program, "serve", guest("greeter"), "--listen", "127.0.0.1:0", *flags]
        process = subprocess.run(command, capture_output=True, text=True, timeout=30)
        assert process.returncode != 0
        return process.stderr

    return run


def test_a_module_is_compiled_for_the_first_start_only(serve, connect, tmp_path):
    cache = tmp_path / "cache"
    written = []
    for _ in range(3):
        server = serve("greeter", "--code-cache", str(cache))
        assert hello(connect(server)) == "Hello Ada"
        server.stop()
        written.append([(file.name, file.stat().st_mtime_ns) for file in cache.iterdir()])
    assert len(written[0]) == 1
    assert written[1] == written[2] == written[0]


@pytest.mark.parametrize("flags", [[], ["--no-start"]])
def test_inspect_compiles_ahead(program, guest, serve, connect, tmp_path, flags):
    command = [program, "inspect", guest("greeter"), "--code-cache", tmp_path, *flags]
    subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_mtime_ns
    assert hello(connect(serve("greeter", "--code-cache", str(tmp_path)))) == "Hello Ada"
    assert [file.stat().st_mtime_ns for file in tmp_path.iterdir()] == [written]


def test_a_file_of_another_version_is_written_anew(serve, connect, tmp_path):
    assert hello(connect(serve("greeter", "--code-cache", str(tmp_path)))) == "Hello Ada"
    (file,) = tmp_path.iterdir()
    size = file.stat().st_size
    file.write_bytes(b"from another age")
    assert hello(connect(serve("greeter", "--code-cache", str(tmp_path)))) == "Hello Ada"
    assert file.stat().st_size == size


def test_a_directory_that_others_may_write_to_is_refused(refusal, tmp_path):
    tmp_path.chmod(0o777)
    assert "cannot be trusted" in refusal("--code-cache", str(tmp_path))


def test_a_directory_that_guests_may_write_to_is_refused(refusal, tmp_path):
    cache = tmp_path / "cache"
    cache.mkdir()
    for granted in (cache, tmp_path, f"{cache}/../cache"):
        said = refusal("--code-cache", str(cache), "--dir", f"{granted}:/data:rw")
        assert "Keep the code cache where no guest can write" in said


def test_a_directory_that_guests_may_read_is_taken(serve, connect, tmp_path):
    server = serve("greeter", "--code-cache", str(tmp_path), "--dir", f"{tmp_path}:/data")
    assert hello(connect(server)) == "Hello Ada"
