"""``python train.py``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from recsys.config.run import RunConfig

_Option = typer.Option


def train(
    context: typer.Context,
    data: Annotated[
        Path | None, _Option(help="raw sends, CSV or Parquet [default: the simulated BC logbooks]")
    ] = None,
    schema: Annotated[
        str | None,
        _Option(
            help="how the data's columns map onto the contract's: a name or a TOML [default: by its columns]"
        ),
    ] = None,
    config: Annotated[
        Path | None, _Option(help="settings in TOML or JSON, as config.json; typed options go before them")
    ] = None,
    output: Annotated[Path | None, _Option(help="the run's folder [default: runs/DATA-MASKING-BODY]")] = None,
    masking: Annotated[
        str, _Option(help="last | mlm | span | clm | plm | rtd: which climbs are hidden and predicted")
    ] = "last",
    body: Annotated[str, _Option(help="xlnet | bert | gpt2 | electra | albert")] = "bert",
    features: Annotated[
        str,
        _Option(help="comma-separated: climb,climber,region,grade,rating,elapsed_days,comment,beta, or all"),
    ] = "all",
    numbers: Annotated[
        str, _Option(help="binned | soft | continuous: how grade, rating and days enter")
    ] = "binned",
    split: Annotated[str, _Option(help="climber | temporal | leave-one-out: what is held out")] = "climber",
    length: Annotated[int, _Option(help="sends in a window, the target included")] = 10,
    min_sends: Annotated[int, _Option(help="fewest sends of a climb, and of a climber, that are kept")] = 5,
    bad_rows: Annotated[str, _Option(help="fail | drop: what to do with rows that are not right")] = "fail",
    exclude_seen: Annotated[
        bool,
        _Option(
            "--exclude-seen/--include-seen", help="whether climbs already sent are left out of the ranking"
        ),
    ] = True,
    epochs: Annotated[int, _Option(help="epochs at the most")] = 30,
    patience: Annotated[int, _Option(help="epochs without a better validation score before stopping")] = 10,
    batch_size: Annotated[int, _Option(help="windows in a batch")] = 128,
    learning_rate: Annotated[float, _Option(help="highest learning rate of Adam")] = 1e-3,
    d_model: Annotated[int, _Option(help="width of the body")] = 64,
    heads: Annotated[int, _Option(help="attention heads")] = 2,
    layers: Annotated[int, _Option(help="transformer layers")] = 2,
    dropout: Annotated[float, _Option(help="dropout in the inputs and the body")] = 0.2,
    climb_dim: Annotated[int, _Option(help="dimension of a climb's embedding")] = 96,
    climber_dim: Annotated[int, _Option(help="dimension of a climber's embedding")] = 16,
    aggregation: Annotated[
        str, _Option(help="concat | sum: how a send's features become one (sum: all of climb_dim)")
    ] = "concat",
    mlm_probability: Annotated[
        float, _Option(help="chance of a position to be predicted by mlm, rtd or plm")
    ] = 0.3,
    span_length: Annotated[int, _Option(help="longest run of climbs that span hides")] = 5,
    rtd_weight: Annotated[float, _Option(help="weight of rtd's detection, beside its mlm")] = 1.0,
    loss: Annotated[
        str, _Option(help="softmax | sampled-softmax | bpr-max | gbce: what is asked of the hidden climb")
    ] = "softmax",
    negatives: Annotated[
        int, _Option(help="climbs drawn for a batch by every loss but softmax, which takes them all")
    ] = 256,
    seed: Annotated[int, _Option(help="of the split, the weights and the training")] = 0,
    accelerator: Annotated[str, _Option(help="auto | cpu | gpu")] = "auto",
    devices: Annotated[int, _Option(help="number of devices")] = 1,
    precision: Annotated[
        str, _Option(help="auto | 32 | bf16; auto is bf16 on a GPU and 32 on a CPU")
    ] = "auto",
    resume: Annotated[
        bool, _Option("--resume", help="continue an interrupted run, with its own settings")
    ] = False,
    overwrite: Annotated[
        bool, _Option("--overwrite", help="start anew in a folder that holds a run")
    ] = False,
) -> None:
    """Train a recommender on raw sends, evaluate it, and keep both in a run's folder.

    Reads the sends, keeps climbs and climbers with enough of them, holds some out, fits the NVTabular
    workflow on the rest, trains, and writes metrics.json and MODEL_CARD.md.
    """
    from recsys.cli.settings import configure, refuse_changes, typed

    settings, given = configure(typed(context), config)
    folder = output or _folder(settings)
    if resume:
        refuse_changes(folder, settings, given)

    from recsys.training.pipeline import train_run

    metrics = train_run(settings, folder, resume=resume, overwrite=overwrite)

    from recsys.console import say
    from recsys.evaluation.report import metrics_table

    print(metrics_table(metrics))
    say(f"kept in {folder}; ask it with: recsys recommend {folder} --climber ID")


def _folder(settings: RunConfig) -> Path:
    """Where a run is kept that was given no folder."""
    data = Path(settings.data).stem if settings.data else "simulated-bc"
    return Path("runs") / f"{data}-{settings.model.masking}-{settings.model.body}"
