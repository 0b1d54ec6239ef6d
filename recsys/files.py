"""Files and folders that are whole or absent, and a manifest that tells whether a folder was changed.

Everything a run writes goes through `atomic_path` or `atomic_folder`: the content is built under a
temporary name in the same folder (so that the last step is one rename), flushed to the disk, then renamed,
and the rename is flushed too. A crash leaves the old content and at worst a `.tmp-*` name, which nothing
reads, and which the next one who writes the same removes (`recsys.temporaries`).

The manifest is `manifest.json`, {"format": 2, "files": {relative POSIX path: SHA-256 in hex}}; the first
format was that table alone. A key that ends in "/" is a covered folder: its value is the hash of the names
under it, so a file that was added later is noticed too.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import io
import itertools
import json
import math
import os
import re
import shutil
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Final, NoReturn

from recsys.errors import DataError, RunError, refused_by_system
from recsys.formats import FORMAT, stamped, unstamped
from recsys.temporaries import swap, sweep_beside, temporary_name

MANIFEST: Final = "manifest.json"
_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.]+:/")  # s3://bucket as pathlib has it
_FILES: Final = "files"
_OF_A_WRITE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # told without a file's name
_REMEDY: Final = "copy the folder again from its source, or train anew"


@contextlib.contextmanager
def atomic_path(path: Path | str) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and rename it to `path` when the block succeeds.

    The temporary name is unique to the call and ends in the final name, so every suffix is kept. Missing
    parent folders are made. When the block raises, the temporary file is removed and `path` stays as it
    was.
    """
    with _whole([Path(path)], needed=True) as (temporary,):
        yield temporary


@contextlib.contextmanager
def atomic_paths(*paths: Path | str) -> Iterator[tuple[Path, ...]]:
    """The same for files that belong together: none is renamed before all of them are on the disk.

    A file that the block does not write is removed. Between two renames a crash leaves each of them whole,
    but one new and one old: there is no rename of two files.
    """
    with _whole([Path(path) for path in paths], needed=False) as temporaries:
        yield temporaries


