"""``train.py --continue RUN --data NEW``: a run goes on with new months, new climbers and new climbs.

Old ids stay: what is new is appended to the vocabularies, and every old row begins as it was learned. The
row of a new climb begins as those of the climbs it is like (`recsys.adapting.similar`), that of a new
climber or region as the learned "unknown". All weights are then trained on the new sends, with some windows
of old ones to each (`recsys.sequences.continuing`), so that an epoch costs in proportion to the new data.

The new run is a run like any other, in a folder of its own. Its weights to begin with lie there before it is
a run at all, so a process that is killed is resumed without the run before (`recsys.training.start`).
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import torch

from recsys import columns as c
from recsys import run_files
from recsys.adapting import joining
from recsys.adapting.checks import check_days, check_model
from recsys.adapting.folder import FACTS as ADDED
from recsys.adapting.growing import fill_climbs, grown_from
from recsys.adapting.leaving import FACTS as FORGOTTEN
from recsys.adapting.same_ids import with_run_ids
from recsys.adapting.similar import likeness
from recsys.adapting.vocabulary import grow_workflow
from recsys.atomic import atomic_path
from recsys.columns import FIRST_VALUE_ID
from recsys.config.run import RunConfig
from recsys.config.settings import differing
from recsys.config.training import TrainingConfig
from recsys.console import progress, say, warn
from recsys.errors import DataError, UsageError
from recsys.logbooks.read import Sends, read_sends
from recsys.model.climbers import tables_of, unknown_vector
from recsys.runs import Run, check_outside
from recsys.sequences.catalogue import catalogue_table
from recsys.sequences.days import last_read, read_until
from recsys.sequences.prepare import load_prepared, write_schema
from recsys.sequences.run_tables import PART, read_climbs_table, read_sends_table
from recsys.sequences.split import TRAIN
from recsys.training.pipeline import train_prepared, train_run
from recsys.training.prepare import rejected
from recsys.training.start import keep_start
from recsys.training.trained import catalogue_of
from workflows import sends as workflow_of
from workflows.sends import description

if TYPE_CHECKING:
    from recsys.model.prompted_transformer import PromptedTransformer
    from recsys.sequences.prepare import Prepared

_FREE: Final = {"data", "schema_name", "bad_rows", "seed", *TrainingConfig.model_fields}  # may differ
# Of training, where nothing else is given: the weights are good already, and are not to be unlearned.
GENTLE: Final[dict[str, Any]] = {
    "epochs": 8, "patience": 3, "learning_rate": 1e-3, "final_learning_rate": None, "warmup": 0.1
}  # fmt: skip


def continue_run(
    source: Run,
    settings: RunConfig,
    names: set[str],
    folder: Path,
    resume: bool = False,
    overwrite: bool = False,
) -> dict[str, Any]:
    """Train a run on with new sends; returns what metrics.json holds, of the newest of them.

    Parameters
    ----------
    source:
        As returned by `Run.open`; stays as it is.
    settings, names:
        The settings that were given, and which they are: data, and of the training what is to differ from
        `GENTLE`; the model and the split are the run's own.
    folder:
        The new run's folder.
    resume:
        Go on with the folder's own training if it was begun; it then needs `source` no more.
    overwrite:
        Start anew in a folder that holds a run.

    Raises
    ------
    UsageError
        The run is not of the default model, whatever its masking and body, or a setting was given
        that cannot change.
    RunError
        The folder is taken, or something of the run cannot be read.
    DataError
        The data cannot be read, or nothing in it is new.
    """
    _check(source, settings, names, folder)
    run = Run(folder)
    if resume and run.started:
        return train_run(settings, folder, resume=True, names=names)
    with run.lock():
        if run.started and not overwrite:
            raise run.taken()
        began = time.perf_counter()
        prepared, config = _prepare(source, settings, names, run)
        return train_prepared(run, prepared, config, resume, time.perf_counter() - began)


def _check(source: Run, settings: RunConfig, names: set[str], folder: Path) -> None:
    config = source.config
    check_model(source, "is continued")
    if config.model.text != "none":
        raise UsageError(f"{source.folder}: reads texts, which were pooled once for all; train anew")
    check_outside(source.folder, folder)
    if settings.data is None:
        raise UsageError("`data`: give the new sends that the run is to be continued with")
    found = differing(config, settings, names - _FREE)
    if found:
        name, old, new = found
        raise UsageError(f"`{name}` {new}: {source.folder} was trained with {old}, which stays; leave it out")


def _prepare(source: Run, settings: RunConfig, names: set[str], run: Run) -> tuple[Prepared, RunConfig]:
    """Everything that training reads, in the new folder; its configuration last."""
    known, catalogue = read_sends_table(source.folder), read_climbs_table(source.folder)
    config = source.config
    given = {name: getattr(settings.training, name) for name in names & set(TrainingConfig.model_fields)}
    # The sends of before are in memory here, however they were trained on.
    update = {**GENTLE, "stream": 0, "dask": None, **given}
    training = config.training.model_copy(update=update)
    if training.out_of_core:
        raise UsageError("a run goes on in memory: leave `stream` and `dask` out")
    with rejected(run.folder) as rejects:
        with progress("reading sends"):
            sends = _read(source, settings, run.folder, rejects)
        try:
            fresh, parts, found = _new(known, catalogue, sends, source)
            both = joining.joined(known, fresh, parts, config)
            joining.check_held_out(both)
        except DataError as error:
            raise error.at(settings.data or "") from None
        run.clear()
    with progress("fitting the workflow"):
        _grow(source, catalogue, fresh[parts == TRAIN], both, run.folder)
    counts = {"sends": len(fresh), **joining.newcomers(known, fresh, catalogue[c.CLIMB_ID])}
    said = ", ".join(f"{count} {name}" for name, count in counts.items())
    say(f"{source.folder} goes on with {said}")
    facts = {
        "source": Path(settings.data or "").name,
        "simulated": config.facts.get("simulated", False) and bool(_simulated(fresh)),
        "sends_read": sends.n_read,
        **read_until(max(sends.frame[c.DAY].max(), last_read(config.facts, known)), sends.has_time),
        "dropped": dict(sends.n_dropped),
        "sends": len(both),
        "climbers": int(both[c.CLIMBER_ID].nunique()),
        "climbs": len(read_climbs_table(run.folder)),
        "continued": f"{source.folder.name}, with {said}, all new",
        **found,
    }
    schema = settings.schema_name or config.schema_name
    changed: dict[str, Any] = {"data": settings.data, "schema_name": schema}
    changed |= {"training": training, "split": found["split"]["split"]}
    changed |= {"seed": settings.seed} if "seed" in names else {}
    before = {name: value for name, value in config.facts.items() if name not in (ADDED, FORGOTTEN)}
    config = config.model_copy(update={**changed, "facts": {**before, **facts}})
    run.write_config(config)
    run.write_manifest(trained=False)
    return load_prepared(run.folder, training.accelerator), config


def _read(source: Run, settings: RunConfig, folder: Path, rejects: Path) -> Sends:
    """The new sends, by the run's own mapping where no other is given; dropped rows go to `rejects`."""
    data, schema = Path(settings.data or ""), settings.schema_name
    sends = read_sends(data, schema, settings.bad_rows, rejects, source.mapping)
    for line in sends.lines(folder / run_files.REJECTS):
        warn(line)
    return sends


