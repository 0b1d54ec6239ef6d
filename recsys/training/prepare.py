"""The first half of a run, raw sends to what a model is trained on: read, filter, split, fit the workflow.

Nothing in the folder is touched before the new data has been read and found good.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recsys import columns as c
from recsys import run_files
from recsys.baselines.rows import COUNTING
from recsys.config.run import RunConfig
from recsys.console import progress, say, warn
from recsys.errors import DataError, UsageError
from recsys.runs import Run
from recsys.temporaries import temporary_name
from recsys.training.out_of_core import prepare_ranges
from recsys.training.raw import SIMULATED, largest_core, simulated, warn_of_order
from recsys.training.settle import knows_days, settled

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

    from recsys.sequences.encoders import Encoder
    from recsys.sequences.prepare import Prepared

_INDEX: Final = "_index"
MEMBER_CASES: Final = 2_000  # training sends whose losses tell how much the model gives away
_TEST_CASES: Final = 100_000  # that a streamed training is evaluated on, at the most


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
        The device that was asked for is not there, or the network does not fit into memory.
    """
    if config.training.out_of_core:
        facts = prepare_ranges(run, config)
        prepared = opened(run.folder, config)
    else:
        prepared, facts = _prepare_whole(run, config)
    config = config.model_copy(update={"facts": {**config.facts, **facts}})
    config = settled(config, facts["split"]["sends"]["train"], prepared.n_items, knows_days(prepared.schema))
    _check_network(prepared, config)  # before there is a run that no setting could make smaller
    run.write_config(config)
    run.write_manifest(trained=False)
    return prepared, config


def _check_network(prepared: Prepared, config: RunConfig) -> None:
    """Refuse a network that memory cannot hold."""
    if config.method in COUNTING:
        return
    from recsys.training.memory import check_weights
    from recsys.training.methods import settings_of

    settings: Any = settings_of(config)
    check_weights(settings, prepared.schema, config)


def opened(folder: Path, config: RunConfig, trust: bool = False, scratch: Path | None = None) -> Prepared:
    """What was prepared for a training, in memory or to be streamed.

    `scratch` is where the parts lie that are streamed; None: in the run's folder.
    """
    from recsys.sequences.prepare import load_prepared, load_streamed

    training = config.training
    if not training.stream:
        return load_prepared(folder, training.accelerator, trust)
    most = {"train": MEMBER_CASES, "validation": training.validation_cases, "test": _TEST_CASES}
    return load_streamed(folder, most, training.accelerator, scratch)


def _prepare_whole(run: Run, config: RunConfig) -> tuple[Prepared, dict[str, Any]]:
    """Prepare all sends at once; what was found on reading them."""
    with rejected(run.folder) as rejects:
        split = _split(run, config, rejects)
        with progress("importing Merlin"):
            import numpy as np

            from recsys.sequences.prepare import prepare
            from recsys.training.fit import choose_device
            from workflows.sends import device

        accelerator = config.training.accelerator
        encoder = _encoder(config, split)
        choose_device(config.training)  # a device that is not there is found before anything is written
        say(device(accelerator)[1])
        run.clear(made_up=config.data is None)
    with progress("fitting the workflow"):
        prepared = prepare(split.frame, split.parts, split.has_time, run.folder, accelerator, encoder)
    texts = prepared.sequences.texts
    if texts is not None:
        read = int((np.diff(texts.states.offsets) > 0).sum())
        say(f"what was written of {read} climbs is read, by {config.model.text}")
        split.facts["climbs_with_texts"] = read
    return prepared, split.facts


def _encoder(config: RunConfig, split: _Split) -> Encoder | None:
    """What encodes the texts, where they are to be read and there are some."""
    from recsys.sequences.encoders import encoder_named
    from recsys.sequences.split import TRAIN
    from recsys.sequences.texts import written

    name = config.model.text if config.trains_transformer else "none"
    if name == "none":
        return None
    if not split.has_time:
        raise UsageError("`text` reads what was written before a day, and these sends have no dates")
    if not len(written(split.frame[split.parts == TRAIN])[0]):
        warn(f"no send that is trained on has a comment or beta: `text` {name} adds nothing")
        return None
    return encoder_named(name)