@contextlib.contextmanager
def _whole(finals: Sequence[Path], needed: bool) -> Iterator[tuple[Path, ...]]:
    """Rename what the block wrote; with `needed` it is an error to have written less."""
    for final in finals:
        if final.is_dir():
            raise RunError(
                f"{final}: cannot be written, a folder has this name; choose another name or remove it"
            )
    temporaries = tuple(_temporary(final) for final in finals)
    try:
        yield temporaries
        made = [needed or each.is_file() for each in temporaries]
        for temporary in itertools.compress(temporaries, made):
            _fsync(temporary)
        for temporary, final, is_made in zip(temporaries, finals, made, strict=True):
            os.replace(temporary, final) if is_made else final.unlink(missing_ok=True)
        for parent in {final.parent for final in finals}:
            _fsync(parent)
    except Exception as error:
        refused = refused_by_system(error)
        if refused is None:
            raise
        for temporary, final in zip(temporaries, finals, strict=True):  # say which file, by its name
            if refused.filename in (str(temporary), temporary) or (
                refused.filename is None and not finals[1:]
            ):
                refused.filename = str(final)
        raise refused from None
    finally:
        for temporary in temporaries:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(path: Path | str, replace: bool = False) -> Iterator[Path]:
    """Yield a new empty folder beside `path`, and rename it to `path` when the block succeeds.

    An existing folder with something in it is refused, before the block runs, unless `replace` is true. Then
    the two are exchanged at once where the system can (`recsys.temporaries.swap`).
    """
    final = Path(path)
    _refuse_occupied(final, replace)
    temporary = _temporary(final)
    _refuse_occupied(final, replace)  # a folder that a crash moved aside may be back
    try:
        temporary.mkdir()
        yield temporary
        for parent, _, files in os.walk(temporary):
            for each in (*files, "."):
                _fsync(Path(parent) / each)
        _put(temporary, final, replace)
        _fsync(final.parent)
        if temporary.exists():  # what was replaced: it may have to be gone
            shutil.rmtree(temporary)
    except Exception as error:
        refused = refused_by_system(error)
        if refused is None:
            raise
        if refused.filename is not None:  # by the name that was asked for
            refused.filename = str(refused.filename).replace(str(temporary), str(final))
        elif refused.errno in _OF_A_WRITE:
            refused.filename = str(final)
        raise refused from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_json(path: Path | str, obj: object) -> None:
    """Write `obj` as JSON, atomically: its own key order, indent 2, a last newline; NaN is refused."""
    try:
        text = json.dumps(obj, indent=2, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"
        content = text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        where = _not_finite(obj)
        problem = f"{where} is not a finite number" if where else f"is not JSON: {error}"
        raise DataError(problem, path=path, remedy="nothing was written") from error
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def read_json(path: Path | str) -> Any:
    """Read a JSON file. Raises RunError when it is missing or unreadable, DataError when it is not JSON."""
    try:
        content = read_plain(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    try:
        return parsed_json(content)
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path, remedy="restore it, or run again") from error


def open_plain(path: Path | str, flags: int = 0) -> io.BufferedReader:
    """A file to read its bytes, and nothing but a file: a pipe or a device would be waited for.

    Every file that somebody names, or that lies in a folder of theirs, is opened so; `flags` are open(2)'s.

    Raises
    ------
    OSError
        There is none, or it is no file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | flags)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is a pipe or a device, no file", str(path))


def read_plain(path: Path | str) -> bytes:
    """The bytes of a file, opened by `open_plain`."""
    with open_plain(path) as file:
        return file.read()


def read_text(path: Path | str, remedy: str = "check the path", otherwise: str = "save it in UTF-8") -> str:
    """A text in UTF-8, with or without a byte-order mark.

    Parameters
    ----------
    path:
        The file.
    remedy, otherwise:
        What to do where it cannot be read, and where it is something else.

    Raises
    ------
    DataError
        There is no such file, it is no file but a folder or a pipe, or it is not UTF-8.
    """
    try:
        return read_plain(path).decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path=path, remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text", path=path, remedy=otherwise) from error


def parsed_json(content: str | bytes) -> Any:
    """What a JSON text says; a `ValueError`, whatever is wrong with it: also NaN, or nests too deep."""
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def without_waiting(path: str, flags: int) -> int:
    """An opener for `open`: a pipe that nobody writes to is empty, where it would be waited for."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


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


def _temporary(final: Path) -> Path:
    """A temporary name beside `final`, whose folder is made; what a crash left there is removed."""
    if _ADDRESS.match(str(final)):
        raise RunError(f"{final}: this is written to a local path alone; give one, and copy it from there")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{final.parent}: cannot be made ({error.strerror}); choose another folder") from error
    with contextlib.suppress(OSError):  # what cannot be removed is in nobody's way
        sweep_beside(final)
    return temporary_name(final)


def _refuse_occupied(final: Path, replace: bool) -> None:
    if final.is_symlink() or (final.exists() and not final.is_dir()):
        raise RunError(f"{final}: is a file or a link, not a folder; choose another name or remove it")
    if final.is_dir() and any(final.iterdir()) and not replace:
        raise RunError(f"{final}: exists and is not empty; choose another name or remove it")


def _put(temporary: Path, final: Path, replace: bool) -> None:
    """Give the temporary folder the final name."""
    _refuse_occupied(final, replace)
    if final.is_dir() and any(final.iterdir()):
        swap(temporary, final)
    else:
        os.replace(temporary, final)


def _fsync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _plain(obj: object) -> object:
    """NumPy scalars as Python numbers; anything else is refused."""
    item = getattr(obj, "item", None)
    if callable(item) and getattr(obj, "ndim", None) == 0:
        return item()
    raise TypeError(f"{type(obj).__name__} has no JSON form")


def _not_finite(obj: object, where: str = "") -> str:
    """Dotted path of the first NaN or infinity, or an empty string."""
    if isinstance(obj, float) and not math.isfinite(obj):
        return where or "the value"
    pairs = obj.items() if isinstance(obj, dict) else enumerate(obj) if isinstance(obj, (list, tuple)) else ()
    indices = (_not_finite(value, f"{where}.{key}" if where else str(key)) for key, value in pairs)
    return next(filter(None, indices), "")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
