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
WHOLE: Final = ["to the end, of one network, against the default as `train.py` has it: two", *HEADS[1:]]


def ideas() -> str:
    """What each idea is worth, a table a data set: recall@10 less the default's; in bold where p < 0.05."""
    found = json.loads(FILE.read_text())
    return "\n".join(_both(TITLES[name], data, found["ideas"]) for name, data in found["data"].items())


def _both(title: str, data: dict[str, Any], words: dict[str, str]) -> str:
    few = _one(HEADS, data["default"], words, f"split {data['split']}, {data['epochs']} epochs")
    whole = _one(WHOLE, data["whole"], words, "until validation stops growing") if data["whole"] else ""
    return f"### {title}\n\n{few}{whole and chr(10)}{whole}"


def _one(heads: list[str], found: dict[str, Any], words: dict[str, str], how: str) -> str:
    rows = [
        [
            words[row],
            *(_difference(each[asked]) for asked in ("prompted", "unprompted")),
            *(str(each["seeds"]), f"{each['cpu']:.1f}"),
        ]
        for row, each in found["rows"].items()
    ]
    default = " and ".join(f"{value:.3f} {asked}" for asked, value in found["scores"].items())
    seeds = f"{len(found['seeds'])} seed{'s' if len(found['seeds']) > 1 else ''}"
    cases = f"{sum(found['cases']):,} validation cases of {found['climbers']} climbers, {seeds}, {how}"
    minutes = f"{found['cpu'] / 60:.0f} minutes of one core for all rows"
    said = f"Recall@10 of the default: {default}; {cases}; {minutes}."
    return f"{table(heads, rows)}\n{said}\n"


def _difference(one: dict[str, float]) -> str:
    mark = "**" if one["p"] < 0.05 else ""
    p = f", p {one['p']:.3f}" if one["p"] < 0.2 else ""
    return f"{mark}{one['difference']:+.3f}{mark} [{one['low']:+.3f}, {one['high']:+.3f}]{p}"
