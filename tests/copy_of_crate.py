#!/usr/bin/env python3
"""Fetches a package of crates.io for files that it carries, and copies them to a folder.

Usage: copy_of_crate.py PIN PACKAGE FILES FOLDER

PIN is a folder with a Cargo.toml and the Cargo.lock that says the version, FILES a folder of the package. Does nothing when
FOLDER has them. Where they cannot be had, without the network and never before, it exits with 77, and says so.
"""

import json
import pathlib
import shutil
import subprocess
import sys

CANNOT = 77


def main(pin: str, name: str, files: str, target: str) -> None:
    command = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", str(pathlib.Path(pin, "Cargo.toml"))]
    try:
        metadata = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=240).stdout
    except (OSError, subprocess.SubprocessError) as error:
        print(f"{name} could not be fetched: {error}", file=sys.stderr)
        sys.exit(CANNOT)
    [package] = [package for package in json.loads(metadata)["packages"] if package["name"] == name]
    folder = pathlib.Path(target)
    mark = folder / "VERSION"
    if mark.exists() and mark.read_text() == package["version"]:
        return
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(pathlib.Path(package["manifest_path"]).parent / files, folder)
    mark.write_text(package["version"])


if __name__ == "__main__":
    main(*sys.argv[1:])
