"""The first half of a run, raw sends to what a model is trained on: read, filter, split, fit the workflow.

Nothing in the folder is touched before the new data has been read and found good.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys import columns as c
from recsys.config.run import RunConfig
from recsys.console import progress, say, warn
from recsys.errors import DataError
from recsys.files import atomic_path
from recsys.runs import Run

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from recsys.sequences.prepare import Prepared


@dataclass(frozen=True, eq=False)
class _Split:
    """Sends that are ready to be prepared: filtered, sorted, each with its part."""

    frame: pd.DataFrame
    parts: np.ndarray[Any, Any]
    has_time: bool
    facts: dict[str, Any]


def prepare_run(run: Run, config: RunConfig) -> tuple[Prepared, RunConfig]:
    """Read, filter and split the sends; then clear the folder, fit the workflow, write the configuration.

    The caller holds the run's lock, which also sweeps away what a killed process left half written.

    Returns
    -------
    What was prepared, and the configuration with the facts that were found on reading the data.

    Raises
    ------
    DataError
        The data cannot be read, or nothing of it is left after filtering.
    UsageError
        The device that was asked for is not there.
    """
    split = _split(run, config)
    with progress("importing Merlin"):
        from recsys.sequences.prepare import prepare
        from recsys.training.fit import choose_device
        from workflows.sends import device

    choose_device(config.training)  # a device that is not there is found before anything is written
    say(device()[1])
    run.clear()
    with progress("fitting the workflow"):
        prepared = prepare(split.frame, split.parts, split.has_time, run.folder)
    config = config.model_copy(update={"facts": split.facts})
    run.write_config(config)
    run.write_manifest(trained=False)
    return prepared, config


def _split(run: Run, config: RunConfig) -> _Split:
    """Sends that were read, filtered and split, with what is to be told of them."""
    from recsys.sequences.split import TEST, VALIDATION, assign

    with progress("reading sends"):
        sends, source = _read(config, run.folder)
    try:
        frame, k = _filtered(sends.frame, config.min_sends)
        parts, described = assign(frame, config.split, config.seed, sends.has_time)
    except DataError as error:
        raise error.at(source) from None
    later = frame[c.CLIMBER_ID].duplicated().to_numpy()  # a first send has no history
    for name, part in (("validation", VALIDATION), ("test", TEST)):
        if not (later & (parts == part)).any():
            problem = f"the {name} part of the {config.split} split has no send with a history"
            raise DataError(problem, path=source, remedy="use more sends or another `split`")
    facts = {
        "source": source,
        "simulated": bool(frame[c.CLIMB_ID].str.startswith(c.SIMULATED).all()),
        "sends_read": sends.n_read,
        "dropped": dict(sends.n_dropped),
        "kept_with_at_least": k,
        "sends": len(frame),
        "climbers": int(frame[c.CLIMBER_ID].nunique()),
        "climbs": int(frame[c.CLIMB_ID].nunique()),
        "split": described,
    }
    return _Split(frame, parts, sends.has_time, facts)


def reopen_run(run: Run) -> tuple[Prepared, RunConfig]:
    """What `prepare_run` left in a folder whose manifest was checked (`Run.finished` does)."""
    with progress("loading what was prepared"):
        from recsys.sequences.prepare import load_prepared

        return load_prepared(run.folder), run.config


def _read(config: RunConfig, folder: Path) -> tuple[Any, str]:
    """The validated sends, and where they are from in words."""
    from recsys.logbooks.read import read_sends

    if config.data is None:
        from recsys.logbooks.simulate import simulate

        with atomic_path(folder / "simulated.parquet") as fresh:
            simulate("bc", seed=0).to_parquet(fresh, index=False)
        return read_sends(folder / "simulated.parquet"), "simulated BC logbooks, seed 0"
    rejects = folder / "rejects.csv"
    rejects.unlink(missing_ok=True)
    sends = read_sends(Path(config.data), config.schema_name, config.bad_rows, rejects)
    for text in sends.warnings:
        warn(text)
    for reason, count in sends.n_dropped.items():
        warn(f"{count} rows dropped: {reason} (kept in {rejects})")
    return sends, Path(config.data).name


def _filtered(frame: pd.DataFrame, k: int) -> tuple[pd.DataFrame, int]:
    """The k-core of the sends; where nothing is left of so few, the largest k that leaves something."""
    import numpy as np

    from recsys.logbooks.filter import core_filter

    for least in range(k, 0, -1):
        try:
            kept = core_filter(frame, least)
        except DataError:
            continue
        if kept[c.CLIMBER_ID].nunique() < 3 and least > 1:
            continue
        if least < k:
            warn(f"no climbs and climbers have {k} sends each; kept those with {least} (min_sends {least})")
        return kept.assign(**{c.ROW: np.arange(len(kept))}).reset_index(drop=True), least
    raise DataError("holds no sends")
