"""A manifest, which tells whether a folder was changed.

It is `manifest.json`, {"format": 2, "files": {relative POSIX path: SHA-256 in hex}}; the first format was
that table alone. A key that ends in "/" is a covered folder: its value is the hash of the names under it, so
a file that was added later is noticed too.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Final

from recsys.errors import RunError
from recsys.files import open_plain, read_json, write_json
from recsys.formats import FORMAT, stamped, unstamped

MANIFEST: Final = "manifest.json"
_FILES: Final = "files"
_REMEDY: Final = "copy the folder again from its source, or train anew"


def sha256(path: Path | str) -> str:
    """SHA-256 of a regular file's bytes, in hex, read a MiB at a time."""
    digest = hashlib.sha256()
    if not Path(path).is_file():
        raise RunError(f"{path}: is missing or not a file; {_REMEDY}")
    try:
        with open_plain(path) as file:
            while block := file.read(1 << 20):
                digest.update(block)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); check its permissions") from error
    return digest.hexdigest()


def write_manifest(folder: Path | str, relative_paths: Iterable[Path | str]) -> dict[str, str]:
    """Write `folder`/manifest.json over the given files and folders (all below a folder; "." is everything).

    Returns the entries: {relative POSIX path: SHA-256}, in the order of the names.
    """
    root, entries = Path(folder), dict[str, str]()
    for given in relative_paths:
        name = _safe(PurePosixPath(given).as_posix(), root)
        names = [name]
        if (root / name).is_dir():
            names = _covered(root, name)
            entries[f"{name}/"] = _names_hash(names)
        entries.update((each, sha256(root / each)) for each in names)
    entries = dict(sorted(entries.items()))
    write_json(root / MANIFEST, stamped(MANIFEST, {_FILES: entries}))
    return entries


def check_manifest(folder: Path | str) -> dict[str, str]:
    """Check `folder` against its manifest.json and return the entries, so a caller can ask what is covered.

    Raises RunError, one line, on the first file that is missing, changed, or unexpected in a covered
    folder, and on a path that leaves the folder. A manifest finds accidents; it proves no origin, because
    whoever edits a file can also edit the manifest.
    """
    root = Path(folder)
    entries = read_manifest(root)
    for name, expected in entries.items():
        if name.endswith("/"):
            _check_names(root, name, expected, entries)
        elif not (root / name).is_file():
            raise RunError(f"{root / name}: is missing, but {MANIFEST} lists it; {_REMEDY}")
        elif sha256(root / name) != expected:
            raise RunError(f"{root / name}: was changed since {MANIFEST} was written; {_REMEDY}")
    return entries


def read_manifest(folder: Path | str) -> dict[str, str]:
    """The entries of a folder's manifest.json, whose files are not looked at; RunError where it is none."""
    root = Path(folder)
    entries = read_json(root / MANIFEST)
    if isinstance(entries, dict) and isinstance(entries.get(FORMAT), int):
        entries = unstamped(root / MANIFEST, MANIFEST, entries).get(_FILES)
    if not isinstance(entries, dict) or not entries or not all(isinstance(v, str) for v in entries.values()):
        raise RunError(f"{root / MANIFEST}: is not a table of paths and hashes; {_REMEDY}")
    for name in entries:
        _safe(name[:-1] if name.endswith("/") else name, root)
    return entries


def _check_names(root: Path, name: str, expected: str, entries: dict[str, str]) -> None:
    found = _covered(root, name[:-1])
    for each in found:
        if each not in entries:
            raise RunError(
                f"{root / each}: is not in {MANIFEST}, which covers {name}; remove it, or {_REMEDY}"
            )
    listed = sorted(
        key for key in entries if not key.endswith("/") and (name == "./" or key.startswith(name))
    )
    for each in listed:
        if each not in found:
            raise RunError(f"{root / each}: is missing, but {MANIFEST} lists it; {_REMEDY}")
    if _names_hash(found) != expected:
        raise RunError(f"{root / name}: a file listed before is gone from it and from {MANIFEST}; {_REMEDY}")


def _safe(name: str, root: Path) -> str:
    """The same path when it is plain, relative and below the folder; RunError otherwise."""
    pure = PurePosixPath(name)
    unsafe = pure.is_absolute() or ".." in pure.parts or "\\" in name or not name.isprintable()
    if unsafe or name != pure.as_posix() or name == MANIFEST:
        raise RunError(
            f"{root / MANIFEST}: the path {name!r} is not allowed; use plain paths below the folder"
        )
    return name


def _covered(root: Path, name: str) -> list[str]:
    """POSIX paths from the root of all files below a folder, in order; the manifest itself is left out."""
    names = [(PurePosixPath(name) / each).as_posix() for each in _names_under(root / name)]
    return sorted(_safe(each, root) for each in names if each != MANIFEST)


def _names_under(folder: Path) -> list[str]:
    """Relative POSIX paths of files below a folder; a link to a folder counts as a file, not followed."""
    names = []
    for parent, folders, files in os.walk(folder, followlinks=False):
        links = [each for each in folders if (Path(parent) / each).is_symlink()]
        names += [(Path(parent) / each).relative_to(folder).as_posix() for each in files + links]
    return sorted(names)


def _names_hash(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(names).encode()).hexdigest()