def _new(
    known: pd.DataFrame, catalogue: pd.DataFrame, sends: Sends, source: Run
) -> tuple[pd.DataFrame, Any, dict[str, Any]]:
    """New sends, the part of each, and the facts of how they were split and how many were too rare."""
    has_time = check_days(source, sends)
    config = source.config
    frame = with_run_ids(sends.frame, catalogue_of(catalogue, []), known[c.CLIMBER_ID].unique().tolist())
    least = int(config.facts.get("kept_with_at_least", config.min_sends))
    kept, left = joining.new_sends(known, frame, least, catalogue[c.CLIMB_ID])
    if left["sends"]:
        whose = " and ".join(f"{left[name]} {name}" for name in ("climbers", "climbs") if left[name])
        warn(f"{left['sends']} sends of {whose} with fewer than {least} are left out")
    fresh = joining.ordered_days(kept, config)
    parts, split = joining.split_new(fresh, has_time, config)
    return fresh, parts, {"split": split, "left_out": left}


def _simulated(fresh: pd.DataFrame) -> bool:
    return bool(fresh[c.CLIMB_ID].str.startswith(c.SIMULATED).all())


def _grow(source: Run, before: pd.DataFrame, fresh: pd.DataFrame, both: pd.DataFrame, folder: Path) -> None:
    """Write what grows: workflow, schema, sends, catalogue, weights to begin with."""
    training = both[both[PART] == TRAIN]
    added = {
        name: _unknown_values(source.folder / run_files.WORKFLOW, training, name)
        for name in (c.CLIMB_ID, c.CLIMBER_ID, c.REGION)
        if name in both and description.values_file(source.folder / run_files.WORKFLOW, name).is_file()
    }
    workflow = grow_workflow(source.folder / run_files.WORKFLOW, folder / run_files.WORKFLOW, added)
    write_schema(workflow, folder)
    with atomic_path(folder / run_files.SENDS) as path:
        both.to_parquet(path, index=False)
    grown = _catalogue(before, training, fresh, added[c.CLIMB_ID])
    with atomic_path(folder / run_files.CLIMBS) as path:
        grown.to_parquet(path)
    keep_start(_start(source, folder, grown, len(before)), folder)


