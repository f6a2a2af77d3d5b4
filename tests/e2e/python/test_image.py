"""deploy/Dockerfile: built by buildah on a Debian made here, since no hub can be reached, and served from as it would be run."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from debian import Debian, needs
from package_files import BUILD_LIMIT, ROOT, emulator, made_packages, run
from server import Server

MOST_BYTES = 60 << 20
USER = 65532
PORT = 50051

pytestmark = pytest.mark.timeout(2 * BUILD_LIMIT)


@pytest.fixture(scope="module")
def image(debian_base, guest, tmp_path_factory):
    """The image's root, its config, and the bytes of its layers, compressed."""
    if emulator():
        pytest.skip("packages for another processor are not installed by a test yet")
    needs("buildah")
    folder = tmp_path_factory.mktemp("image")
    base = Debian(debian_base, folder / "base")
    run(ROOT / "scripts" / "image-context", made_packages(), folder / "context", guest("greeter"), guest("echo"))
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "STORAGE_DRIVER": "vfs"}
    storage = ["--root", folder / "storage", "--runroot", folder / "run"]

    def buildah(*arguments) -> str:
        done = subprocess.run(
            [str(part) for part in ("buildah", *storage, *arguments)], capture_output=True, text=True, env=environment, timeout=BUILD_LIMIT
        )
        assert done.returncode == 0, f"{arguments}: {done.stderr}\n{done.stdout}"
        return done.stdout.strip()

    # As Debian's own slim image leaves it.
    for name in ("doc", "info", "locale", "man"):
        shutil.rmtree(base.root / "usr/share" / name, ignore_errors=True)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, base.root, "/")
    buildah("commit", "--quiet", container, "localhost/base")
    buildah("bud", "--quiet", "--format", "docker", "--pull-never", "--build-arg", "BASE=localhost/base", "-f", ROOT / "deploy/Dockerfile",
            "-t", "localhost/greeter", folder / "context")
    made = buildah("from", "--pull-never", "localhost/greeter")
    root = pathlib.Path(buildah("mount", made))
    config = json.loads(buildah("inspect", "--type", "image", "localhost/greeter"))["Docker"]["config"]
    buildah("push", "--quiet", "localhost/greeter", f"dir:{folder / 'pushed'}")
    layers = json.loads((folder / "pushed" / "manifest.json").read_text())["layers"]
    yield root, config, sum(layer["size"] for layer in layers)
    buildah("unmount", made)
    shutil.rmtree(folder)  # gigabytes, which pytest would keep


def test_the_dockerfile_is_clean():
    run(pathlib.Path(sys.executable).with_name("hadolint"), ROOT / "deploy/Dockerfile")


def test_it_serves_read_only_and_as_nobody_what_was_compiled_with_it(image, tmp_path):
    root, config, size = image
    assert size < MOST_BYTES
    assert config["User"] == f"{USER}:{USER}"
    assert config["Entrypoint"] == ["wasm-grpc"]
    assert len(list((root / "var/cache/wasm-grpc/code").iterdir())) == 2, "a file for each module"
    # Another port, as the image's own may be taken here; all else as the image says.
    enter = f'mount --bind "{root}" "{root}" && mount -o remount,ro,bind "{root}" && exec "$@"'
    command = [
        *("unshare", "--mount", "sh", "-c", enter, "sh"),
        *("chroot", f"--userspec={USER}:{USER}", root, "env", "-i", *config["Env"]),
    ]
    server = Server(tmp_path, [*command, *config["Entrypoint"], *config["Cmd"], "--listen", "127.0.0.1:0", "--log-level", "debug"])
    try:
        call = [*command, "wasm-grpc", "call", server.address, "helloworld.Greeter/SayHello", "--json", '{"name": "image"}']
        assert json.loads(run(*call)) == {"message": "Hello image"}
        kind, *health = config["Healthcheck"]["Test"]
        assert kind == "CMD"
        run(*command, *(part.replace(f"127.0.0.1:{PORT}", server.address) for part in health))
        written = run(*command, "sh", "-c", "touch /var/cache/wasm-grpc/x 2>&1; touch /tmp/x 2>&1; id -u")
        assert written.count("Read-only file system") == 2 and written.endswith(f"{USER}\n")
    finally:
        server.stop()
