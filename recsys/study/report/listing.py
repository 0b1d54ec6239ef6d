"""A value for every row, one below the other under their families: dots with intervals, or bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from markupsafe import Markup
from matplotlib.axes import Axes

from recsys.study.report.svg import canvas, colour, inline, styled
from recsys.study.summary import Estimate

LINE: Final = 15.0
_HEADING: Final = 21.0
_NAMES: Final = 162.0  # pixels for the names


class Item(NamedTuple):
    """A row's words, its value, and whether it is the one that the others are compared with."""

    words: str
    estimate: Estimate
    reference: bool
    hint: str


@styled
def listing(
    groups: Mapping[str, Sequence[Item]], name: str, label: str, axis: str, *, bars: bool = False
) -> Markup:
    """The plot of ``{family: items}``, the families from the top down.

    The reference is marked, and where dots are drawn its value is carried through all rows.
    """
    groups = {family: items for family, items in groups.items() if items}
    length = sum(_HEADING + LINE * len(items) for items in groups.values())
    figure, axes = canvas(length + 56, left=_NAMES, top=20, right=12, bottom=36)
    axes.set(ylim=(length, 0), xlabel=axis)
    axes.xaxis.label.set_color(colour("ink"))
    axes.set_xlim(*_span([item.estimate for items in groups.values() for item in items], bars))
    axes.tick_params(axis="y", left=False, labelleft=False)
    axes.tick_params(axis="x", top=True, labeltop=True)
    axes.locator_params(axis="x", nbins=5)
    axes.grid(False, axis="y")
    hints = _fill(axes, groups, bars)
    return inline(figure, name, label, {} if bars else {"dots": hints})


def _fill(axes: Axes, groups: Mapping[str, Sequence[Item]], bars: bool) -> list[str]:
    y, placed = 0.0, []
    for family, items in groups.items():
        _name(axes, y + _HEADING - 8, family, weight="bold")
        y += _HEADING
        for item in items:
            _name(axes, y + LINE / 2, item.words, colour("warm" if item.reference else "ink"), indent=8)
            placed.append((y + LINE / 2, item))
            y += LINE
    shades = [colour("warm" if item.reference else "accent") for _, item in placed]
    if bars:
        lengths = [item.estimate.value for _, item in placed]
        axes.barh([y for y, _ in placed], lengths, LINE - 5, color=shades, alpha=0.75)
    _intervals(axes, placed, bars)
    if not bars:
        _dots(axes, placed, shades)
    return [item.hint for _, item in placed]


def _name(
    axes: Axes, y: float, words: str, shade: str = "", indent: float = 0, weight: str = "normal"
) -> None:
    axes.annotate(
        words, (0, y), (indent - _NAMES, 0), xycoords=axes.get_yaxis_transform(), textcoords="offset pixels",
        va="center", color=shade or colour("ink"), weight=weight, fontsize=10, annotation_clip=False,
    )  # fmt: skip


def _intervals(axes: Axes, placed: Sequence[tuple[float, Item]], bars: bool) -> None:
    known = [(y, each.low, each.high) for y, item in placed if (each := item.estimate).low is not None]
    if known:
        axes.hlines(
            *zip(*known, strict=True), color=colour("ink" if bars else "soft"), linewidth=1.5, alpha=0.8
        )


def _dots(axes: Axes, placed: Sequence[tuple[float, Item]], shades: Sequence[str]) -> None:
    values = [item.estimate.value for _, item in placed]
    axes.scatter(values, [y for y, _ in placed], s=26, c=shades, gid="dots", zorder=3, clip_on=False)
    for _, item in placed:
        if item.reference:
            axes.axvline(item.estimate.value, color=colour("warm"), linewidth=1, linestyle=(0, (3, 3)))


def _span(estimates: Sequence[Estimate], bars: bool) -> tuple[float, float]:
    """From zero, or below it where a value is, to a little beyond the highest end."""
    ends = [end for each in estimates for end in (each.value, each.low, each.high) if end is not None]
    high, low = max([*ends, 0.0]), min([*ends, 0.0])
    room = 0.04 * ((high - low) or 1.0)
    return (low - room if low < 0 else 0.0 if bars else -room / 2), (high + room)
