"""The tables of docs/results/ideas.md, of docs/results/files/ideas.json (`benchmarks/ideas.py --table`)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from peers import table

FILE: Final = Path(__file__).parents[1] / "results" / "files" / "ideas.json"
TITLES: Final = {
    "bc-climber": "Simulated BC, split by climbers", "bc-temporal": "Simulated BC, split by time",
    "ml100k": "MovieLens-100k, split by time", "gym": "A simulated gym, split by time",
}  # fmt: skip
HEADS: Final = ["against the default", "prompted", "unprompted", "seeds", "times its cost"]


def ideas() -> str:
    """What each idea is worth, a table a data set: recall@10 less the default's; in bold where p < 0.05."""
    found = json.loads(FILE.read_text())
    return "\n".join(_one(TITLES[name], data, found["ideas"]) for name, data in found["data"].items())


def _one(title: str, data: dict[str, Any], words: dict[str, str]) -> str:
    rows = [
        [
            words[row],
            *(_difference(each[asked]) for asked in ("prompted", "unprompted")),
            *(str(each["seeds"]), f"{each['cpu']:.1f}"),
        ]
        for row, each in data["rows"].items()
    ]
    default = " and ".join(f"{value:.3f} {asked}" for asked, value in data["default"].items())
    seeds = f"{len(data['seeds'])} seed{'s' if len(data['seeds']) > 1 else ''}"
    said = (
        f"Recall@10 of the default: {default}; {sum(data['cases']):,} validation cases of {data['climbers']} "
        f"climbers, {seeds}, split {data['split']}, {data['epochs']} epochs; {data['cpu'] / 60:.0f} minutes "
        "of one core for all rows."
    )
    return f"### {title}\n\n{table(HEADS, rows)}\n{said}\n"


def _difference(one: dict[str, float]) -> str:
    mark = "**" if one["p"] < 0.05 else ""
    p = f", p {one['p']:.3f}" if one["p"] < 0.2 else ""
    return f"{mark}{one['difference']:+.3f}{mark} [{one['low']:+.3f}, {one['high']:+.3f}]{p}"
