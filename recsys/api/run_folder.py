"""A training in a run's folder, whoever asks for it: ``train.py`` and `recsys.train` go by the same steps."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recsys import run_files
from recsys.console import progress, say
from recsys.errors import UsageError
from recsys.runs import RESUMABLE, Run
from recsys.stores import shown, staged_folder, url_of
from recsys.training.processes import launched, leads

if TYPE_CHECKING:
    from recsys.config.run import RunConfig


# The files that tell a run, and a bundle, from any other folder.
_TOLD_BY: Final = (
    (run_files.CONFIG, run_files.SCHEMA, run_files.SENDS),
    (run_files.OF_BUNDLE, "climbs.json"),
)


def default_folder(settings: RunConfig) -> Path:
    """Where a run is kept that was given no folder."""
    data = Path(settings.data).stem if settings.data else "simulated-bc"
    return Path("runs") / f"{data}-{settings.label}"


def written_in(folder: Path) -> Path:
    """Where a run is trained: its folder, or one in ``runs/`` whose copy is sent to an address at the end."""
    return Path("runs") / folder.name if url_of(folder) else folder


def check_within_none(folder: Path) -> None:
    """A `UsageError` where a folder lies in a run or a bundle: that one is copied and replaced as a whole."""
    for above in folder.absolute().parents:
        if any(all((above / name).is_file() for name in names) for names in _TOLD_BY):
            raise UsageError(f"`output` {folder}: lies in {above}, which is a run; choose another folder")


def train_folder(
    settings: RunConfig,
    names: set[str],
    folder: Path,
    *,
    given: Collection[str] = (),
    continue_from: Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
) -> dict[str, Any] | None:
    """Train a run, or go on with one; it keeps a bundle of itself.

    Parameters
    ----------
    settings, names:
        As `recsys.training.resolve.configured` returns them.
    folder:
        The run's; here, or in an object store.
    given:
        The settings that a person gave (`recsys.training.resolve.given_by`): where a run begins by them,
        one that nothing reads is refused.
    continue_from:
        A finished run to go on with.
    resume:
        Continue a training that was interrupted. The settings `names` have to be those that it was started
        with, but for `recsys.runs.RESUMABLE`.
    overwrite:
        Start anew in a folder that holds a run.

    Returns
    -------
    What metrics.json holds; None in those of ``torchrun``'s processes that only help to train.

    Raises
    ------
    UsageError, DataError, RunError
        As `recsys.training.pipeline.train_run` and `recsys.adapting.continuing.continue_run`.
    """
    from recsys.training.pipeline import refuse_changes, train_run
    from recsys.training.unread import refuse_unread

    if launched() and continue_from is not None:
        raise UsageError("`continue` goes on with a run on one machine: start it without torchrun")
    own = written_in(folder)
    begun = resume and Run(own).started
    check_within_none(own)
    source = Run.open(continue_from) if continue_from is not None else None
    if not begun:
        refuse_unread(settings, given, source.config if source else None)
    if not leads():
        train_run(settings, own, resume=resume, names=names)
        return None
    if own != folder:
        say(f"trained in {own}, and copied to {shown(folder)} at the end")
    with staged_folder(folder, overwrite or resume, own):
        if source is not None:
            metrics = _continued(source, settings, names, own, resume, overwrite)
        else:
            if resume:
                refuse_changes(own, settings, names - RESUMABLE)
            metrics = train_run(settings, own, resume=resume, overwrite=overwrite, names=names)
        from recsys.exporting.keep import keep_current  # brings PyTorch

        keep_current(own)
    return metrics


def _continued(
    source: Run, settings: RunConfig, names: set[str], folder: Path, resume: bool, overwrite: bool
) -> dict[str, Any]:
    with progress("importing Transformers4Rec"):
        from recsys.adapting.continuing import continue_run
    return continue_run(source, settings, names, folder, resume=resume, overwrite=overwrite)
