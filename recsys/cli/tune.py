"""``recsys tune``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_Option = typer.Option


def tune(
    context: typer.Context,
    data: Annotated[
        Path | None, typer.Argument(help="raw sends, CSV or Parquet [default: the simulated BC logbooks]")
    ] = None,
    output: Annotated[Path | None, _Option(help="the study's folder [default: studies/DATA-tune]")] = None,
    trials: Annotated[int, _Option(min=1, help="trials to have in the end, those of a former call too")] = 30,
    timeout: Annotated[
        float | None, _Option(min=0, help="seconds after which no trial is begun [default: no limit]")
    ] = None,
    config: Annotated[
        Path | None, _Option(help="settings that stay, in TOML or JSON, as for train.py --config")
    ] = None,
    schema: Annotated[
        str | None, _Option(help="how the data's columns map: a name or a TOML [default: by its columns]")
    ] = None,
    split: Annotated[str, _Option(help="climber | temporal | leave-one-out: what is held out")] = "climber",
    min_sends: Annotated[int, _Option(help="fewest sends of a climb, and of a climber, that are kept")] = 5,
    bad_rows: Annotated[str, _Option(help="fail | drop: what to do with rows that are not right")] = "fail",
    masking: Annotated[str, _Option(help="which climbs are hidden and predicted: see train.py")] = "last",
    body: Annotated[str, _Option(help="xlnet | bert | gpt2 | electra | albert")] = "bert",
    features: Annotated[str, _Option(help="comma-separated, or all: see train.py")] = "all",
    epochs: Annotated[int, _Option(help="epochs of a trial at the most")] = 30,
    seed: Annotated[int, _Option(help="of the split, the trials, their weights and training")] = 0,
    accelerator: Annotated[str, _Option(help="auto | cpu | gpu")] = "auto",
) -> None:
    """Search for a model's best settings on the validation part, and keep them for train.py --config.

    The same command continues a study that was interrupted. Climb and climber dimensions, heads, layers,
    dropout, learning rate and window length are searched; the rest stays as given.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)

    from recsys.cli.settings import configure, refuse_changes, typed
    from recsys.tuning.run import PREPARED
    from recsys.tuning.run import tune as search

    settings, given = configure(typed(context), config)
    stem = Path(settings.data).stem if settings.data else "simulated-bc"
    folder = output or Path("studies") / f"{stem}-tune"
    refuse_changes(folder / PREPARED, settings, given)
    study = search(settings, folder, trials, timeout)

    from recsys.console import say
    from recsys.tuning.results import BEST, summary_table

    print(summary_table(study))
    say(f"kept in {folder}; train it with: python train.py --config {folder / BEST}")
