"""What deleting climbers from a run and from a bundle share: checks, atomic replacement, and clean-up."""

from __future__ import annotations

import contextlib
import fcntl
import os
import stat
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Final

from recsys.adapting.card import with_section
from recsys.atomic import atomic_folder
from recsys.errors import RunError, UnknownError, UsageError
from recsys.runs import check_outside
from recsys.temporaries import sweep_beside

FACTS: Final = "forgotten"
"""In config.json's facts and in bundle.json: how many climbers were forgotten since the training."""
POOLED: Final = "pools what its climbers wrote, which cannot be taken apart; train anew without them"
_HEADING: Final = "Forgotten since"


def check_climbers(
    folder: Path, climbers: Sequence[str], known: Sequence[str], elsewhere: Collection[str] = ()
) -> None:
    """Refuse climbers who are neither known nor have rows elsewhere, and to forget everybody."""
    there = set(known)
    for each in climbers:
        if each not in there and each not in elsewhere:
            raise UnknownError(f"{folder}: holds no climber {each[:80]!r}; nothing was changed")
    if there <= set(climbers):
        raise UsageError(f"{folder}: holds nobody else; remove the folder")


@contextlib.contextmanager
def rewritten(folder: Path, output: Path | None) -> Iterator[Path]:
    """A new folder to fill, which becomes `output`, or takes the place of `folder` where that is None."""
    if output is not None:
        check_outside(folder, output, "folder", "leave it out to change it in place")
    with atomic_folder(output or folder, replace=output is None) as fresh:
        yield fresh


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Hold a bundle for writing: of two at once, the second would bring back whom the first forgot."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), folder.stat()):  # replaced a moment ago
            raise BlockingIOError
        yield
    except BlockingIOError:
        raise RunError(f"{folder}: another process is changing it; call again when it has ended") from None
    finally:
        os.close(descriptor)


def check_own(folder: Path) -> None:
    """Refuse a folder that holds more than files and folders.

    What a link names is not of the folder: writing through it would change somebody's file elsewhere, and
    what it holds of the climbers would stay.
    """
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            mode = (path := Path(parent) / name).lstat().st_mode
            if stat.S_ISLNK(mode):
                raise RunError(f"{path}: is a link; put what it names in its place, or remove it")
            if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
                raise RunError(f"{path}: is a pipe or a device, no file; remove it")


def told(card: str, before: int, now: int) -> str:
    """A model card that says how many climbers were forgotten, `before` by former calls."""
    note = f"- {before + now} of its climbers: ids, sends and embeddings; the figures above are from before"
    return with_section(card, _HEADING, note)


def sweep(folder: Path) -> bool:
    """Remove what killed processes left beside a folder, or put it back; returns whether there was any.

    It may hold a copy of somebody who was forgotten, so what another machine left goes too.
    """
    try:
        return sweep_beside(folder, elsewhere=True)
    except OSError as error:
        raise RunError(
            f"{error.filename or folder}: cannot be removed ({error.strerror}); remove it by hand"
        ) from error
