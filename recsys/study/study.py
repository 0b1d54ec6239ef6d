"""A study from raw sends to its report: prepare once, run what is not finished, write what was found."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.atomic import atomic_path
from recsys.baselines.rows import ROWS
from recsys.config.run import RunConfig, as_stored
from recsys.console import progress, say, warn
from recsys.errors import RunError, UsageError
from recsys.files import read_json, write_json
from recsys.formats import stamped, unstamped
from recsys.nouns import speak, spoken, spoken_page
from recsys.run_files import STUDY
from recsys.runs import Run

if TYPE_CHECKING:
    from merlin.schema import Schema

    from recsys.study.config import StudyConfig
    from recsys.study.material import Material
    from recsys.study.summary import StudySummary


def study(config: StudyConfig, folder: Path, jobs: int) -> StudySummary:
    """Run a study, or continue it, and write results.csv, report.html and report.md.

    Cells that are finished are never run again: a study can be killed, continued, and continued with more
    rows or more seeds.

    Parameters
    ----------
    config:
        What is studied.
    folder:
        The study's.
    jobs:
        Cells at a time.

    Raises
    ------
    UsageError
        The folder holds a study of other data, or of another split.
    RunError
        Some cells failed; the others are kept, and what they found is written.
    """
    from recsys.study.cells import unfinished
    from recsys.study.runner import run
    from recsys.study.store import Store

    home = Run(folder)
    with home.lock():
        config = _prepare(home, config)
        material = load(folder, config)
        todo = unfinished(material.config, folder)
        if material.left_out:
            warn(f"left out, for the data lacks the feature: {', '.join(material.left_out)}")
        rows, seeds = len(material.config.rows), config.seeds
        say(f"{rows} rows, {seeds} seeds: {len(todo)} cells to run, {jobs} at a time")
        try:
            failed = run(material, folder, jobs) if todo else []
        finally:
            Store(folder).sweep_logs()
            found = _write(material, folder)
    if failed or found is None:
        names = "; ".join(f"{cell}: {why}" for cell, why in failed[:3])
        raise RunError(f"{folder}: {len(failed)} cells failed ({names}); their logs are in {folder}/cells")
    return found


def load(folder: Path, config: StudyConfig | None = None) -> Material:
    """What the cells of a study work on, from its folder; rows of features that the data lacks are left out.

    Raises
    ------
    RunError
        The folder holds no study, or a file of it was changed.
    UsageError
        No row is left.
    """
    from recsys.baselines.interactions import Interactions
    from recsys.sequences.prepare import load_prepared
    from recsys.study.material import Material

    config = config or read_config(folder)
    speak(config.run.facts)
    _ = Run(folder).finished  # refuses what was changed, before it is loaded
    with progress("loading what was prepared"):
        prepared = load_prepared(folder)
    left_out = tuple(name for name in config.rows if not _told(prepared.schema, ROWS[name].needs))
    kept = tuple(name for name in config.rows if name not in left_out)
    if not kept:
        raise UsageError(f"`rows` {','.join(left_out)}: the data lacks the feature; choose other rows")
    config = config.model_copy(update={"rows": kept})
    return Material(config, Interactions.of(prepared), prepared.schema, left_out)


def _told(schema: Schema, feature: str) -> bool:
    """Whether the data has a feature; no feature is always there."""
    from recsys.columns import BIN

    return not feature or not {feature, feature + BIN}.isdisjoint(schema.column_names)


def read_config(folder: Path) -> StudyConfig:
    """The configuration that a study was last run with."""
    from pydantic import ValidationError

    from recsys.study.config import StudyConfig

    if not (folder / STUDY).is_file():
        raise RunError(
            f"{folder}: not a study (no {STUDY}); run one with: recsys study DATA --output {folder}"
        )
    try:
        values = as_stored(unstamped(folder / STUDY, STUDY, read_json(folder / STUDY)))
        return StudyConfig.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RunError(f"{folder / STUDY}: {where}: {first['msg'].lower()}") from None


def report(folder: Path) -> StudySummary:
    """Write results.csv, report.html and report.md of a study anew from its finished cells.

    Raises
    ------
    RunError
        No cell is finished, or the cells are no cells of this study.
    """
    from recsys.sequences.run_tables import fitting

    material = load(folder)
    with fitting(folder):  # each may be whole and none fit the others
        found = _write(material, folder)
    if found is None:
        raise RunError(f"{folder}: no cell is finished yet; run recsys study again")
    return found


def _prepare(home: Run, config: StudyConfig) -> StudyConfig:
    """Prepare the data, or find it prepared for the same run; returns the configuration with its facts."""
    from recsys.training.prepare import prepare_run

    if home.started:
        _refuse_other(home, config.run)
        run = home.config
    else:
        _write_config(home.folder, config)  # first: with what is prepared, but without it, it were a run
        _, run = prepare_run(home, config.run)
    config = config.model_copy(update={"run": run})
    _write_config(home.folder, config)
    return config


def _write_config(folder: Path, config: StudyConfig) -> None:
    write_json(folder / STUDY, stamped(STUDY, config.model_dump(mode="json")))


def _refuse_other(home: Run, wanted: RunConfig) -> None:
    """A folder keeps the cells of one data set and one split."""
    if not (home.folder / STUDY).is_file():
        raise UsageError(f"{home.folder}: holds a run, not a study; choose another `output`")
    unread = {"facts", "model", "training"}  # a cell has those of its row and of the study
    old = home.config.model_dump(exclude=unread)
    for name, value in wanted.model_dump(exclude=unread).items():
        if old[name] != value:
            raise UsageError(
                f"{home.folder}: was started with {name} {old[name]}, not {value}; choose another `output`"
            )


def _write(material: Material, folder: Path) -> StudySummary | None:
    """Write all that the finished cells say; None where there are none."""
    from recsys.study.cells import cells
    from recsys.study.readings import Readings
    from recsys.study.report import markdown, render
    from recsys.study.store import Store
    from recsys.study.summarise import summarise

    if not any(Store(folder).has(cell.key) for cell in cells(material.config)):
        warn(f"{folder}: no cell is finished, so there is no report")
        return None
    with progress("writing the report"):
        Readings(material, folder).write(folder / "results.csv")
        found = summarise(material, folder, facts(material.config.run))
        for name, text in (
            ("report.html", spoken_page(render(found))),
            ("report.md", spoken(markdown(found))),
        ):
            with atomic_path(folder / name) as fresh:
                fresh.write_text(text, encoding="utf-8")
    return found


def facts(run: RunConfig) -> tuple[tuple[str, str], ...]:
    """Lines on the data, the split and the machine."""
    import platform

    import torch

    known: dict[str, Any] = run.facts
    split = {key: value for key, value in known["split"].items() if key not in ("split", "seed")}
    described = "; ".join(f"{key.replace('_', ' ')} {_plain(value)}" for key, value in split.items())
    simulated = "simulated, " if known["simulated"] else ""
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU"
    cores = f"{os.cpu_count()} cores, {gpu}"
    return (
        (
            "Data",
            f"{known['source']} ({simulated}{known['sends']:,} sends, {known['climbs']:,} climbs, "
            f"{known['climbers']:,} climbers with at least {known['kept_with_at_least']} sends each)",
        ),
        ("Split", f"{run.split}, seed {run.seed}; {described}"),
        (
            "Machine",
            f"{cores}, Python {platform.python_version()}, torch {torch.__version__}",
        ),
    )


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {count:,}" for name, count in value.items())
    return str(value)
