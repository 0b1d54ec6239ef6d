"""Opening a run or a bundle, whichever a folder holds."""

from __future__ import annotations

from pathlib import Path

from recsys.errors import RunError
from recsys.recommending.bundle import BUNDLE, Bundle
from recsys.recommending.recommender import Recommender


def open_recommender(folder: Path) -> Recommender:
    """A recommender from a run's folder or a bundle, its manifest checked first; imports what that one needs.

    Raises
    ------
    RunError
        The folder is neither, or a file of it was changed.
    """
    if (folder / BUNDLE).is_file():
        return Recommender(Bundle.open(folder))
    if not (folder / "config.json").is_file():
        raise RunError(
            f"{folder}: not a run (no config.json) and not a bundle (no {BUNDLE}); train one with: python "
            f"train.py --output {folder}"
        )
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    return Recommender(TrainedRun(Run.open(folder)))
