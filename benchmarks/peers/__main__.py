"""The project beside its peers: the same data, split and targets, one evaluator of everyone's top 100.

    python benchmarks/peers WORK --data-folder FOLDER [--data ml100k beauty ml1m] [--only NAME ...] [--seed 0]

FOLDER holds the data (`recipes.toml` names the files); WORK is where environments (`environments`), splits
(`data`), and lists are kept. Every row of `recipes.toml` is run in its system's environment, one processor
thread each, and adds a line to benchmarks/results/peers.jsonl; what stands there is not run again.
A system that cannot be installed or run is a line too, with its error. `docs/making/tables.py` makes
docs/results/peers.md of the lines.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).parents[1]))

from data import prepare, targets_hash
from environments import MissingError, python_of
from records import add

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

HERE = Path(__file__).parent
RESULTS = HERE.parent / "results" / "peers.jsonl"


def run(name: str, system: str, settings: dict[str, Any], folder: Path, environments: Path) -> dict[str, Any]:
    """A row's lists, scored; or its error in one line."""
    from scoring import score

    split = json.loads((folder / "split.json").read_text())
    with tempfile.TemporaryDirectory(dir=folder) as out:
        try:
            python = python_of(system, environments)
        except MissingError as error:
            return {"error": f"not installed: {error}"}
        command = [python, str(HERE / "peer.py"), system, str(folder), out, json.dumps(settings)]
        env = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        if system == "ours":
            env["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE.parents[1]), env.get("PYTHONPATH")]))
        with (folder / f"{name}.log").open("w") as log:
            ended = subprocess.run(command, env=env, stdout=log, stderr=subprocess.STDOUT, check=False)
        if ended.returncode:
            lines = (folder / f"{name}.log").read_text().strip().splitlines()
            return {"error": lines[-1] if lines else f"exit code {ended.returncode}"}
        if targets_hash(folder) != split["targets_sha256"]:
            raise SystemExit("the targets changed while a system ran")
        facts = json.loads((Path(out) / "facts.json").read_text())
        return {"scores": score(folder, Path(out), split["n_items"]), **facts}


def key_of(line: dict[str, Any]) -> tuple[Any, ...]:
    """What a line is the result of."""
    return line["row"], line["data"], line["seed"], json.dumps(line["settings"], sort_keys=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, nargs="?", default=Path("runs/peers"))
    parser.add_argument("--data-folder", type=Path, required=True)
    parser.add_argument("--data", nargs="+")
    parser.add_argument("--only", nargs="+", help="names of rows")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    recipes = tomllib.loads((HERE / "recipes.toml").read_text())
    done = set()
    if given.results.exists():
        lines = [json.loads(each) for each in given.results.read_text().splitlines()]
        done = {key_of(each) for each in lines if "error" not in each}
    for row in recipes["row"]:
        name, system, data = (row.pop(each) for each in ("name", "system", "data"))
        if (given.data and data not in given.data) or (given.only and name not in given.only):
            continue
        line = {"row": name, "data": data, "system": system, "seed": given.seed, "settings": row}
        if key_of(line) in done:
            continue
        of = dict(recipes["data"][data])
        folder = (given.work / data).absolute()
        split = prepare(data, of, (given.data_folder / of.pop("file")).absolute(), folder)
        found = run(name, system, {**row, "seed": given.seed}, folder, given.work / "environments")
        add(given.results, {**line, **found, "split": split})
        print(data, name, found.get("scores", found.get("error")), flush=True)


if __name__ == "__main__":
    main()