def _unknown_values(workflow: Path, training: pd.DataFrame, column: str) -> list[str]:
    """Values of the training sends that a vocabulary lacks, the most frequent first."""
    lacking = ~training[column].isin(workflow_of.vocabulary(workflow, column)) & training[column].notna()
    counts = training.loc[lacking, column].value_counts(sort=False).sort_index()
    return [str(each) for each in counts.sort_values(ascending=False, kind="stable").index]


def _catalogue(
    before: pd.DataFrame, training: pd.DataFrame, fresh: pd.DataFrame, ids: list[str]
) -> pd.DataFrame:
    """climbs.parquet with the new climbs after the old ones, the sends of all counted anew."""
    told = pd.concat([fresh, training[training[c.CLIMB_ID].isin(ids)]], ignore_index=True)
    more = catalogue_table(told[told[c.CLIMB_ID].isin(ids)], ["", *([""] * (FIRST_VALUE_ID - 1)), *ids])
    kept = [name for name in more if name in before]
    grown = pd.concat([before, more[kept]], ignore_index=True)
    counts = grown[c.CLIMB_ID].map(training[c.CLIMB_ID].value_counts()).fillna(0)
    return grown.assign(sends=counts.astype("float64"))


@torch.no_grad()
def _start(source: Run, folder: Path, climbs: pd.DataFrame, n_known: int) -> PromptedTransformer:
    """The model with more rows, the new ones where their training begins."""
    old, model = grown_from(source.folder, folder, source.config.model)
    model.task.pre.cuts = ()  # all rows are trained from here on
    if len(climbs) > n_known:
        none = np.zeros(len(climbs) - n_known, np.int64)
        weights = likeness(
            catalogue_of(climbs[n_known:].reset_index(drop=True), []),
            catalogue_of(climbs[:n_known], []),
        )
        sides = dict.fromkeys(model.task.pre.sides, none)  # counted anew before training
        fill_climbs(model, n_known + FIRST_VALUE_ID, weights, sides)
    tables, before = tables_of(model), tables_of(old)
    for name in (c.CLIMBER, c.REGION):
        if name in tables:
            tables[name].weight[len(before[name].weight) :] = unknown_vector(model, name)
    return model
