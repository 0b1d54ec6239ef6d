"""Tables of results: python docs/making/tables.py writes those between markers in README.md and docs.

    <!-- table: demo -->  ...  <!-- end -->

`demo`, `printed` and what other commands answer (`path`, `session`, ...) are made from
docs/results/files/demo.json, of `make demo`'s run; `studies` from what `recsys study` wrote,
docs/results/{table1,bc,ml100k}.md, as `paper`, `rows` and `verdicts` are; `peers`, `curves` and
`ratios` by `peers.py`, `ideas` by `ideas.py`. Nothing between the markers is typed.
"""

from __future__ import annotations

import itertools
import json
import re
import sys
from functools import partial
from pathlib import Path
from typing import Any, Final

sys.path.insert(0, str(Path(__file__).parent))

from ideas import ideas
from peers import curves, peers, ratios
from peers import table as _table

ROOT: Final = Path(__file__).parents[2]
RESULTS: Final = ROOT / "docs" / "results"
PAGES: Final = (
    ROOT / "README.md", *(ROOT / "docs" / "how-to" / f"{name}.md" for name in ("plan", "up-to-date")),
    *(RESULTS / f"{name}.md" for name in ("index", "peers", "ideas", "findings")),
)  # fmt: skip
METRICS: Final = ("accuracy", "recall@10", "ndcg@10", "mrr@20")
ASKED: Final = ("prompted", "dated", "unprompted", "popularity", "random")
STUDIES: Final = {
    "table1": "simulated BC, to the end", "bc": "a quarter of it, six epochs", "ml100k": "MovieLens-100k",
}  # fmt: skip
PROMPTED: Final = ("table1", "bc")  # studies whose prompts tell a grade and a region
SHOWN: Final = (
    "Popularity", "Recent popularity", "Popularity by prompt", "Item-kNN", "Sequential item-kNN",
    "Implicit ALS", "EASE",
    "FPMC", "CBOW", "GRU4Rec, 1 x 128, cross-entropy", "GRU4Rec, 1 x 128, BPR-max", "SASRec", "SSE-PT",
    "BERT4Rec, learned positions", "BST", "climb embeddings", "and climber embeddings",
    "BERT, last", "Pre-norm, last", "BERT, MLM", "BERT, RTD", "XLNet, MLM", "XLNet, PLM", "GPT-2, CLM",
    "Pre-norm, CLM", "the default model",
)  # fmt: skip
TOLD: Final = (
    "Item-kNN", "EASE", "CBOW", "GRU4Rec, 1 x 128, cross-entropy", "SASRec", "climb embeddings",
    "and other features", "and climber embeddings", "climber embeddings, no other features", "all but grade",
    "all but region", "all but elapsed days", "all but rating", "all but comment", "all but beta",
    "features concatenated", "features summed", "numbers in bins", "numbers as soft one-hot",
    "numbers as they are", "numbers as one-hot bins", "numbers as sines and cosines", "BERT, last",
    "BERT, MLM", "Pre-norm, last", "GPT-2, CLM", "Pre-norm, CLM", "the default model",
)  # fmt: skip
MASKINGS: Final = {
    "`--ensemble none`: the four alone": "the default model",
    "`--model prenorm-last`": "Pre-norm, last",
    "`--model bert-last`": "BERT, last",
    "`--model bert-mlm`": "BERT, MLM",
    "`--model sasrec`": "SASRec",
    "`--model sequential-knn`": "Sequential item-kNN",
    "`--model item-knn`": "Item-kNN",
}
_SCORES: Final = ("recall@10", "accuracy", "prompted recall@10", "prompted accuracy")
_MARKED: Final = re.compile(r"(<!-- table: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def filled(text: str) -> str:
    """A page with its tables made anew."""
    makers = {
        "demo": demo, "printed": printed, "studies": studies,
        "defaults": defaults, "maskings": maskings,
        "paper": paper, "rows": rows, "verdicts": verdicts, "ideas": ideas,
        "peers": peers, "curves": curves, "ratios": ratios,
        **{name: partial(shown, name) for name in _demo()["about"]["shown"]},
    }  # fmt: skip
    return _MARKED.sub(lambda found: f"{found[1]}{makers[found[2]]()}{found[3]}", text)


def demo() -> str:
    """What `make demo` reaches, with its protocol and its version."""
    found = _demo()
    metrics, about = found["metrics"], found["about"]
    asked = [name for name in ASKED if name in metrics]
    rows = [[name, *(_interval(metrics[name], each) for each in METRICS)] for name in asked]
    protocol = metrics["protocol"]
    words = (
        f"`make demo` at {about['version']} ({about['date']}), {about['epochs']} epochs, "
        f"{about['machine']}: "
        f"{metrics['n_cases']:,} test cases of {protocol['climbers']} held-out climbers, "
        f"{metrics['n_items']:,} climbs ranked, seed {protocol['seed']}; "
        "simulated logbooks. In brackets: 95% bootstrap intervals over climbers."
    )
    return f"{_table(['asked', *METRICS], rows)}\n{words}\n"


def printed() -> str:
    """What `make demo` ends with."""
    return _answer(_demo()["about"])


def shown(name: str) -> str:
    """What a command answers of the demo's run."""
    return _answer(_demo()["about"]["shown"][name])


def _answer(asked: dict[str, str]) -> str:
    return f"```text\n$ {asked['command']}\n{asked['printed']}\n```\n"


def _demo() -> dict[str, Any]:
    return _results("demo")


def _results(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((RESULTS / "files" / f"{name}.json").read_text())
    return found


def studies() -> str:
    """Recall@10 of the chosen rows in every study, and of their prompted form where there is one."""
    read = {name: _report(RESULTS / f"{name}.md") for name in STUDIES}
    heads = ["row"]
    for name, title in STUDIES.items():
        heads += [title, "the same, prompted"] if name in PROMPTED else [title]
    rows = []
    for row in SHOWN:
        cells = [row]
        for name in STUDIES:
            each = read[name].get(row) or read[name].get(_of_films(row), {})
            cells.append(each.get("recall@10", "–"))
            if name in PROMPTED:
                cells.append(each.get("prompted recall@10", "–"))
        rows.append(cells)
    return _table(heads, rows)


def _of_films(row: str) -> str:
    """A row's title as MovieLens's mapping has it."""
    return row.replace("climber", "viewer").replace("climb", "film")


def defaults() -> str:
    """What `python train.py` reaches on simulated BC, a seed of split and weights a row."""
    return _table(["seed", *_SCORES], [[str(each["seed"]), *_scores(each)] for each in _default()["runs"]])


def _default() -> dict[str, Any]:
    return _results("default")


def _scores(run: dict[str, Any]) -> list[str]:
    """As `_SCORES` names them."""
    return [
        _interval(run[asked], name)
        for asked in ("unprompted", "prompted")
        for name in ("recall@10", "accuracy")
    ]


def maskings() -> str:
    """The default beside the two commands that stay the user's own, and SASRec, all trained to the end."""
    read = _report(RESULTS / "table1.md")
    own = next(each for each in _default()["runs"] if each["seed"] == 1)  # the split of the table
    partner = own["ensemble"]["with"].partition("(")[0]
    named = {"SequentialKNN": "sequential item-kNN", "ItemKNN": "item-kNN"}.get(partner, partner)
    first = [f"`python train.py`: four causal networks, joined with {named}", *_scores(own)]
    others = [[name, *(read[row][each] for each in _SCORES)] for name, row in MASKINGS.items()]
    return _table(["", *_SCORES], [first, *others])


def paper() -> str:
    """Thompson's first table beside our rows, as the study that was trained to the end compares them."""
    heads = ["the paper's row", "its accuracy", "our row", "asked", "our accuracy", "sent climbs left out"]
    return _table(heads, _rows_below(RESULTS / "table1.md", "| Thompson 2023, table 1 "))


def rows() -> str:
    """The rows of the BC study that the words are about, and how much of each rests on the order of sends."""
    read = _report(RESULTS / "bc.md")
    heads = ("recall@10", "prompted recall@10", "due to order", "training accuracy")
    return _table(
        [f"row, simulated BC, {STUDIES['bc']}", *heads],
        [[row, *(read[row][each] for each in heads)] for row in TOLD],
    )


def verdicts() -> str:
    """The sentences that stand above the tables of the studies' reports."""
    parts = []
    for name, title in STUDIES.items():
        lines = (RESULTS / f"{name}.md").read_text().partition("| row |")[0].splitlines()
        parts.append("\n".join([f"**{title}**\n", *(line for line in lines if line.startswith("- "))]))
    return "\n\n".join(parts) + "\n"


def _rows_below(path: Path, head: str) -> list[list[str]]:
    """The rows of the table whose head begins so."""
    lines = path.read_text().splitlines()
    start = next(index for index, line in enumerate(lines) if line.startswith(head))
    return [
        _cells(line) for line in itertools.takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    ]


def _report(path: Path) -> dict[str, dict[str, str]]:
    """The table of a study's report.md: its rows by title, each by column."""
    lines = [line for line in path.read_text().splitlines() if line.startswith("|")]
    start = next(index for index, line in enumerate(lines) if line.startswith("| row |"))
    heads = _cells(lines[start])
    found: dict[str, dict[str, str]] = {}
    for line in lines[start + 2 :]:
        cells = _cells(line)
        if len(cells) == len(heads):
            found.setdefault(cells[0], dict(zip(heads, cells, strict=True)))
    return found


def _cells(line: str) -> list[str]:
    return [each.strip() for each in line.strip().strip("|").split("|")]


def _interval(metrics: dict[str, Any], name: str) -> str:
    low, high = metrics["ci95"][name]
    return f"{metrics[name]:.3f} [{low:.3f}, {high:.3f}]"


if __name__ == "__main__":
    for page in PAGES:
        page.write_text(filled(page.read_text()))