def _split(run: Run, config: RunConfig, rejects: Path) -> _Split:
    """Sends that were read, filtered and split, with what is to be told of them."""
    from recsys.logbooks.remembered import facts_of
    from recsys.sequences.days import facts as order_facts
    from recsys.sequences.days import looks_sorted, read_until
    from recsys.sequences.split import asked_of, check_asked

    with progress("reading sends"):
        sends, source = _read(config, run.folder, rejects)
    try:
        warn_of_order(looks_sorted(sends.frame), config.day, source)
        frame, parts, k, split = _kept(sends.frame, config, sends.has_time)
        check_asked(asked_of(frame, parts), f"the {config.split} split")
    except DataError as error:
        raise error.at(source) from None
    facts = {
        "source": source,
        "simulated": bool(frame[c.CLIMB_ID].str.startswith(c.SIMULATED).all()),
        "sends_read": sends.n_read,
        **read_until(sends.frame[c.DAY].max(), sends.has_time),
        "dropped": dict(sends.n_dropped),
        "kept_with_at_least": k,
        "sends": len(frame),
        "climbers": int(frame[c.CLIMBER_ID].nunique()),
        "climbs": int(frame[c.CLIMB_ID].nunique()),
        "day": config.day,
        **order_facts(frame),
        "split": split,
        **facts_of(sends.mapping),
    }
    return _Split(frame, parts, sends.has_time, facts)


def _kept(
    frame: pd.DataFrame, config: RunConfig, has_time: bool
) -> tuple[pd.DataFrame, Any, int, dict[str, Any]]:
    """The sends that are kept, in order, their parts, the least sends of each climb and climber, the split.

    With `min_sends_of` "train" the split comes first and the filter drops training sends alone: whether a
    climb is in the catalogue then depends on nothing that came later, and a target that is not is a miss.
    """
    import numpy as np

    from recsys.sequences.days import order_days
    from recsys.sequences.split import TRAIN, assign, climbers_needed

    if config.min_sends_of == "all":
        frame, k = _filtered(frame, config.min_sends, climbers_needed(config.split))
    frame = order_days(frame, config.day, config.seed)
    parts, split = assign(frame, config.split, config.seed, has_time, config.validation_climbers)
    if config.min_sends_of == "train":
        index = np.arange(len(frame))
        core, k = _filtered(frame.assign(**{_INDEX: index})[parts == TRAIN], config.min_sends)
        kept = np.union1d(index[parts != TRAIN], core[_INDEX])
        frame, parts = frame.take(kept).reset_index(drop=True), parts[kept]
        frame = order_days(frame, config.day, config.seed)  # changes no order: counts the day's indices anew
        training = frame[parts == TRAIN]
        split["sends"]["train"] = len(training)
        split["climbers"]["train"] = int(training[c.CLIMBER_ID].nunique())
    return frame.assign(**{c.ROW: np.arange(len(frame))}), parts, k, split


def described(config: RunConfig) -> dict[str, Any]:
    """What metrics.json's protocol says of the data: days, what a history holds, who is kept."""
    before = "its day" if config.day == "set" else "it"
    some = config.validation_climbers
    return {
        "split_by": config.split,
        **({} if some is None else {"validation_climbers": some}),
        "day": config.day,
        "history": f"the climber's sends before {before}, earlier ones of the same part included",
        "min_sends": f"{config.facts.get('kept_with_at_least', config.min_sends)} of {config.min_sends_of}",
    }


def reopen_run(run: Run) -> tuple[Prepared, RunConfig]:
    """What `prepare_run` left in a folder whose manifest was checked (`Run.finished` does)."""
    with progress("loading what was prepared"):
        config = run.config
        return opened(run.folder, config), config


def _read(config: RunConfig, folder: Path, rejects: Path) -> tuple[Any, str]:
    """The validated sends, and where they are from in words; dropped rows are written to `rejects`."""
    from recsys.logbooks.read import read_sends

    if config.data is None:
        return read_sends(simulated(folder)), SIMULATED
    sends = read_sends(Path(config.data), config.schema_name, config.bad_rows, rejects)
    for line in sends.lines(folder / run_files.REJECTS):
        warn(line)
    return sends, Path(config.data).name


@contextlib.contextmanager
def rejected(folder: Path) -> Iterator[Path]:
    """Where dropped rows are written until a former run is cleared away; they stay only if it was."""
    path = temporary_name(folder / run_files.REJECTS)
    try:
        yield path
    finally:
        if (folder / run_files.CONFIG).exists():
            path.unlink(missing_ok=True)
        elif path.exists():
            os.replace(path, folder / run_files.REJECTS)


def _filtered(frame: pd.DataFrame, k: int, needed: int = 1) -> tuple[pd.DataFrame, int]:
    """The k-core of the sends; where too few climbers are left, of the largest k that leaves enough."""
    import numpy as np

    from recsys.logbooks.filter import core_filter

    def core(least: int) -> tuple[int, pd.DataFrame]:
        try:
            kept = core_filter(frame, least)
        except DataError:
            return 0, frame
        return int(kept[c.CLIMBER_ID].nunique()), kept

    kept, least = largest_core(core, k, needed)
    return kept.assign(**{c.ROW: np.arange(len(kept))}).reset_index(drop=True), least
