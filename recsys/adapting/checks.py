"""What adding to a run is refused for, and what is said of new logbooks: told without importing Merlin."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final, Literal, cast, get_args

from recsys import run_files
from recsys.console import say, warn
from recsys.errors import UsageError
from recsys.runs import Run
from recsys.sequences.texts import kept_in

Way = Literal["fold-in", "similar", "encoder", "unknown"]
WAYS: Final[tuple[str, ...]] = get_args(Way)


def check_call(run: Run, output: Path, what: str, way: str = "unknown") -> Way:
    """A `UsageError` where nothing can be added to the run, not in this way, or not into that folder.

    Returns the way, which is one.

    Parameters
    ----------
    run:
        To be added to.
    output:
        The new run's folder.
    what:
        What is added, in a word: climbs, climbers.
    way:
        Where new climbers' embeddings come from, one of `WAYS`.
    """
    if not run.config.trains_transformer:
        raise UsageError(f"{run.folder}: only a run of the transformer takes new {what}; train anew")
    if way not in WAYS:
        raise UsageError(f"`by` {way!r}: choose one of {', '.join(WAYS)}")
    if way == "fold-in" and kept_in(run.folder / run_files.WORKFLOW):
        raise UsageError(
            f"`by` {way}: {run.folder} reads texts, which were pooled once for all; choose another"
        )
    if output.resolve() == run.folder.resolve():
        raise UsageError(f"`output` {output}: is the run itself; choose another folder")
    return cast(Way, way)


def tell_known(sent: Iterable[str], catalogue: Iterable[str]) -> None:
    """Say how many of the climbs that new climbers sent the run has: the others tell it nothing of them."""
    climbs = set(sent)
    known = len(climbs.intersection(catalogue))
    if known:
        say(f"{known} of {len(climbs)} climbs of the new logbooks are known to the model")
    else:
        warn(
            f"none of the new logbooks' climbs is known to the model (0 of {len(climbs)}): "
            "check that their ids are those of the run's own climbs"
        )
