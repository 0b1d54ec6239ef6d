"""Training from Python: ``run = recsys.train(frame, masking="mlm", output="runs/mine")``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.api import arguments as given
from recsys.api.climbs import Climbs, load
from recsys.api.frames import as_file
from recsys.api.run_folder import default_folder, train_folder
from recsys.config.run import RunConfig
from recsys.errors import UsageError
from recsys.runs import Run

if TYPE_CHECKING:
    import pandas as pd

    from recsys.api.recommendations import Recommendations


def train(
    data: pd.DataFrame | str | Path | None = None,
    *,
    output: str | Path | None = None,
    config: str | Path | None = None,
    continue_from: str | Path | None = None,
    resume: bool = False,
    overwrite: bool = False,
    **settings: Any,
) -> FinishedRun:
    """Train a recommender on raw sends, evaluate it, and keep both in a run's folder.

    Parameters
    ----------
    data:
        Raw sends, one row a send: a DataFrame or a file (docs/how-to/own-data.md); None: the simulated BC
        logbooks.
    output:
        The run's folder; None: ``runs/DATA-METHOD``. One in an object store is trained in ``runs/`` and
        copied there at the end.
    config:
        A file of settings in TOML or JSON; `settings` go before it.
    continue_from:
        A finished run to go on with: `data` holds new sends, also of climbers and climbs that it does not
        have; old ids stay (`recsys.adapting.continuing`).
    resume:
        Continue a run that was interrupted.
    overwrite:
        Start anew in a folder that holds a run.
    settings:
        Any setting of `recsys.config` by name: ``masking="mlm"``, ``split="temporal"``, ``epochs=5``,
        ``model="ease"`` ...

    Raises
    ------
    UsageError
        There is no such setting, it is out of its range, or settings cannot work together; resuming, one is
        another than the run was started with; ``torchrun`` started the process.
    DataError
        The data cannot be read; the text names row, value and remedy.
    RunError
        The folder holds a run already, or something else.

    Example
    -------
    >>> run = recsys.train("sends.csv", split="temporal", output="runs/mine")
    >>> run.metrics["unprompted"]["recall@10"], run.recommend("ada", k=3)
    """
    from recsys.training.processes import launched
    from recsys.training.resolve import configured, given_by

    if launched():
        raise UsageError("recsys.train is of one process: start train.py with torchrun, or give `devices`")
    source, file = given.place_or_none(continue_from, "continue_from"), given.place_or_none(config, "config")
    with as_file(data) as path:
        asked = settings if path is None else {**settings, "data": path}
        made, names = configured(asked, file)
        folder = given.place_or_none(output, "output") or default_folder(made)
        if data is not None and not isinstance(data, (str, Path)):
            names = names - {"data"}  # a DataFrame is another file each time
        train_folder(
            made, names, folder, given=given_by(asked, file),
            continue_from=source, resume=resume, overwrite=overwrite,
        )  # fmt: skip
    return FinishedRun(folder)


class FinishedRun:
    """A run whose training has finished.

    Parameters
    ----------
    folder:
        The run's folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self._run = Run.open(given.place(folder, "folder"))
        self.folder = self._run.folder
        self._climbs: Climbs | None = None

    @property
    def config(self) -> RunConfig:
        """All settings of the run."""
        return self._run.config

    @property
    def metrics(self) -> dict[str, Any]:
        """What metrics.json holds: ``metrics["unprompted"]["recall@10"]``."""
        return self._run.metrics

    @property
    def climbs(self) -> Climbs:
        """The run, open for questions; loaded when it is first asked."""
        if self._climbs is None:
            self._climbs = load(self.folder)
        return self._climbs

    def recommend(self, *climber: str, **asked: Any) -> Recommendations:
        """As `Climbs.recommend`."""
        return self.climbs.recommend(*climber, **asked)

    def evaluate(self, part: str = "test", exclude_seen: bool | None = None) -> dict[str, Any]:
        """Evaluate again, on "test" or "validation": what metrics.json would hold, without the seconds."""
        from recsys.training.evaluating import evaluate_folder

        return evaluate_folder(self.folder, part, exclude_seen)

    def export(self, output: str | Path, int8: bool = False, overwrite: bool = False) -> Path:
        """Write a bundle, to recommend without Merlin or PyTorch; returns its folder."""
        from recsys.exporting.copied import copy_kept

        folder = given.place(output, "output")
        self._run.check_export(folder)
        if int8 or copy_kept(self._run, folder, overwrite) is None:
            from recsys.exporting.export import export

            export(self._run, folder, int8, overwrite)
        return folder

    def learning_curve(self) -> pd.DataFrame:
        """One row an epoch: network, epoch (from 1), train_loss, validation scores; none of what counts."""
        from recsys.training.curve import learning_curve

        return learning_curve(self.folder)

    def __repr__(self) -> str:
        """Its folder and its headline figures."""
        from recsys.evaluation.report import cell, models

        found = self.metrics
        asked = [each for each in ("prompted", "unprompted") if each in models(found)]
        shown = ", ".join(f"{each} {cell(found[each], 'recall@10', interval=False)}" for each in asked)
        return f"<recsys.FinishedRun {self.folder}: recall@10 {shown}>"

    def _repr_html_(self) -> str:
        """The table of results that a notebook shows."""
        import html

        from recsys.evaluation.report import metrics_table

        return f"<pre>{html.escape(metrics_table(self.metrics))}</pre>"
