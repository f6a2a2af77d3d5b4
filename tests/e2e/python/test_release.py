"""What scripts/release makes of CHANGELOG.md."""

import pathlib
import subprocess

RELEASE = pathlib.Path(__file__).parents[3] / "scripts" / "release"
CHANGELOG = "# Changelog\n\n## Unreleased\n\n### Added\n- Later.\n\n## 1.2.0 - 2026-11-30\n\n### Fixed\n- A crash.\n\n## 1.1.0\n- Old.\n"


def release(root: pathlib.Path, what: str, version: str = "1.2.0") -> subprocess.CompletedProcess:
    (root / "CHANGELOG.md").write_text(CHANGELOG)
    (root / "CMakeLists.txt").write_text(f"project(wasm_grpc VERSION {version} LANGUAGES CXX)\n")
    return subprocess.run([RELEASE, what, "--root", root], capture_output=True, text=True, timeout=30)


def test_the_notes_are_the_section_of_the_version(tmp_path):
    assert release(tmp_path, "notes").stdout == "# wasm-grpc 1.2.0\n\n### Fixed\n- A crash.\n"
    assert release(tmp_path, "version").stdout == "1.2.0\n"


def test_a_version_without_a_section_is_not_released(tmp_path):
    refused = release(tmp_path, "notes", "1.3.0")
    assert refused.returncode != 0 and "no section of 1.3.0" in refused.stderr and refused.stdout == ""
