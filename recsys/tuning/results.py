"""What a study leaves and says: best.json for ``train.py --config``, trials.csv, a line a trial, a table.

best.json is JSON and not TOML, because a run's config.json is: one form, one reader, and no writer of TOML
to depend on. Its `facts`, which train.py leaves out, say which trial it was.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.config.run import RunConfig
from recsys.console import cell, duration
from recsys.files import write_json
from recsys.formats import stamped
from recsys.tuning.space import SPACE, configured
from recsys.tuning.storage import done, finished

BEST, TABLE = "best.json", "trials.csv"
SCORE = "score"  # of a study's attributes: what its trials are compared by, in words
_HEAD = ("trial", "state", "validation_score", "epochs", "seconds")
_STATES = {TrialState.COMPLETE: "finished", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}
_SHOWN = 10  # trials in the table


def write_results(folder: Path, study: optuna.Study, base: RunConfig) -> None:
    """Write trials.csv, one row a trial, and best.json once a trial has finished."""
    rows = [_row(trial) for trial in study.get_trials(deepcopy=False) if trial.state in _STATES]
    with atomic_path(folder / TABLE) as fresh, fresh.open("w", newline="", encoding="utf-8") as handle:
        writer = csv.DictWriter(handle, list(_HEAD) + list(SPACE), restval="")
        writer.writeheader()
        writer.writerows(rows)
    if finished(study):
        best = finished(study)[0]
        facts = {"tuned": {"trial": best.number, "validation_score": best.value, "trials": len(done(study))}}
        config = configured(base, best.params).model_copy(update={"facts": facts})
        write_json(folder / BEST, stamped(run_files.CONFIG, json.loads(config.model_dump_json())))


def _row(trial: FrozenTrial) -> dict[str, Any]:
    ran = trial.duration if trial.state != TrialState.FAIL else None  # a killed one ends when it is found
    seconds = round(ran.total_seconds(), 2) if ran else None
    head = (trial.number, _STATES[trial.state], trial.value, len(trial.intermediate_values), seconds)
    return {**dict(zip(_HEAD, head, strict=True)), **trial.params}


def score_of(config: RunConfig) -> str:
    """What trials of these settings are compared by, in words."""
    name, prompting = config.training.criterion, config.training.criterion_prompting
    return f"mean of prompted and unprompted {name}" if prompting == "both" else f"{prompting} {name}"


def progress_line(study: optuna.Study, trials: int) -> str:
    """What became of the last trial, the best score so far, and about how long the rest will take."""
    counted, best = done(study), finished(study)
    last, epochs = counted[-1], len(counted[-1].intermediate_values)
    if last.state == TrialState.COMPLETE:
        outcome = f"{last.value:.4f} in {epochs} epochs"
    else:
        outcome = f"pruned at {last.value:.4f} after {epochs} epochs" if epochs else "its loss is not finite"
    so_far = f"best {best[0].value:.4f} (trial {best[0].number})" if best else "none finished yet"
    spent = sum(trial.duration.total_seconds() for trial in counted if trial.duration)
    left = spent / len(counted) * (trials - len(counted))
    tail = f", about {duration(left)} left" if left else ""
    return f"trial {last.number}: {outcome}; {len(counted)} of {trials} done, {so_far}{tail}"


def summary_table(study: optuna.Study) -> str:
    """The ten best trials, one row each, in at most 80 columns; print it as it is."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    table = Table(box=SIMPLE, pad_edge=False, collapse_padding=True)
    for name in ("trial", "score", *SPACE):
        table.add_column(name.replace("_", "\n"), justify="right")
    for trial in finished(study)[:_SHOWN]:
        values = (trial.params.get(name, "-") for name in SPACE)
        shown = (f"{value:.2g}" if isinstance(value, float) else str(value) for value in values)
        table.add_row(str(trial.number), f"{trial.value:.4f}", *map(cell, shown))
    page = io.StringIO()
    Console(file=page, width=80, color_system=None).print(table, end="")
    pruned = len(done(study)) - len(finished(study))
    score = study.user_attrs.get(SCORE, "the criterion")
    note = f"Score: {score} on validation; no test was read."
    return f"{len(done(study))} trials, {pruned} of them pruned.\n{page.getvalue().rstrip()}\n{note}"
