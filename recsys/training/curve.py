"""The pictures of a run's card: its learning curve, from its CSV log, and whether its probabilities hold."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.console import warn
from recsys.files import read_plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LOGS: Final = "csv/version_*/metrics.csv"
COLOURS: Final = {"prompted": "#0b6e4f", "unprompted": "#b4581c"}
_LINES: Final = ("-", "--", ":", "-.")  # of the networks
_MOST: Final = 10**6  # epochs


def learning_curve(folder: Path) -> pd.DataFrame:
    """One row an epoch: network (from 1), epoch (from 1), train_loss, and the validation scores.

    A method that counts has no epochs, so that there is no row. Nothing else than this reads the logs: one
    that was damaged is left out with a warning, and stops no training.
    """
    logs = folder / run_files.LOGS
    parts = sorted(int(each.name) for each in logs.glob("[0-9]*") if each.name.isdecimal())
    curves = [_curve(logs / str(part)).assign(network=part) for part in parts]
    found = pd.concat(curves, ignore_index=True) if curves else _curve(logs).assign(network=1)
    return found[["network", *found.columns.drop("network")]]


def _curve(place: Path) -> pd.DataFrame:
    """Of one network, whose logs are in a folder."""
    # One more for each resumption; by their numbers, for a clock may have jumped.
    numbered = [(path.parent.name.rpartition("_")[2], path) for path in place.glob(_LOGS)]
    logs = [path for _, path in sorted((int(n), path) for n, path in numbered if n.isdecimal())]
    found = [table for log in logs if (table := _read(log)) is not None]
    if not found:
        return pd.DataFrame({"epoch": np.array([], int), "train_loss": np.array([], float)})
    table = pd.concat(found, ignore_index=True)
    table["train_loss"] = table.get("train_loss", np.nan)
    kept = [name for name in table.columns if name not in ("epoch", "step")]
    by_epoch = table.groupby("epoch")[kept].last().dropna(how="all").reset_index()
    return by_epoch.assign(epoch=by_epoch["epoch"].astype(int) + 1)


def _read(log: Path) -> pd.DataFrame | None:
    """A log, all of it numbers, its rows that have an epoch; None where it is something else."""
    try:
        table = pd.read_csv(io.BytesIO(read_plain(log))).astype(float)
        if "epoch" not in table:
            raise ValueError("it has no column epoch")
        table = table[table["epoch"].notna()]
        if not table["epoch"].between(0, _MOST).all():
            raise ValueError("an epoch is no number of one")
    except (OSError, ValueError) as error:  # pandas' own are among them
        why = " ".join(str(error).split())[:100]
        warn(f"{log}: cannot be read ({why}); its epochs are left out of the learning curve")
        return None
    return table


def draw_reliability(folder: Path, calibration: Mapping[str, Any]) -> None:
    """Write ``reliability.png``: how often climbs came that were given a probability, against it.

    Parameters
    ----------
    folder:
        The run's.
    calibration:
        As in metrics.json: how it was asked to its bins (`recsys.evaluation.calibration.reliability`).
    """
    figure = _figure(3.6, 3.2)
    axes = figure.subplots()
    for kind, colour in COLOURS.items():
        bins = calibration.get(kind, {}).get("bins", ())
        shown = [(each["said"], each["was"]) for each in bins if each["said"] > 0 and each["was"] > 0]
        if shown:
            axes.plot(*zip(*shown, strict=True), "o-", color=colour, label=kind, markersize=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    if axes.lines:
        axes.legend(frameon=False)
    axes.plot([1e-4, 1], [1e-4, 1], color="#999999", linewidth=0.8, linestyle="--")
    _axes(axes, "share that was the next", "probability said")
    _save(figure, folder / run_files.RELIABILITY)


def draw_curve(folder: Path) -> None:
    """Write ``learning_curve.png``: the loss, and recall@10 on validation, epoch by epoch."""
    figure = _figure(7, 3)
    loss, recall = figure.subplots(1, 2)
    _axes(loss, "training loss")
    for network, curve in learning_curve(folder).groupby("network"):
        line: Any = {"linestyle": _LINES[(int(network) - 1) % len(_LINES)]}
        loss.plot(curve["epoch"], curve["train_loss"], color="#444444", label=f"network {network}", **line)
        for kind, colour in COLOURS.items():
            name = f"validation_{kind}_recall@10"
            if name in curve:
                label = kind if network == 1 else None
                recall.plot(curve["epoch"], curve[name], color=colour, label=label, **line)
    if len(loss.lines) > 1:
        loss.legend(frameon=False)
    recall.set_ylim(bottom=0)
    if recall.lines:
        recall.legend(frameon=False)
    _axes(recall, "recall@10 on validation")
    _save(figure, folder / run_files.LEARNING_CURVE)


def _figure(width: float, height: float) -> Figure:
    """An empty figure of so many inches, drawn without a display."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def _save(figure: Figure, path: Path) -> None:
    """Write a PNG, which is the same whenever it is drawn."""
    with atomic_path(path) as fresh:
        figure.savefig(fresh, dpi=120, metadata={"Software": None})


def _axes(axes: Axes, title: str, below: str = "epoch") -> None:
    axes.set_title(title, fontsize=10, loc="left")
    axes.set_xlabel(below)
    axes.spines[["top", "right"]].set_visible(False)
