"""Opening a run or a bundle, whichever a folder holds."""

from __future__ import annotations

from pathlib import Path

from recsys import run_files
from recsys.errors import RunError
from recsys.nouns import speak
from recsys.recommending.bundle import BUNDLE, Bundle
from recsys.recommending.kept import open_kept
from recsys.recommending.recommender import Recommender
from recsys.stores import local_folder


def open_recommender(folder: Path, trust: bool = False, through_kept: bool = True) -> Recommender:
    """A recommender from a run's folder or a bundle, its manifest checked first; imports what that one needs.

    A run answers through the bundle that it keeps, or where it keeps none through PyTorch.

    Parameters
    ----------
    folder:
        The run or the bundle; here, or in an object store (`recsys.stores`).
    trust:
        Load NVTabular's pickle of a run whose workflow has no description; it can run any code.
    through_kept:
        Whether the bundle that a run keeps may answer for it; it cannot fill a gap (`recommending.ahead`).

    Raises
    ------
    RunError
        The folder is neither, or a file of it was changed.
    """
    folder = folder_of(folder)
    if (folder / BUNDLE).is_file():
        return Recommender(_spoken_as(Bundle.open(folder)))
    kept = open_kept(folder) if through_kept else None
    if kept is not None:
        return Recommender(_spoken_as(kept))
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    return Recommender(TrainedRun(Run.open(folder), trust))


def folder_of(place: Path) -> Path:
    """The folder of a run or a bundle, here: the place itself, or its copy (`recsys.stores`).

    Raises
    ------
    RunError
        It holds neither.
    """
    folder = local_folder(place)
    if not (folder / BUNDLE).is_file() and not (folder / run_files.CONFIG).is_file():
        raise RunError(
            f"{folder}: not a run (no config.json) and not a bundle (no {BUNDLE}); train one with: python "
            f"train.py --output {folder}"
        )
    return folder


def _spoken_as(bundle: Bundle) -> Bundle:
    """The bundle; what is said from now on is said in its domain's words."""
    speak(bundle.facts)
    return bundle
