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
KEPT: Final = ("n_cases", "n_items", "protocol", "prompted", "unprompted", "popularity", "random")


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
    about |= {"command": _last_command(), "printed": _printed(run)}
    RESULT.parent.mkdir(parents=True, exist_ok=True)
    kept = {name: metrics[name] for name in KEPT}
    RESULT.write_text(json.dumps({"about": about, "metrics": kept}, indent=1) + "\n")


def _last_command() -> str:
    """What `make demo` ends with."""
    recipe = re.search(r"^demo:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    assert recipe
    return recipe[1].splitlines()[-1].strip().removeprefix("$(BIN)/")


def _printed(run: Path) -> str:
    """What that prints of this run."""
    words = shlex.split(_last_command().replace("runs/demo", str(run.resolve())))
    asked = [sys.executable, "-m", *words]
    found = subprocess.run(asked, capture_output=True, text=True, check=True, cwd=ROOT)
    return "\n".join(line.rstrip() for line in found.stdout.splitlines())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
