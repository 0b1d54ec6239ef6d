"""`recsys.training.prepare` for sends that are more than memory holds: a range of climbers at a time.

The ranges go through `recsys.sequences.ranges`, in this process or on a Dask cluster, and come out as the
same files in the run's folder as of all sends at once; each group of rows of sends.parquet is a range. Held
are one range a worker, and what grows with climbs and climbers: counts of climbs, the split, the workflow's
categories.

Two things are inferred for each range alone, not for all sends: the grade system of bare numbers, and
whether days look sorted. Means and standard deviations are accumulated in another order, and agree to about
seven digits.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys import columns as c
from recsys import run_files
from recsys.atomic import atomic_folder, atomic_path
from recsys.baselines.rows import COUNTING
from recsys.config.run import RunConfig
from recsys.console import progress, say, warn
from recsys.errors import DataError, UsageError
from recsys.nouns import FACTS, speak
from recsys.runs import Run
from recsys.stores import fetched
from recsys.temporaries import temporary_name
from recsys.training.raw import SIMULATED, largest_core, simulated, warn_of_order

if TYPE_CHECKING:
    from recsys.sequences.ranges import Parted
    from workflows.sends.distributed import Range


def prepare_ranges(run: Run, config: RunConfig, size: int = 250_000) -> dict[str, Any]:
    """Read, filter and split the sends, clear the folder, and write what is trained on.

    Parameters
    ----------
    run:
        Its folder is locked.
    config:
        What is asked for.
    size:
        Sends of a range, about (`workflows.sends.distributed.read`).

    Returns
    -------
    The facts that were found on reading the data.

    Raises
    ------
    DataError
        The data cannot be read, is not in Parquet, or nothing of it is left after filtering.
    UsageError
        A setting that needs all sends at once, or a device or cluster that is not there.
    """
    _refuse(config)
    with progress("importing Merlin"):
        from recsys.training.fit import choose_device
        from workflows.sends import device, distributed

    training = config.training
    choose_device(training)
    on_cpu, why = device(training.accelerator)
    path = simulated(run.folder) if config.data is None else Path(config.data)
    source = SIMULATED if config.data is None else path.name
    cluster = distributed.cluster(training.dask, training.dask_memory, on_cpu)
    with _scratch(run.folder) as scratch, fetched(path) as local, cluster as client:
        say(f"{why}, a range of climbers at a time")
        with progress("reading sends"):
            ranges = distributed.read(client, local, scratch, config.schema_name, config.bad_rows, size, None)
        kept = _of_mapping(local, config)
        with progress("filtering and splitting"):
            try:
                parted, facts = _split(client, ranges, config, source)
            except DataError as error:
                raise error.at(source) from None
        run.clear(made_up=config.data is None)
        with progress("fitting the workflow"):
            _write(parted, run.folder, on_cpu)
    return {**facts, **kept}


def _refuse(config: RunConfig) -> None:
    """One line for a setting that reads all sends at once."""
    setting = "stream" if config.training.stream else "dask"
    if config.min_sends_of == "train":
        raise UsageError(f"`min_sends_of` train is not known with `{setting}`: leave one of them out")
    counts = [each for each in (config.method, *config.partners) if each in COUNTING]
    if config.training.stream and counts:
        raise UsageError(
            f"`stream` is for networks, and {counts[0]} counts all sends at once: leave one of them out"
        )
    if config.trains_transformer and config.model.text != "none":
        raise UsageError(f"`text` reads all sends at once: leave it or `{setting}` out")


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A folder for what lies between; what a kill leaves of it is swept with the run's lock."""
    scratch = temporary_name(folder / "ranges")
    scratch.mkdir(parents=True)
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _split(
    client: Any, ranges: list[Range], config: RunConfig, source: str
) -> tuple[list[Parted], dict[str, Any]]:
    """The ranges filtered, in order and with their parts, and what is to be told of them."""
    from recsys.sequences import ranges as ranges_of
    from recsys.sequences import split
    from recsys.sequences.days import UNKNOWN_ORDER, read_until

    reasons: Counter[str] = Counter()
    for each in ranges:
        reasons.update(each.reasons)
        shutil.rmtree(each.path.removesuffix(".parquet"), ignore_errors=True)  # the raw rows
    for reason, number in reasons.items():
        warn(f"{number} rows dropped: {reason}")
    needed = split.climbers_needed(config.split)
    (rare, climbs), least = largest_core(lambda k: _core(client, ranges, k), config.min_sends, needed)
    ordered = ranges_of.order(client, ranges, least, rare, config.day, config.seed)
    warn_of_order(next((each.sorted_by for each in ordered if each.sorted_by), None), config.day, source)
    has_time, climbers = ranges[0].has_time, sum(each.climbers for each in ordered)
    days = ranges_of.days_of(ordered)
    plan = split.plan(config.split, config.seed, climbers, days, has_time, config.validation_climbers)
    parted = ranges_of.part(client, ordered, plan, has_time)
    if not any(each.training.sends for each in parted):
        raise DataError("no send is left for training", remedy="use more sends or another `split`")
    asked = frozenset().union(*(each.asked for each in parted))
    split.check_asked(asked, f"the {config.split} split")
    sends = sum(each.sends for each in ordered)
    counted = sum((each.counted for each in parted[1:]), start=parted[0].counted)
    return parted, {
        "source": source,
        "simulated": all(each.simulated for each in ordered),
        "sends_read": sum(each.sends + each.dropped for each in ranges),
        **read_until(max(each.last_day for each in ranges), has_time),
        "dropped": dict(reasons),
        "kept_with_at_least": least,
        "sends": sends,
        "climbers": climbers,
        "climbs": climbs,
        "day": config.day,
        UNKNOWN_ORDER: round(sum(each.tied for each in ordered) / sends, 3),
        "split": split.told(plan, counted),
    }


def _core(client: Any, ranges: list[Range], k: int) -> tuple[int, tuple[frozenset[str], int]]:
    """The climbers of a k-core, and the climbs that it leaves out with the number of those that it keeps."""
    from recsys.sequences import ranges as ranges_of

    rare, climbers, climbs = ranges_of.rare_climbs(client, ranges, k)
    return climbers, (rare, climbs)


def _write(parted: list[Parted], folder: Path, on_cpu: bool) -> None:
    """The artifacts of `recsys.sequences.prepare.prepare`, in its order."""
    from recsys.sequences import ranges as ranges_of
    from recsys.sequences.catalogue import catalogue_of
    from recsys.sequences.prepare import write_schema
    from workflows import sends as workflow_of
    from workflows.sends import distributed

    training = [each.training for each in parted if each.training.sends]
    with atomic_folder(folder / run_files.WORKFLOW, replace=True) as fresh:
        workflow = distributed.fit(training, fresh, on_cpu)
    write_schema(workflow, folder)
    ranges_of.write_sends(parted, folder / run_files.SENDS)
    with atomic_path(folder / run_files.CLIMBS) as fresh:
        vocabulary = workflow_of.vocabulary(folder / run_files.WORKFLOW, c.CLIMB_ID)
        catalogue_of(ranges_of.counted_climbs(parted), vocabulary).to_parquet(fresh)


def _of_mapping(path: Path, config: RunConfig) -> dict[str, Any]:
    """What a run keeps of the data's mapping; its words are said from now on."""
    from recsys.logbooks.locate import locate
    from recsys.logbooks.remembered import facts_of

    kept = facts_of(locate(path, config.schema_name).mapping)
    if FACTS in kept:
        speak(kept)
    return kept
