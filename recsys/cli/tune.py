"""``recsys tune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from recsys.cli.options import LEFT_TO_DATA, with_settings
from recsys.config.model import ModelConfig
from recsys.config.run import RAW_SENDS, RunConfig
from recsys.config.training import TrainingConfig

_Option = typer.Option


@with_settings(
    RunConfig,
    ModelConfig,
    TrainingConfig,
    without=("data", "model", "nodes", "final_learning_rate"),
    defaults=LEFT_TO_DATA,
)
def tune(
    given: dict[str, Any],
    data: Annotated[
        Path | None, typer.Argument(help=f"{RAW_SENDS} (default: the simulated BC logbooks)")
    ] = None,
    output: Annotated[
        Path | None, _Option("--output", "-o", help="the study's folder (default: studies/DATA-tune)")
    ] = None,
    trials: Annotated[int, _Option(min=1, help="trials to have in the end, those of a former call too")] = 30,
    timeout: Annotated[
        float | None, _Option(min=0, help="seconds after which no trial is begun (default: no limit)")
    ] = None,
    config: Annotated[
        Path | None, _Option(help="settings that stay, in TOML or JSON, as for train.py --config")
    ] = None,
) -> None:
    """Search for a model's best settings on the validation part, and keep them for train.py --config.

    The same command continues a study that was interrupted. Climb and climber dimensions, heads, layers,
    dropout, learning rate and window length are searched; the rest stays as given.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    from recsys.runs import Run
    from recsys.training.pipeline import refuse_changes
    from recsys.training.resolve import configured, given_by
    from recsys.training.unread import refuse_unread
    from recsys.tuning.run import PREPARED
    from recsys.tuning.run import tune as search

    settings, names = configured(given if data is None else {**given, "data": data}, config)
    stem = Path(settings.data).stem if settings.data else "simulated-bc"
    folder = output or Path("studies") / f"{stem}-tune"
    refuse_changes(folder / PREPARED, settings, names)
    if not Run(folder / PREPARED).started:
        refuse_unread(settings, given_by(given, config))
    study = search(settings, folder, trials, timeout)

    from recsys.console import say
    from recsys.tuning.results import BEST, summary_table

    print(summary_table(study))
    say(f"kept in {folder}; train it with: python train.py --config {folder / BEST}")
