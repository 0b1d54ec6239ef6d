"""Numbers as a reader sees them; one place, so that the page, Markdown and the terminal agree."""

from __future__ import annotations

from typing import Final

from recsys.evaluation.report import measured
from recsys.study.summary import Comparison, Estimate

NONE: Final = "–"
MINUS: Final = "−"
SIGNIFICANT: Final = 0.05


def number(value: float | None, sign: bool = False) -> str:
    """0.388; +0.012 or −0.012 with a sign; a dash for None."""
    return NONE if value is None else f"{value:{'+' if sign else ''}.3f}".replace("-", MINUS)


def bracket(estimate: Estimate | None, sign: bool = False) -> str:
    """[0.366, 0.412], or nothing where an end is unknown."""
    if estimate is None or estimate.low is None or estimate.high is None:
        return ""
    return f"[{number(estimate.low, sign)}, {number(estimate.high, sign)}]"


def bare(estimate: Estimate | None, sign: bool = False) -> str:
    """0.388: the value without its interval."""
    return number(None if estimate is None else estimate.value, sign)


def interval(estimate: Estimate | None, sign: bool = False) -> str:
    """0.388 [0.366, 0.412]."""
    return f"{bare(estimate, sign)} {bracket(estimate, sign)}".rstrip()


def measure(name: str, value: float | None) -> str:
    """A measure of lists (`recsys.evaluation.beyond`); a dash for None."""
    return NONE if value is None else measured(name, value)


def share(value: float | None) -> str:
    """34%."""
    return NONE if value is None else f"{value:.0%}".replace("-", MINUS)


def chance(p_value: float | None) -> str:
    """0.013, or < 0.001."""
    return NONE if p_value is None else "< 0.001" if p_value < 0.001 else f"{p_value:.3f}"


def mark(comparison: Comparison | None) -> str:
    """▲ or ▼ where the corrected p is below 0.05, else nothing."""
    if comparison is None or comparison.corrected is None or comparison.corrected >= SIGNIFICANT:
        return ""
    return "▲" if comparison.difference.value > 0 else "▼"


def count(value: float) -> str:
    """1,234,567; whole."""
    return f"{value:,.0f}"


def seconds(value: float) -> str:
    """0.4, 12, 1,234: a decimal below ten."""
    return f"{value:,.1f}" if value < 10 else count(value)


def plain(text: object, limit: int | None = None) -> str:
    """One line of what can be printed, cut with an ellipsis."""
    line = " ".join("".join(each if each.isprintable() else " " for each in str(text)).split())
    return line if limit is None or len(line) <= limit else line[: limit - 1].rstrip() + "…"
