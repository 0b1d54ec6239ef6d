"""The tables of docs/results/peers.md, of benchmarks/results/{peers,step}.jsonl; `tables.py` places them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

FOLDER: Final = Path(__file__).parents[2] / "benchmarks" / "results"
DATA: Final = {
    "ml100k": "MovieLens-100k, temporal",
    "beauty": "Amazon Beauty (BERT4Rec's preparation), leave-one-out",
    "beauty2048": "Amazon Beauty, leave-one-out, validation of 2,048 users, those of the others trained on",
    "ml1m": "MovieLens-1M, leave-one-out, no time",
}
SYSTEMS: Final = {
    "ours": "ours", "rectools": "RecTools", "replay": "RePlay", "recbole": "RecBole", "implicit": "implicit",
    "t4rec": "Transformers4Rec",
}  # fmt: skip


def lines(name: str) -> list[dict[str, Any]]:
    """What a results file holds, in its order."""
    path = FOLDER / f"{name}.jsonl"
    return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []


def peers() -> str:
    """A table for each data set: every system's scores by the one evaluator."""
    latest = {(each["data"], each["row"], each["seed"]): each for each in lines("peers")}
    return "\n".join(_data(name, [v for k, v in latest.items() if k[0] == name]) for name in DATA)


def _data(name: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"### {DATA[name]}\n\nNot run.\n"
    split = rows[0]["split"]
    about = (
        f"{split['cases']['test']:,} test cases, {split['n_items']:,} items, {split['training']:,} training "
        f"interactions; data {split['data_sha256']}, targets {split['targets_sha256']}; "
        f"{split['not_in_catalogue']:,} targets are items that training does not have, a miss for everyone."
    )
    scored = sorted((r for r in rows if "scores" in r), key=lambda r: -r["scores"]["recall@10"])
    heads = [
        "row",
        "of",
        "recall@10",
        "ndcg@10",
        "mrr@20",
        "epoch, best of",
        "CPU s",
        "seen left out by",
        "seed",
    ]
    cells = [_row(each) for each in scored]
    missing = [f"- {r['row']}: {_short(r['error'])}" for r in rows if "scores" not in r]
    found = f"### {DATA[name]}\n\n{about}\n\n{table(heads, cells)}"
    return found + ("\nNot had:\n\n" + "\n".join(missing) + "\n" if missing else "")


def _row(line: dict[str, Any]) -> list[str]:
    scores = line["scores"]
    low, high = scores["ci95"]["recall@10"]
    fitted = line.get("fitted", {})
    best = line.get("best_epoch", fitted.get("best_epoch", "–"))
    curve = line.get("curve") or []
    trained = fitted.get("epochs_trained", curve[-1]["epoch"] if curve else None)
    version = "" if line["system"] == "ours" else next(iter(line["versions"].values()))
    return [
        line["row"], f"{SYSTEMS[line['system']]} {version}".strip(),
        f"{scores['recall@10']:.3f} [{low:.3f}, {high:.3f}]",
        f"{scores['ndcg@10']:.3f}", f"{scores['mrr@20']:.3f}",
        _epochs(best, trained),
        "–" if line["cpu"] is None else f"{line['cpu']:,.0f}", line["seen_left_out_by"], str(line["seed"]),
    ]  # fmt: skip


def _epochs(best: Any, trained: float | None) -> str:
    """The epoch that was kept, and how many there were."""
    return f"{best if best == '–' else format(best, 'g')} of {trained:g}" if trained else "–"


def curves() -> str:
    """Validation over CPU seconds of the networks, each as far as it was trained; and who is there first."""
    latest = {
        (each["data"], each["row"], each["seed"]): each
        for each in lines("peers")
        if "curve" in each and each["cpu"]
    }
    rows, found = [], []
    for (data, name, _), each in latest.items():
        points = _points(each)
        shown = [points[round(i * (len(points) - 1) / 4)] for i in range(5)] if len(points) > 5 else points
        words = ", ".join(f"{cpu:,.0f} s {recall:.3f}" for cpu, recall in shown)
        rows.append([f"{DATA[data].split(',')[0]}: {name}", words, f"{max(p[1] for p in points):.3f}"])
        found.append((data, name, each["system"], points))
    said = [
        f"\n{DATA[data]}: {name} is best at {at:,.0f} CPU s ({best:.3f}); {_first(found, data, best, at)}.\n"
        for data, name, of, points in found
        if of != "ours" and any((d, o) == (data, "ours") for d, _, o, _ in found)
        for at, best in [max(points, key=lambda point: point[1])]
        if at < points[-1][0]  # else it is still learning
    ]
    return table(["row", "CPU seconds and recall@10", "best"], rows) + "".join(said)


def _first(found: list[Any], data: str, best: float, at: float) -> str:
    """When the quickest row of ours is as good, in words."""
    own = [points for d, _, of, points in found if (d, of) == (data, "ours")]
    there = [cpu for points in own for cpu, recall in points if recall >= best]
    return f"ours is there after {min(there):,.0f}, {min(there) / at:.2f} times" if there else "ours never is"


def _points(line: dict[str, Any]) -> list[tuple[float, float]]:
    """CPU seconds and recall@10; our log has no CPU seconds, so an epoch's are a share of them all, which
    hold validation, the last calibration and an ensemble's fit as well. Our last point is the whole, with its
    partner; lines of before lack it."""
    curve = line["curve"]
    share = line["cpu"] / len(curve)
    return [(p.get("cpu", share * (i + 1)), p["recall@10"]) for i, p in enumerate(curve)]


def _short(error: str) -> str:
    return error if len(error) < 160 else error[:157] + "..."


def ratios() -> str:
    """Steps and evaluating as ratios in one run; memory by catalogue size. The last of each kind counts."""
    found = lines("step")
    last = {(pair, each.get("length")): each for each in found for pair in each.get("ratios", ())}
    rows = [
        [pair, str(length or "–"), f"{r['cpu']:.2f}", f"{r['wall']:.2f}", *_seconds(each, pair),
         str(each["threads"]), f"{each.get('machine', each)['load']:.1f}"]
        for (pair, length), each in last.items()
        for r in [each["ratios"][pair]]
    ]  # fmt: skip
    heads = ["ratio", "length", "CPU", "wall", "CPU s of the one", "of the other", "threads", "load"]
    sizes = {each["items"]: each for each in found if each["kind"] == "memory"}
    memory = [
        [
            f"{n:,}",
            each["loss"],
            *(f"{each[k]:.2f}" for k in ("gib_before", "gib_trained", "gib_recommended")),
        ]
        for n, each in sorted(sizes.items())
    ]
    heads_of = ["items", "loss", "GiB before", "after training steps", "after ten answers"]
    return f"{table(heads, rows)}\n{_shares(found)}\n{table(heads_of, memory)}" if found else "Not run.\n"


def _shares(found: list[dict[str, Any]]) -> str:
    """Where a step's time goes, the last profile of each model and length."""
    profiles = {(each["length"], each["of"]): each["ms"] for each in found if each["kind"] == "profile"}
    parts = list(next(iter(profiles.values()), {}))
    rows = [
        [name, str(length), *(f"{value / sum(ms.values()):.0%}" for value in ms.values())]
        for (length, name), ms in profiles.items()
    ]
    return table(["share of a step", "length", *parts], rows)


def _seconds(line: dict[str, Any], pair: str) -> list[str]:
    return [f"{line['steps'][name]['cpu']:.3f}" for name in pair.split(" / ")]


def table(heads: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown, all but its first column to the right."""
    rule = ["---", *["---:"] * (len(heads) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, rule, *rows)) + "\n"
