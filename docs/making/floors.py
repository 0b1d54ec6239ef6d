"""The picture of the floors: python docs/making/floors.py writes docs/pictures/floors.svg.

Floors and their order are those of the import contract in pyproject.toml; what each does is said here.
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path
from typing import Final

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT: Final = Path(__file__).parents[2]
PICTURE: Final = ROOT / "docs" / "pictures" / "floors.svg"
WORDS: Final = {
    "__main__": "recsys, and python train.py",
    "cli": "one command a file; options come from the settings",
    "api": "import recsys: train, load, recommend, compare",
    "monitoring": "is what comes in like what was learned?",
    "study": "every method in one table",
    "tuning": "search of settings",
    "adapting": "new climbs, climbers and sends join a run",
    "exporting": "a run becomes a bundle: ONNX and arrays",
    "training": "a run from start to end",
    "baselines": "what the model is compared with, a file a method",
    "model": "inputs, masking, bodies, output, from the schema's tags",
    "sequences": "splits, days, histories, windows, cases",
    "workflows": "NVTabular: raw sends to sequences and Merlin's schema",
    "serving": "the service and its page",
    "recommending": "requests, answers, reasons, paths, sessions, batches",
    "runs": "a run's folder",
    "skill": "ability and difficulty",
    "evaluation": "ranks, metrics, intervals",
    "logbooks": "reading what was logged; grades; simulation",
    "config": "every setting, once",
    "stores": "object stores",
    "postgres": "a database",
    "terminal": "exit codes",
    "console": "what a person sees",
    "manifest": "was a folder changed?",
    "files": "bytes, text, JSON",
    "atomic": "whole or absent",
    "arrays": "the type of arrays",
    "formats": "versions of what is kept",
    "spreadsheet": "cells that run nothing",
    "temporaries": "half written, swept",
    "orphans": "end with their parent",
    "environment": "a variable of it for a while",
    "bounds": "what may be unpacked",
    "extras": "how a part is installed",
    "columns": "every name",
    "run_files": "names of a run's files",
    "nouns": "words of another domain",
    "errors": "every error",
}
HEAVY: Final = {
    "monitoring", "study", "tuning", "adapting", "exporting", "training", "baselines", "model", "sequences",
    "workflows",
}  # fmt: skip
LIGHT: Final = {"serving", "recommending"}
WIDTH, HEIGHT, GAP, TOP = 920, 46, 6, 64
FILLS: Final = {"heavy": "#d9e4f0", "light": "#dcefdc", "shared": "#eeeae2"}


def floors() -> list[list[str]]:
    """The contract's floors from the top, each with its packages by their short names."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each["type"] == "layers")
    return [[name.strip().split(".")[-1] for name in layer.split("|")] for layer in layers]


def draw() -> str:
    """The picture as SVG."""
    rows = floors()
    unsaid = {name for row in rows for name in row} - set(WORDS)
    if unsaid:
        sys.exit(f"docs/making/floors.py: say in WORDS what {', '.join(sorted(unsaid))} does")
    height = TOP + len(rows) * (HEIGHT + GAP) + 44
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="sans-serif">',
        "<title>The floors of the house: imports lead down</title>",
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        *_legend(),
        *(part for index, row in enumerate(rows) for part in _floor(row, TOP + index * (HEIGHT + GAP))),
        _line(20, height - 16, "An import leads down, never up; data flows up: logbooks to answers.", 14),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _legend() -> list[str]:
    words = {
        "heavy": "heavy: PyTorch, Merlin, pandas", "light": "light: NumPy and ONNX Runtime", "shared": "both",
    }  # fmt: skip
    parts = []
    for index, (kind, text) in enumerate(words.items()):
        left = 20 + 300 * index
        parts.append(f'<rect x="{left}" y="20" width="22" height="22" fill="{FILLS[kind]}" stroke="#777"/>')
        parts.append(_line(left + 30, 36, text, 14))
    return parts


def _floor(names: list[str], top: int) -> list[str]:
    width = (WIDTH - 40 - GAP * (len(names) - 1)) / len(names)
    parts = []
    for index, name in enumerate(names):
        left = 20 + index * (width + GAP)
        kind = "heavy" if name in HEAVY else "light" if name in LIGHT else "shared"
        parts.append(
            f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{HEIGHT}" rx="4" '
            f'fill="{FILLS[kind]}" stroke="#777"/>'
        )
        parts.append(_line(left + 12, top + 20, "train.py" if name == "__main__" else name, 15, bold=True))
        parts.append(_line(left + 12, top + 38, WORDS[name], 13))
    return parts


def _line(left: float, base: float, text: str, size: int, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    words = escape(text)
    return f'<text x="{left:.0f}" y="{base:.0f}" font-size="{size}"{weight} fill="#111">{words}</text>'


if __name__ == "__main__":
    PICTURE.write_text(draw())
