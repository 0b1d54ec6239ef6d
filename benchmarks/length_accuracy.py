"""What a longer window is worth, and what it costs: recall and seconds an epoch, windows of 10 to 1,000.

    python benchmarks/length_accuracy.py WORK
    python benchmarks/length_accuracy.py --plot      (docs/pictures/lengths.png, of what was measured)

Simulated BC at scale 0.2, split by time, a body of one layer, 32 wide. Batches get smaller as windows get
longer, so that each step asks for as many sends; every length has the same epochs. Recall@10 on validation.
A line a length is added to results/lengths.jsonl; what it holds is not run again.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any, Final

import numpy as np
from records import add, lines, prepared_in

HERE: Final = Path(__file__).parent
RESULTS: Final = HERE / "results" / "lengths.jsonl"
PICTURE: Final = HERE.parent / "docs" / "pictures" / "lengths.png"
LENGTHS: Final = (10, 20, 50, 100, 200, 500, 1000)
ASKED: Final = ("prompted", "unprompted")
SIZES: Final = {"d_model": 32, "layers": 1, "heads": 1, "climb_dim": 32}
EPOCHS: Final = 6
SENDS: Final = 640  # positions of a step


def run(length: int, work: Path) -> dict[str, Any]:
    """Train with windows of a length and score them; a line of the results."""
    from recsys.config.settings import configure
    from recsys.evaluation.evaluate import evaluate
    from recsys.logbooks.simulate import simulate
    from recsys.sequences.cases import Cases
    from recsys.training.answer import fit_run

    path = work / "bc.parquet"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        simulate("bc", seed=0, scale=0.2).to_parquet(path, index=False)
    training = {
        "epochs": EPOCHS,
        "learning_rate": 8e-3,
        "batch_size": max(2, SENDS // length),
        "accelerator": "cpu",
    }
    config, _ = configure({"data": path, "split": "temporal", "length": length, **SIZES, **training})
    prepared = prepared_in(work / "run", config)
    spent = time.process_time()
    with tempfile.TemporaryDirectory(dir=work) as folder:
        method = fit_run(prepared, config, Path(folder), resume=False)
    spent = time.process_time() - spent
    cases = Cases.of(prepared.sequences, prepared.parts, "validation")
    histories = np.diff(prepared.sequences.offsets)
    line = {
        "length": length, "epochs": EPOCHS, "cases": len(cases), "cpu an epoch": round(spent / EPOCHS, 2),
        "median history": int(np.median(histories)), "longest": int(histories.max()),
    }  # fmt: skip
    for name in ASKED:
        scorer = method.scorer(cases, name == "prompted")
        found = evaluate(scorer, cases.targets, cases.climbers, cases.seen, prepared.n_items, batch_size=64)
        line[name] = [
            round(found.values["recall@10"], 4),
            *(round(x or 0, 4) for x in found.ci95["recall@10"]),
        ]
    return line


def plot() -> None:
    """Recall with its intervals, and CPU seconds an epoch, against length, both on log scales of length."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    found = sorted(lines(RESULTS), key=lambda each: each["length"])
    lengths = [each["length"] for each in found]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    for name in ASKED:
        value, low, high = np.array([each[name] for each in found]).T
        left.errorbar(lengths, value, [value - low, high - value], marker="o", capsize=3, label=name)
    left.set(ylabel="recall@10, validation", ylim=(0, 1))
    left.legend(loc="center right")
    right.plot(lengths, [each["cpu an epoch"] for each in found], marker="o", color="tab:green")
    right.set(ylabel="CPU seconds an epoch", ylim=(0, None))
    for axes in (left, right):
        axes.set(xscale="log", xlabel="sends in a window", xticks=lengths, xticklabels=lengths)
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    figure.savefig(PICTURE, dpi=110, metadata={"Software": None})


def main() -> None:
    """Measure what is lacking, or draw it."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path, nargs="?", default=Path("runs/lengths"))
    parser.add_argument("--length", type=int, nargs="+", default=list(LENGTHS))
    parser.add_argument("--plot", action="store_true")
    given = parser.parse_args()
    if given.plot:
        plot()
        return
    import torch

    torch.set_num_threads(1)
    done = {each["length"] for each in lines(RESULTS)}
    for length in given.length:
        if length not in done:
            print(add(RESULTS, run(length, given.work)), flush=True)


if __name__ == "__main__":
    main()
