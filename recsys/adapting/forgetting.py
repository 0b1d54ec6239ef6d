"""``recsys forget FOLDER --climber ID``: climbers leave a run or a bundle, with all that is of them alone.

Of them alone are their sends, their ids and their embeddings. What was learned of everybody at once (the
other weights, counts of a counting method, means, figures) has their part in it and stays: only a training
without them takes that away. Files in the folder that the project did not write stay as they are, and
so does an id that another climber wrote in a comment. But a method that counts by keeping the sends, days
and all (recent popularity), keeps those of the others alone: a run has what it takes to do so, a bundle is
refused.

In place the new folder is made beside the old one and put in its stead. Whatever a killed process left beside
it is removed, or put back, by the next call: a copy of somebody who was forgotten is not to stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recsys import run_files
from recsys.adapting.leaving import check_own, sweep
from recsys.errors import UnknownError, UsageError
from recsys.recommending.bundle import BUNDLE


def forget(folder: Path, climbers: Sequence[str], output: Path | None = None) -> int:
    """Take climbers out of a run or a bundle; returns how many sends went with them.

    Parameters
    ----------
    folder:
        The run or the bundle.
    climbers:
        Their ids; each has to be in it.
    output:
        A new folder, and `folder` stays as it is; None changes `folder` itself.

    Raises
    ------
    UsageError
        A climber is not in it, nobody else is, or the folder is the bundle of a run.
    RunError
        The folder is neither a run nor a bundle, was changed, is being written to, or holds a link or a pipe.
    """
    climbers = list(dict.fromkeys(climbers))  # given twice, one is counted once
    left = sweep(folder) if output is None else False
    if not climbers:
        raise UsageError("`climber` is to name whom to forget")
    check_own(folder)
    is_bundle = (folder / BUNDLE).is_file()
    if is_bundle and folder.name == run_files.BUNDLE and (folder.parent / run_files.CONFIG).is_file():
        raise UsageError(f"{folder}: is the bundle of {folder.parent}; forget the climber there")
    try:
        if is_bundle:
            from recsys.adapting.forget_bundle import forget_in_bundle

            return forget_in_bundle(folder, climbers, output)
        from recsys.adapting.forget_run import forget_in_run

        return forget_in_run(folder, climbers, output)
    except UnknownError:
        if left:  # a former call was killed after the new folder was in place
            return 0
        raise
