"""The demo's scores as a results file: python docs/making/demo.py runs/demo, after `make demo`.

It writes docs/results/files/demo.json; docs/making/tables.py makes the tables of it.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
RESULT: Final = ROOT / "docs" / "results" / "files" / "demo.json"
SHOWN: Final = {  # what pages show beside that: a table's name, and the command whose answer it is
    "path": "recsys path runs/demo --climber sim-climber-0042 --project sim-climb-00548",
    "session": "recsys session runs/demo --climber sim-climber-0042 --region Squamish --minutes 120",
    "circuit": "recsys session runs/demo --climber sim-climber-0042 --count 5 --like sim-climb-00566",
    "skill": "recsys skill runs/demo --climber sim-climber-0042 -k 5",
    "offgrades": "recsys skill runs/demo --region Squamish -k 5",
    "mode": "recsys recommend runs/demo --climber sim-climber-0042 --region Squamish --mode stretch -k 3",
    "monitor": "recsys monitor runs/demo new-sends.parquet --unknown-climbs 0.1",
}
NEW: Final = ("recsys", "simulate", "--preset", "bc", "--scale", "0.1", "--seed", "1")
KEPT: Final = ("n_cases", "n_items", "protocol", "prompted", "dated", "unprompted", "popularity", "random")


def main(run: Path) -> None:
    """Keep what the tables need of a run's metrics, and of which version and machine they are."""
    metrics = json.loads((run / "metrics.json").read_text())
    config = json.loads((run / "config.json").read_text())
    git = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    about = {
        "version": f"commit {git.stdout.strip()}",
        "date": date.today().isoformat(),
        "machine": f"{os.cpu_count()} cores",
        "epochs": config["training"]["epochs"],
    }
    command = _last_command()
    about |= {"command": command, "printed": _printed(run, command)}
    subprocess.run([sys.executable, "-m", *NEW, "-o", run.parent / "new-sends.parquet"], check=True, cwd=ROOT)
    about["shown"] = {
        name: {"command": asked, "printed": _printed(run, asked)} for name, asked in SHOWN.items()
    }
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: metrics[name] for name in KEPT if name in metrics}
    RESULT.write_text(json.dumps({"about": about, "metrics": kept}, indent=1) + "\n")


def _last_command() -> str:
    """What `make demo` ends with."""
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe
    return recipe[1].splitlines()[-1].strip().removeprefix("$(BIN)/")


def _printed(run: Path, command: str) -> str:
    """What a command prints of this run."""
    new = str(run.resolve().parent / "new-sends.parquet")
    words = shlex.split(command.replace("runs/demo", str(run.resolve())).replace("new-sends.parquet", new))
    found = subprocess.run([sys.executable, "-m", *words], capture_output=True, text=True, cwd=ROOT)
    if found.returncode != ("monitor" in words):  # which finds an alarm
        raise SystemExit(found.stderr)
    return "\n".join(line.rstrip() for line in found.stdout.splitlines())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
