"""Debian in a folder, as a machine that packages are installed on: made by mmdebstrap, entered by chroot."""

import os
import pathlib
import shutil
import subprocess

import pytest
from package_files import BUILD_LIMIT, run

RELEASE = "bookworm"


def needs(*programs: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root may enter another root")
    for program in programs:
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed: scripts/install-deps test installs it")


def make_base(folder: pathlib.Path) -> None:
    """The least of Debian that has apt, which tests copy: to make it takes long."""
    needs("mmdebstrap")
    # What mmdebstrap reaches, apt does in there.
    made = subprocess.run(
        ["mmdebstrap", "--mode=root", "--variant=minbase", RELEASE, str(folder)], capture_output=True, text=True, timeout=BUILD_LIMIT
    )
    if made.returncode != 0:
        pytest.skip(f"Debian's packages cannot be reached: {made.stderr[-300:]}")
    # As this machine reaches packages and names.
    shutil.copy("/etc/resolv.conf", folder / "etc/resolv.conf")
    for file in pathlib.Path("/etc/apt/apt.conf.d").iterdir():
        shutil.copy(file, folder / "etc/apt/apt.conf.d")


class Debian:
    """A copy of `base`, as make_base() made it, in a folder that goes with the test."""

    def __init__(self, base: pathlib.Path, folder: pathlib.Path):
        self.root = folder
        run("cp", "--archive", base, folder)

    def command(self, *arguments) -> list:
        """What runs it there."""
        environment = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C.UTF-8", "DEBIAN_FRONTEND=noninteractive"]
        return ["chroot", self.root, *environment, *arguments]

    def run(self, *arguments) -> str:
        return run(*self.command(*arguments))

    def files(self) -> set[str]:
        """All that is there, but for what apt and dpkg know and write about themselves."""
        own = ("var/lib/apt", "var/lib/dpkg", "var/cache/apt", "var/cache/debconf", "var/log", "var/cache/ldconfig", "tmp", "proc", "sys", "dev")
        found = (str(path.relative_to(self.root)) for path in self.root.rglob("*"))
        return {name for name in found if not name.startswith(own)}
