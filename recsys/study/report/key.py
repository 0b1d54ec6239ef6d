"""The key of a plot: a marker and its words, in columns below the axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recsys.study.report.svg import SERIES, WIDTH, colour

LINE: Final = 16.0
MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p", "h", "*")


class Entry(NamedTuple):
    """One line of a key: its words, its token, its marker, and whether the marker is filled."""

    words: str
    token: str
    marker: str = "o"
    filled: bool = True


def series(index: int) -> tuple[str, str]:
    """(token, marker) of the n-th series: a shape beside each colour, for those who see no colours."""
    return f"c{index % SERIES}", MARKERS[index % len(MARKERS)]


def height(entries: Sequence[Entry], columns: int = 2) -> float:
    """Pixels that the key takes."""
    return -(-len(entries) // columns) * LINE + 6


def draw(figure: Figure, entries: Sequence[Entry], columns: int = 2) -> None:
    """Write the key at the lower edge of the figure, down the columns."""
    lines = -(-len(entries) // columns)
    total = figure.get_figheight() * 72
    axes = figure.add_axes((0, 0, 1, height(entries, columns) / total))
    axes.set(xlim=(0, WIDTH), ylim=(height(entries, columns), 0))
    axes.axis("off")
    for index, entry in enumerate(entries):
        _entry(axes, entry, 8 + index // lines * WIDTH / columns, 8 + index % lines * LINE)


def _entry(axes: Axes, entry: Entry, x: float, y: float) -> None:
    shade = colour(entry.token)
    face = shade if entry.filled else colour("card")
    axes.plot([x], [y], entry.marker, markersize=6, color=shade, markerfacecolor=face, clip_on=False)
    axes.text(x + 10, y, entry.words, va="center", color=colour("ink"), fontsize=10)
