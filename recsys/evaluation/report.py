"""metrics.json as tables: a narrow one for the terminal, a full one in Markdown for the model card.

A run may be somebody else's: what is no number in it is shown as a dash.
"""

from __future__ import annotations

import io
import textwrap
from collections.abc import Mapping
from typing import Any, Final

from recsys.bounds import LARGEST
from recsys.evaluation.beyond import KEY, MEASURES
from recsys.evaluation.metrics import METRICS

Number = int | float
MODELS: Final = ("prompted", "dated", "unprompted", "popularity", "random")
WIDTH: Final = 80
_SHOWN: Final = {"accuracy": True, "recall@10": True, "ndcg@10": False, "mrr@20": False}  # with an interval?
_DIGITS: Final = {"popularity@10": 1, "novelty@10": 2}
_ONE_CLIMBER: Final = "No intervals: all cases are one climber's, which says nothing about other climbers."
_NOTE: Final = "In brackets: 95% bootstrap intervals over climbers."


def header(metrics: Mapping[str, Any]) -> str:
    """One line: split, number of cases and items, protocol, and whether seen items are candidates."""
    counts = [
        f"{_number(metrics[key]) or 0:,} {noun}"
        for key, noun in (("n_cases", "cases"), ("n_items", "items"))
        if key in metrics
    ]
    found = metrics.get("protocol")
    protocol = dict(found) if isinstance(found, Mapping) else {}
    excluded = protocol.pop("exclude_seen", None)
    seen = "not recorded" if excluded is None else "excluded" if excluded else "kept"
    facts = [f"seen items {seen}"]
    facts += [f"{key.replace('_', ' ')} {value}" for key, value in protocol.items() if key != "ci95"]
    split = metrics.get("split", "unknown")
    return f"{split} split: {', '.join(counts)}. Protocol: {', '.join(facts)}."


def metrics_table(metrics: Mapping[str, Any]) -> str:
    """The four metrics that matter most, one row a model, in at most 80 columns; print it as it is."""
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.table import Table

    from recsys.console import cell as plain

    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column("")
    for name in _SHOWN:
        table.add_column(name, justify="right", no_wrap=True)
    for model in models(metrics):
        block = metrics[model]
        table.add_row(plain(model), *(cell(block, name, bracket) for name, bracket in _SHOWN.items()))
    page = io.StringIO()
    Console(file=page, width=WIDTH, color_system=None).print(table, end="")
    lines = [
        *textwrap.wrap(header(metrics), WIDTH),
        *map(str.rstrip, page.getvalue().splitlines()),
        note(metrics),
    ]
    return "\n".join(line for line in lines if line) + "\n"


def markdown_table(metrics: Mapping[str, Any]) -> str:
    """Every metric with its interval, one row a model, under the header line."""
    rows = [["", *METRICS]]
    rows += [[model, *(cell(metrics[model], name) for name in METRICS)] for model in models(metrics)]
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    lines.insert(1, "|---|" + "---:|" * len(METRICS))
    return "\n".join([header(metrics), "", *lines, "", note(metrics)]).rstrip() + "\n"


def lists_table(metrics: Mapping[str, Any]) -> str:
    """What the lists are like (`recsys.evaluation.beyond`), one row a model; empty where it is not known."""
    found: Mapping[str, Mapping[str, float]] = metrics.get("lists") or {}
    rows = [["", *MEASURES], ["---", *["---:"] * len(MEASURES)]]
    rows += [
        [model, *(measured(name, found[model].get(name)) for name in MEASURES)]
        for model in MODELS
        if found.get(model)
    ]
    if len(rows) == 2:
        return ""
    return "\n".join(["| " + " | ".join(row) + " |" for row in rows] + ["", f"{KEY}."])


def measured(name: str, value: float | None) -> str:
    """A measure of lists as it is shown: popularity in sends, novelty in bits, the others as shares."""
    if value is None:
        return "-"
    return f"{value:,.{_DIGITS.get(name, 3)}f}"


def models(metrics: Mapping[str, Any]) -> list[str]:
    """Names of the blocks that hold metrics: the contract's four first, then any others."""
    present = [
        key for key, block in metrics.items() if isinstance(block, Mapping) and set(METRICS) & set(block)
    ]
    return [name for name in MODELS if name in present] + [name for name in present if name not in MODELS]


def cell(block: Mapping[str, Any], name: str, interval: bool = True) -> str:
    """`0.241 [0.232, 0.250]`; without the interval when unwanted or unknown; `-` without a value."""
    value = _number(block.get(name))
    if value is None:
        return "-"
    low, high = _bounds(block).get(name, (None, None))
    bracket = f" [{low:.3f}, {high:.3f}]" if interval and low is not None and high is not None else ""
    return f"{value:.3f}{bracket}"


def note(metrics: Mapping[str, Any]) -> str:
    """What the brackets are, or why there are none; empty where no intervals were recorded."""
    bounds = [pair for model in models(metrics) for pair in _bounds(metrics[model]).values()]
    if not bounds:
        return ""
    return _ONE_CLIMBER if all(low is None for low, _ in bounds) else _NOTE


def _bounds(block: Mapping[str, Any]) -> dict[str, tuple[Number | None, Number | None]]:
    """The intervals of a block's metrics."""
    found = block.get("ci95")
    pairs = found.items() if isinstance(found, Mapping) else ()
    return {
        name: (_number(pair[0]), _number(pair[1]))
        for name, pair in pairs
        if isinstance(pair, (list, tuple)) and len(pair) == 2
    }


def _number(value: object) -> Number | None:
    return value if isinstance(value, (int, float)) and abs(value) <= LARGEST else None
