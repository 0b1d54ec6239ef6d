"""What leaving a run and a bundle have in common: who may leave, the new folder, and what is swept."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from recsys.errors import RunError, UnknownError, UsageError
from recsys.files import atomic_folder

CARD: Final = "MODEL_CARD.md"
FACTS: Final = "forgotten"
"""In config.json's facts and in bundle.json: how many climbers were forgotten since the training."""
_HEADING: Final = "## Forgotten since"


def check_climbers(folder: Path, climbers: Sequence[str], known: Sequence[str]) -> None:
    """Refuse climbers who are not known, and to forget everybody."""
    there = set(known)
    for each in climbers:
        if each not in there:
            raise UnknownError(f"{folder}: holds no climber {each[:80]!r}; nothing was changed")
    if there <= set(climbers):
        raise UsageError(f"{folder}: holds nobody else; remove the folder")


@contextlib.contextmanager
def rewritten(folder: Path, output: Path | None) -> Iterator[Path]:
    """A new folder to fill, which becomes `output`, or takes the place of `folder` where that is None."""
    if output is not None and output.resolve() == folder.resolve():
        raise UsageError(f"`output` {output}: is the folder itself; leave it out to change it in place")
    with atomic_folder(output or folder, replace=output is None) as fresh:
        yield fresh


def told(card: Path, before: int, now: int) -> str:
    """A model card that says how many climbers were forgotten, `before` by former calls."""
    text = card.read_text(encoding="utf-8")
    begin, _, rest = text.partition(f"\n{_HEADING}\n")
    _, heading, after = rest.partition("\n## ")
    note = f"- {before + now} of its climbers: ids, sends and embeddings; the figures above are from before"
    return f"{begin.rstrip()}\n\n{_HEADING}\n{note}\n{heading}{after}"


def sweep_beside(folder: Path) -> bool:
    """Remove what killed processes left beside a folder, or put it back; returns whether there was any.

    A process that replaces a folder (`recsys.files.atomic_folder`) moves the old one aside first: where it
    ended before the new one had the name, the old one gets it back.
    """
    left = [each for kind in ("old", "tmp") for each in folder.parent.glob(f".{kind}-*-{folder.name}")]
    left = [each for each in left if not _alive(each.name)]
    for each in left:
        if each.name.startswith(".old-") and not folder.exists():
            os.replace(each, folder)
            continue
        try:
            shutil.rmtree(each)
        except OSError as error:
            raise RunError(f"{each}: cannot be removed ({error.strerror}); remove it by hand") from error
    return bool(left)


def _alive(name: str) -> bool:
    """Whether the process that a temporary name tells of still runs."""
    number = name.split("-")[1]
    return number.isdigit() and Path(f"/proc/{number}").exists()
