"""Climbers leave a run or a bundle: ``recsys.forget("runs/mine", "ada")``."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from recsys.api.arguments import place, place_or_none, texts


def forget(
    folder: str | Path, climber: str | int | Sequence[str | int], output: str | Path | None = None
) -> int:
    """Take climbers out of a run or a bundle: sends, ids and embeddings; nothing is trained.

    Parameters
    ----------
    folder:
        The run or the bundle.
    climber:
        An id, or several.
    output:
        A new folder, and `folder` stays as it is; None changes `folder` itself.

    Returns
    -------
    How many sends went.

    Raises
    ------
    UsageError
        A climber is not in it, or nobody else is.
    RunError
        The folder is neither, was changed, or is being written to.
    """
    from recsys.adapting.forgetting import forget as forget_climbers

    new = place_or_none(output, "output")
    return forget_climbers(place(folder, "folder"), texts(climber, "climber"), new)
