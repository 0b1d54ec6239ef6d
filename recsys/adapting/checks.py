"""What adding to a run is refused for, and what is said of new logbooks: told without importing Merlin."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, cast, get_args

from recsys import run_files
from recsys.console import say, warn
from recsys.errors import DataError, UsageError
from recsys.runs import Run, check_outside
from recsys.sequences.texts import kept_in

if TYPE_CHECKING:
    from recsys.logbooks.read import Sends

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
    check_model(run, f"takes new {what}")
    if way not in WAYS:
        raise UsageError(f"`by` {way!r}: choose one of {', '.join(WAYS)}")
    if way == "fold-in" and kept_in(run.folder / run_files.WORKFLOW):
        raise UsageError(
            f"`by` {way}: {run.folder} reads texts, which were pooled once for all; choose another"
        )
    check_outside(run.folder, output)
    return cast(Way, way)


def check_model(run: Run, does: str) -> None:
    """A `UsageError` where the run is of another row of the study, published transformers among them."""
    if not run.config.trains_transformer:
        raise UsageError(
            f"{run.folder}: only a run of the default model, or of it with another masking or body, {does}; "
            "train anew"
        )


def check_days(run: Run, sends: Sends) -> bool:
    """Whether the run reads days; a `DataError` where it does and the new sends have a plain order alone."""
    from workflows.sends import description

    has_time = description.read(run.folder / run_files.WORKFLOW).has_time
    if has_time and not sends.has_time:
        raise DataError("has an order but no dates, and the run reads days", remedy="give dates")
    return has_time


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
