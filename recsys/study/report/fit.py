"""Accuracy on training sends against accuracy on test sends: the further below the diagonal, the more was
learned by heart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from markupsafe import Markup
from matplotlib.axes import Axes

from recsys.study.report import key
from recsys.study.report.svg import WIDTH, canvas, colour, inline, styled

_SIDE: Final = 302.0  # pixels across
_APART: Final = 12.0  # pixels between two names


class Dot(NamedTuple):
    """A row, asked in one way; `words` is written beside it where it is not empty."""

    family: int
    training: float
    test: float
    filled: bool
    words: str
    hint: str


@styled
def fit(dots: Sequence[Dot], families: Sequence[str], name: str, label: str) -> Markup:
    """The plot: colour and shape are the family, a hollow marker was asked with a prompt."""
    entries = [key.Entry(family, *key.series(index)) for index, family in enumerate(families)]
    if not all(dot.filled for dot in dots):
        entries += [
            key.Entry("filled: unprompted", "soft"),
            key.Entry("hollow: prompted", "soft", filled=False),
        ]
    wide = 1.04 * max(dot.training for dot in dots) or 1.0
    high = 1.3 * max(dot.test for dot in dots) or 1.0
    plot = max(_SIDE * min(high / wide, 1.1), 130)
    bottom = 46 + key.height(entries)
    figure, axes = canvas(plot + bottom + 20, left=WIDTH - _SIDE - 14, top=20, right=14, bottom=bottom)
    axes.plot([0, wide + high], [0, wide + high], color=colour("soft"), linewidth=1, linestyle=(0, (4, 3)))
    axes.set(xlim=(0, wide), ylim=(0, high), xlabel="accuracy on training sends")
    axes.xaxis.label.set_color(colour("ink"))
    axes.set_title("accuracy on test sends", loc="left", fontsize=10.5, color=colour("ink"), x=-0.11)
    hints = dict(
        _markers(axes, dots, index, filled) for index in range(len(families)) for filled in (True, False)
    )
    _names(axes, [dot for dot in dots if dot.words])
    key.draw(figure, entries)
    return inline(figure, name, label, {gid: texts for gid, texts in hints.items() if texts})


def _markers(axes: Axes, dots: Sequence[Dot], family: int, filled: bool) -> tuple[str, list[str]]:
    """One family's dots, asked in one way; the name of the artist and the hints of its markers."""
    token, marker = key.series(family)
    shown = [dot for dot in dots if (dot.family, dot.filled) == (family, filled)]
    gid = f"family{family}-{filled}"
    axes.scatter(
        [dot.training for dot in shown], [dot.test for dot in shown], s=30, marker=marker, linewidths=1.3,
        facecolors=colour(token if filled else "card"), edgecolors=colour(token), gid=gid,
        zorder=3, clip_on=False,
    )  # fmt: skip
    return gid, [dot.hint for dot in shown]


def _names(axes: Axes, dots: Sequence[Dot]) -> None:
    """Names to the left of their dots, above the diagonal, where few dots are; none overlap."""
    pixel, above = axes.get_xlim()[1] / _SIDE, 0.0
    style = {"arrowstyle": "-", "color": colour("soft"), "linewidth": 0.7, "shrinkB": 3}
    for dot in sorted(dots, key=lambda dot: dot.test):
        y = max(dot.test + 14 * pixel, above)
        above = y + _APART * pixel
        end = (max(min(dot.training, y) - 8 * pixel, 100 * pixel), y)
        axes.annotate(
            dot.words, (dot.training, dot.test), end, ha="right", va="center", fontsize=9.5,
            color=colour("ink"), arrowprops=style, annotation_clip=False, zorder=5,
        )  # fmt: skip
