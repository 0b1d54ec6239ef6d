"""A few rows over strata of the cases: by the length of the history, by the popularity of the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes

from recsys.study.report import key
from recsys.study.report.svg import canvas, colour, inline, styled
from recsys.study.summary import Estimate

_PLOT: Final = 220.0
_SPREAD: Final = 0.5  # of the space between two strata


@styled
def strata(
    lines: Mapping[str, Mapping[str, Estimate]], name: str, label: str, axis: str, metric: str
) -> Markup:
    """The plot of ``{row: {stratum: estimate}}``.

    Rows stand side by side within a stratum, so that their intervals do not hide each other; a stratum that a
    row lacks is left open.
    """
    names = list(dict.fromkeys(stratum for each in lines.values() for stratum in each))
    entries = [key.Entry(row, *key.series(index)) for index, row in enumerate(lines)]
    bottom = 58 + key.height(entries)
    figure, axes = canvas(_PLOT + bottom + 18, left=44, top=18, right=6, bottom=bottom)
    offsets = np.linspace(-_SPREAD / 2, _SPREAD / 2, len(lines)) if len(lines) > 1 else [0.0]
    for index, each in enumerate(lines.values()):
        _line(axes, index, [(names.index(s) + offsets[index], e) for s, e in each.items()])
    axes.set_xticks(range(len(names)), [name.replace(" (", "\n(") for name in names])  # beside each other
    axes.set(xlim=(-0.5, len(names) - 0.5), ylim=(0, None), xlabel=axis)
    axes.xaxis.label.set_color(colour("ink"))
    axes.set_title(metric, loc="left", fontsize=10.5, color=colour("ink"), x=-0.11)
    axes.grid(False, axis="x")
    key.draw(figure, entries)
    hints = {f"line{i}": _hints(row, each) for i, (row, each) in enumerate(lines.items())}
    return inline(figure, name, label, hints)


def _line(axes: Axes, index: int, points: Sequence[tuple[float, Estimate]]) -> None:
    token, marker = key.series(index)
    points = sorted(points, key=lambda point: point[0])
    x, y = [at for at, _ in points], [estimate.value for _, estimate in points]
    axes.plot(x, y, color=colour(token), linewidth=1, alpha=0.55)
    for at, estimate in points:
        if estimate.low is not None and estimate.high is not None:
            axes.vlines(at, estimate.low, estimate.high, color=colour(token), linewidth=1.3)
    axes.scatter(x, y, s=24, c=colour(token), marker=marker, gid=f"line{index}", zorder=3)


def _hints(row: str, strata: Mapping[str, Estimate]) -> list[str]:
    return [f"{row}, {stratum}: {estimate.value:.3f}" for stratum, estimate in strata.items()]
