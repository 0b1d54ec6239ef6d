"""The climbs' embeddings on a plane, coloured by grade."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.figure import Figure

from recsys.study.report.svg import GRADES, canvas, colour, inline, styled
from recsys.study.report.words import plain
from recsys.study.summary import Point

_PLOT: Final = 330.0
_KEY: Final = 56.0


@styled
def climbs(points: Sequence[Point], name: str, label: str) -> Markup:
    """The plot: a dot a climb, the more often sent above, and the scale of grades below."""
    figure, axes = canvas(_PLOT + _KEY, left=6, top=6, right=6, bottom=_KEY)
    axes.axis("off")
    axes.set_aspect("equal", adjustable="datalim")
    low, high = span(points)
    points = sorted(points, key=lambda each: each.sends)
    steps = [step(each.ordinal, low, high) for each in points]
    axes.scatter(
        [each.x for each in points], [each.y for each in points], s=22, gid="climbs", clip_on=False,
        c=[colour("soft" if each is None else f"g{each}") for each in steps],
        edgecolors=colour("card"), linewidths=0.4,
    )  # fmt: skip
    axes.margins(0.03)
    _scale(figure, points)
    return inline(figure, name, label, {"climbs": [hint(each) for each in points]})


def span(points: Sequence[Point]) -> tuple[float, float]:
    """Lowest and highest grade, as numbers; (0, 0) where there is none."""
    known = [each.ordinal for each in points if each.ordinal is not None]
    return (min(known), max(known)) if known else (0.0, 0.0)


def step(ordinal: float | None, low: float, high: float) -> int | None:
    """The shade of a grade: 0 for the lowest to GRADES - 1 for the highest."""
    if ordinal is None:
        return None
    return min(int((ordinal - low) / ((high - low) or 1.0) * GRADES), GRADES - 1)


def shades(dark: bool) -> list[str]:
    """GRADES colours of viridis (Smith & van der Walt 2015: equal steps look equal), less the end that the
    ground would swallow."""
    ends = (0.22, 1.0) if dark else (0.0, 0.88)
    return [
        matplotlib.colors.to_hex(matplotlib.colormaps["viridis"](at)) for at in np.linspace(*ends, GRADES)
    ]


def hint(point: Point) -> str:
    """Name, grade and sends of a climb."""
    return f"{plain(point.climb, 60)}, {plain(point.grade or 'no grade', 20)}, {point.sends:,} sends"


def _scale(figure: Figure, points: Sequence[Point]) -> None:
    """The shades side by side, with the grades that they stand for."""
    low, high = span(points)
    total = figure.get_figheight() * 72
    axes = figure.add_axes((0.05, 22 / total, 0.9, 12 / total))
    axes.set(xlim=(low, high) if high > low else (low - 0.5, low + 0.5), ylim=(0, 1), yticks=[])
    edges = np.linspace(*axes.get_xlim(), GRADES + 1)
    for index in range(GRADES):
        axes.axvspan(edges[index], edges[index + 1], color=colour(f"g{index}"), linewidth=0)
    axes.patch.set_visible(False)
    axes.spines[:].set_visible(False)
    names = {each.ordinal: plain(each.grade, 8) for each in points if each.grade and each.ordinal is not None}
    marks = sorted(names)[:: max(1, -(-len(names) // 9))]
    axes.set_xticks(marks, [names[mark] for mark in marks])
    axes.tick_params(colors=colour("soft"), length=0, pad=4, labelsize=10)
    if any(each.ordinal is None for each in points):
        axes.text(
            1, 1.5, "grey: no grade", transform=axes.transAxes, ha="right", color=colour("soft"), fontsize=10
        )
