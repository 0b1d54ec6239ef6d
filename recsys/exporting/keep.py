"""Keep a run's bundle inside the run, for `recsys.recommending.kept` to find."""

from __future__ import annotations

from pathlib import Path

from recsys import run_files
from recsys.console import warn
from recsys.errors import RunError
from recsys.exporting.export import export
from recsys.recommending.kept import open_kept
from recsys.runs import Run


def keep_current(folder: Path) -> None:
    """Make the bundle that a run keeps, unless it has one of its present state."""
    if open_kept(folder) is None:
        keep_bundle(Run.open(folder))


def keep_bundle(run: Run, name: str | None = None) -> bool:
    """Write ``RUN/bundle`` of a finished run, or say why there is none; returns whether it was written.

    A run without it answers as well, only later: its model is loaded with PyTorch and Transformers4Rec.

    Parameters
    ----------
    run:
        Finished.
    name:
        What the run will be called, where its folder is still to be whole; a disk that refuses the bundle is
        then an OSError, as for the rest of the folder.
    """
    try:
        export(run, run.folder / run_files.BUNDLE, overwrite=True, name=name)
    except (RunError, ImportError, OSError) as error:
        if isinstance(error, OSError) and name is not None:
            raise
        warn(f"no bundle is kept in {run.folder}, so `recsys recommend` will load PyTorch: {error}")
        return False
    return True
