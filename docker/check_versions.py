"""Check that what is installed here is what a file of requirements says; exit code 1 where it is not.

python docker/check_versions.py docker/merlin-23.12.txt
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterable
from importlib import metadata, util
from pathlib import Path

from packaging.requirements import Requirement


def requirements(text: str) -> list[Requirement]:
    """Read one requirement a line; ``#`` starts a comment."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line]


def installed(name: str) -> str | None:
    """Look up a package's version here: "unknown" for a bare module, None where there is nothing."""
    if name == "python":
        return platform.python_version()
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "unknown" if util.find_spec(name.replace("-", "_")) else None


def differences(expected: Iterable[Requirement], version_of: Callable[[str], str | None]) -> list[str]:
    """Name what is missing or has another version, a line each."""
    found = []
    for requirement in expected:
        version = version_of(requirement.name)
        if version is None:
            found.append(f"{requirement.name}: missing, expected {requirement}")
        elif requirement.specifier and (
            version == "unknown" or not requirement.specifier.contains(version, prereleases=True)
        ):
            found.append(f"{requirement.name}: version {version}, expected {requirement}")
    return found


def main(path: Path) -> int:
    """Print what differs from the file at `path`, and what to do about it."""
    expected = requirements(path.read_text(encoding="utf-8"))
    found = differences(expected, installed)
    for line in found:
        print(f"error: {line}", file=sys.stderr)
    if found:
        print(
            f"error: {path}: {len(found)} of {len(expected)} lines differ from this container; use the base "
            "image that the file was written for, or correct those lines and run the tests in the image",
            file=sys.stderr,
        )
        return 1
    print(f"{path}: all {len(expected)} lines agree")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
