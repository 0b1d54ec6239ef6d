"""``python train.py``, and ``recsys train``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys import run_files
from recsys.cli.options import LEFT_TO_DATA, with_settings
from recsys.config.model import ModelConfig
from recsys.config.run import RunConfig
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError

if TYPE_CHECKING:
    from recsys.config.run import RunConfig as Settings

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
            help="continue an interrupted run, with its own settings; learning rates and epochs may change",
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
    from recsys.console import say
    from recsys.runs import RESUMABLE
    from recsys.stores import shown, staged_folder, url_of
    from recsys.training.pipeline import refuse_changes, train_run
    from recsys.training.processes import launched, leads
    from recsys.training.resolve import configured

    settings, names = configured(given, config)
    folder = output or _folder(settings)
    local = Path("runs") / folder.name
    if launched() and continue_ is not None:
        raise UsageError("`continue` goes on with a run on one machine: start it without torchrun")
    if not leads():
        train_run(settings, local if url_of(folder) else folder, resume=resume, names=names)
        return
    if continue_ is None and settings.data is None and not (resume and (folder / run_files.CONFIG).is_file()):
        say("no --data: training on the simulated BC logbooks (your own: --data sends.csv)")

    from recsys.evaluation.report import metrics_table
    from recsys.nouns import spoken

    if url_of(folder):
        say(f"trained in {local}, and copied to {shown(folder)} at the end")
    with staged_folder(folder, overwrite or resume, local) as own:
        if resume and continue_ is None:
            refuse_changes(own, settings, names - RESUMABLE)
        try:
            if continue_ is None:
                metrics = train_run(settings, own, resume=resume, overwrite=overwrite, names=names)
            else:
                metrics = _continued(continue_, settings, names, own, resume, overwrite)
        except KeyboardInterrupt:
            if (own / run_files.CONFIG).is_file():
                say(f"{own}: keeps what is trained; continue with: --output {shown(folder)} --resume")
            raise
        from recsys.exporting.keep import keep_current  # brings PyTorch

        keep_current(own)
    print(spoken(metrics_table(metrics)))
    say(f"kept in {shown(folder)}; ask it with: recsys recommend {shown(folder)} --climber ID")


def _continued(
    source: Path, settings: Settings, names: set[str], folder: Path, resume: bool, overwrite: bool
) -> dict[str, Any]:
    from recsys.console import progress
    from recsys.runs import Run

    opened = Run.open(source)
    with progress("importing Transformers4Rec"):
        from recsys.adapting.continuing import continue_run
    return continue_run(opened, settings, names, folder, resume=resume, overwrite=overwrite)


def _folder(settings: Settings) -> Path:
    """Where a run is kept that was given no folder."""
    data = Path(settings.data).stem if settings.data else "simulated-bc"
    return Path("runs") / f"{data}-{settings.label}"
