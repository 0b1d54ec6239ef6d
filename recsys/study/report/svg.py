"""A matplotlib figure as SVG that lies in a page: its colours are the page's, its ids its own.

Matplotlib writes a whole document with fixed colours. Here a colour of a plot is the number of a token, and
the token becomes ``var(--token)``, which the page's style sets for light and for dark. One unit of a plot is
one CSS pixel. Text stays text.
"""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Mapping, Sequence
from typing import Any, Final
from xml.etree import ElementTree  # of what matplotlib wrote  # nosec B405

import matplotlib
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SERIES, GRADES = 8, 16
TOKENS: Final = (
    *("ink", "soft", "line", "accent", "warm", "card"),
    *(f"c{index}" for index in range(SERIES)),
    *(f"g{index}" for index in range(GRADES)),
)
WIDTH: Final = 360.0
_INCH: Final = 72.0  # of matplotlib's SVG units
_STYLE: Final[dict[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "recsys-study",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10.5,
    "lines.solid_capstyle": "round",
}
_SETTINGS: Final[dict[Any, Any]] = {**matplotlib.rcParamsDefault, **_STYLE, "backend": "svg"}
_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))


styled = matplotlib.rc_context(_SETTINGS)
"""Decorates whatever draws: matplotlib's defaults, not this machine's matplotlibrc, and `_STYLE`."""


def colour(token: str) -> str:
    """The colour that stands for a token until it is written: '#0102' and the token's number."""
    return f"#0102{TOKENS.index(token):02x}"


def canvas(height: float, left: float, top: float, right: float, bottom: float) -> tuple[Figure, Axes]:
    """An empty plot, `WIDTH` by height in pixels, and its margins; only the lower axis is drawn."""
    figure = Figure(figsize=(WIDTH / _INCH, height / _INCH))
    figure.patch.set_visible(False)
    box = (
        left / WIDTH,
        bottom / height,
        (WIDTH - left - right) / WIDTH,
        (height - top - bottom) / height,
    )
    axes = figure.add_axes(box)
    axes.patch.set_visible(False)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.spines["bottom"].set_color(colour("soft"))
    axes.tick_params(colors=colour("soft"), length=3, pad=3)
    axes.grid(True, color=colour("line"), linewidth=0.8)
    axes.set_axisbelow(True)
    return figure, axes


def inline(figure: Figure, name: str, label: str, hints: Mapping[str, Sequence[str]] | None = None) -> Markup:
    """The figure as an ``<svg>`` element.

    Parameters
    ----------
    figure, name:
        The figure, and what its ids begin with; unique in the page.
    label:
        What it shows, for those who do not see it.
    hints:
        {gid: texts} shown on pointing at the markers, in order, of the artist with this gid.
    """
    written = io.BytesIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of glyphs that matplotlib's font lacks: the page's font draws them
        figure.savefig(written, format="svg", metadata=_NO_METADATA)
    root = ElementTree.fromstring(written.getvalue())  # nosec B314
    for gid, texts in (hints or {}).items():
        _hint(root, gid, texts)
    _clean(root, name)
    root.attrib.update(
        {"role": "img", "aria-label": label, "class": "plot", "style": f"--natural:{WIDTH:.0f}px"}
    )
    text = ElementTree.tostring(root, encoding="unicode", short_empty_elements=False)
    return Markup(text)  # ElementTree escaped the names  # nosec B704


def _hint(root: ElementTree.Element, gid: str, texts: Sequence[str]) -> None:
    group = next(each for each in root.iter() if each.get("id") == gid)
    markers = [each for each in group.iter() if each.tag.endswith("}use")]
    for marker, text in zip(markers, texts, strict=True):
        ElementTree.SubElement(marker, "title").text = text


def _clean(root: ElementTree.Element, name: str) -> None:
    used = set(re.findall(r"#([\w.-]+)", " ".join(_addresses(root))))
    for each in list(root.iter()):
        each.tag = each.tag.rpartition("}")[2]
        each.text = each.text if each.tag in ("text", "title", "tspan") else None
        each.tail = None
        for child in [child for child in each if child.tag.rpartition("}")[2] in ("style", "metadata")]:
            each.remove(child)
        each.attrib = {k.rpartition("}")[2]: v for k, v in each.attrib.items() if k != "id" or v in used}
        for key, value in each.attrib.items():
            each.set(key, _value(key, value, name))
    for key in ("width", "height", "version"):
        root.attrib.pop(key, None)
    _hoist(root)


def _addresses(root: ElementTree.Element) -> list[str]:
    return [value for each in root.iter() for value in each.attrib.values() if "#" in value]


def _value(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    value = re.sub(r"#0102([0-9a-f]{2})", lambda found: f"var(--{TOKENS[int(found[1], 16)]})", value)
    value = re.sub(r"(^|url\()#", rf"\1#{name}-", value)
    value = re.sub(r"font-family:[^;]*;?", "", value)
    if key in ("d", "x", "y", "transform", "width", "height"):
        value = re.sub(r"\d+\.\d{2,}", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), value)
    return re.sub(r"rotate\(-0 [^)]*\)", "", " ".join(value.split()))


def _hoist(root: ElementTree.Element) -> None:
    """A style that all markers of a group share is said once, by the group."""
    for group in root.iter("g"):
        markers = [each for each in group if each.tag == "use"]
        styles = {each.get("style", "") for each in markers}
        if len(markers) > 1 and len(styles) == 1 and "style" not in group.attrib:
            group.set("style", styles.pop())
            for each in markers:
                each.attrib.pop("style", None)
