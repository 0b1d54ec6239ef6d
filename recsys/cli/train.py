"""``python train.py``, and ``recsys train``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from recsys import run_files
from recsys.cli.options import LEFT_TO_DATA, with_settings
from recsys.config.model import ModelConfig
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig

_Option = typer.Option


@with_settings(RunConfig, ModelConfig, TrainingConfig, defaults=LEFT_TO_DATA)
def train(
    given: dict[str, Any],
    config: Annotated[
        Path | None, _Option(help="settings in TOML or JSON, as config.json; typed options go before them")
    ] = None,
    continue_: Annotated[
        Path | None,
        _Option(
            "--continue", help="a run to go on with: data holds new sends, also of new climbers and climbs"
        ),
    ] = None,
    output: Annotated[
        Path | None, _Option("--output", "-o", help="the run's folder (default: runs/DATA-MODEL)")
    ] = None,
    resume: Annotated[
        bool,
        _Option(
            "--resume",
            help="continue an interrupted run, with its own settings; "
            "learning rates, epochs and compile may change",
        ),
    ] = False,
    overwrite: Annotated[
        bool, _Option("--overwrite", help="start anew in a folder that holds a run")
    ] = False,
) -> None:
    """Train a recommender on raw sends, evaluate it, and keep both in a run's folder.

    Reads the sends, keeps climbs and climbers with enough of them, holds some out, fits the NVTabular
    workflow on the rest, trains, and writes metrics.json and MODEL_CARD.md.
    """
    from recsys.api.run_folder import default_folder, train_folder, written_in
    from recsys.console import say
    from recsys.stores import shown
    from recsys.training.processes import leads
    from recsys.training.resolve import configured, given_by

    settings, names = configured(given, config)
    folder = output or default_folder(settings)
    begun = resume and (folder / run_files.CONFIG).is_file()
    if leads() and continue_ is None and settings.data is None and not begun:
        say("no --data: training on the simulated BC logbooks (your own: --data sends.csv)")
    try:
        metrics = train_folder(
            settings, names, folder, given=given_by(given, config),
            continue_from=continue_, resume=resume, overwrite=overwrite,
        )  # fmt: skip
    except KeyboardInterrupt:
        own = written_in(folder)
        if leads() and (own / run_files.CONFIG).is_file():
            say(f"{own}: keeps what is trained; continue with: --output {shown(folder)} --resume")
        raise
    if metrics is None:
        return

    from recsys.evaluation.report import metrics_table
    from recsys.nouns import spoken

    print(spoken(metrics_table(metrics)))
    say(f"kept in {shown(folder)}; ask it with: recsys recommend {shown(folder)} --climber ID")
