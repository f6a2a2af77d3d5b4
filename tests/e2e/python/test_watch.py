"""--watch: files that are replaced, however that is done."""

import os
import shutil

import pytest
import versioned_pb2_grpc
from server import eventually
from versions import Deployed, version_of


@pytest.fixture
def versions(guest):
    return {version: guest(f"versioned_{version}") for version in (1, 2)}


@pytest.fixture
def watching(serve, connect):
    def start(file):
        server = serve(str(file), "--watch", "--workers", "1")
        return server, versioned_pb2_grpc.VersionedStub(connect(server))

    return start


def comes_to(stub, version):
    eventually(lambda: version_of(stub) == version, f"version {version} is served")


def test_a_file_that_another_is_renamed_to(versions, watching, tmp_path):
    deployed = Deployed(tmp_path, versions)
    _, stub = watching(deployed.file)
    for version in (2, 1, 2):
        deployed.put(version)
        comes_to(stub, version)


def test_a_file_that_is_written_to(versions, watching, tmp_path):
    deployed = Deployed(tmp_path, versions)
    _, stub = watching(deployed.file)
    shutil.copyfile(versions[2], deployed.file)
    comes_to(stub, 2)


def test_a_file_that_is_gone_for_a_while(versions, watching, tmp_path):
    deployed = Deployed(tmp_path, versions)
    server, stub = watching(deployed.file)
    deployed.file.unlink()
    (tmp_path / "touched").write_text("")
    assert version_of(stub) == 1
    deployed.put(2)
    comes_to(stub, 2)
    assert "not reloaded" not in server.log


def test_a_volume_of_kubernetes(versions, watching, tmp_path):
    """Files are links into ..data, which is a link to the folder of their version, and is replaced by renaming."""
    volume = tmp_path / "volume"

    def mount(version: int) -> None:
        folder = volume / f"..{version}"
        folder.mkdir(parents=True)
        shutil.copyfile(versions[version], folder / "versioned.wasm")
        link = volume / "..data_tmp"
        link.symlink_to(folder.name)
        os.rename(link, volume / "..data")

    mount(1)
    (volume / "versioned.wasm").symlink_to("..data/versioned.wasm")
    _, stub = watching(volume / "versioned.wasm")
    assert version_of(stub) == 1
    mount(2)
    shutil.rmtree(volume / "..1")
    comes_to(stub, 2)
    mount(1)
    shutil.rmtree(volume / "..2")
    comes_to(stub, 1)
