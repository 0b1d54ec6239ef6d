"""A finished run, evaluated again. A wrong call is told before Merlin is imported."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Final

from recsys.errors import UsageError
from recsys.runs import Run

PARTS: Final = ("test", "validation")


def evaluate_folder(
    folder: Path, part: str = "test", exclude_seen: bool | None = None, trust: bool = False
) -> dict[str, Any]:
    """Evaluate a finished run again: what metrics.json would hold, without the seconds.

    A run whose training was streamed is streamed again, from parts in a temporary folder: the same cases.

    Parameters
    ----------
    folder:
        The run's folder.
    part:
        "test" or "validation".
    exclude_seen:
        Whether climbs already sent are left out; None: as trained.
    trust:
        Load NVTabular's pickle of a run whose workflow has no description; it can run any code.

    Raises
    ------
    UsageError
        There is no such part.
    RunError
        The folder is not a finished run, or a file of it was changed.
    """
    if part not in PARTS:
        raise UsageError(f"`part` {part}: choose {' or '.join(PARTS)}")
    run = Run.open(folder)

    from recsys.training.kept import load_method
    from recsys.training.prepare import described, opened
    from recsys.training.suite import evaluate_run

    config = run.config
    seen = config.exclude_seen if exclude_seen is None else exclude_seen
    with tempfile.TemporaryDirectory(prefix="recsys-") as scratch:
        prepared = opened(run.folder, config, trust, Path(scratch))
        method = load_method(run, prepared)
        return evaluate_run(method, prepared, config.model.length, seen, config.seed, part, described(config))
