"""Files and folders that are whole or absent.

Everything a run writes goes through `atomic_path` or `atomic_folder`: the content is built under a
temporary name in the same folder (so that the last step is one rename), flushed to the disk, then renamed,
and the rename is flushed too. A crash leaves the old content and at worst a `.tmp-*` name, which nothing
reads, and which the next one who writes the same removes (`recsys.temporaries`).
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from recsys.errors import RunError, refused_by_system
from recsys.temporaries import swap, sweep_beside, temporary_name

_ADDRESS: Final = re.compile(r"[a-z][a-z0-9+.]+:/")  # s3://bucket as pathlib has it
_OF_A_WRITE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)  # told without a file's name


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
    refuse_occupied(final, replace)
    temporary = _temporary(final)
    refuse_occupied(final, replace)  # a folder that a crash moved aside may be back
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


def refuse_occupied(final: Path, replace: bool) -> None:
    """A `RunError` where no folder can be made of that name: something is there, and is not to go."""
    if final.is_symlink() or (final.exists() and not final.is_dir()):
        raise RunError(f"{final}: is a file or a link, not a folder; choose another name or remove it")
    if final.is_dir() and any(final.iterdir()) and not replace:
        raise RunError(f"{final}: exists and is not empty; choose another name or remove it")


def _put(temporary: Path, final: Path, replace: bool) -> None:
    """Give the temporary folder the final name."""
    refuse_occupied(final, replace)
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
