"""Keep a run's bundle inside the run, for `recsys.recommending.kept` to find."""

from __future__ import annotations

from recsys.console import warn
from recsys.errors import RunError
from recsys.exporting.export import export
from recsys.recommending.kept import KEPT
from recsys.runs import Run


def keep_bundle(run: Run) -> bool:
    """Write ``RUN/bundle`` of a finished run, or say why there is none; returns whether it was written.

    A run without it answers as well, only later: its model is loaded with PyTorch and Transformers4Rec.
    """
    try:
        export(run, run.folder / KEPT, overwrite=True)
    except (RunError, ImportError, OSError) as error:
        warn(f"no bundle is kept in {run.folder}, so `recsys recommend` will load PyTorch: {error}")
        return False
    return True
