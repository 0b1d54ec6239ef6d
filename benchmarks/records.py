"""What measurements share: results that grow line by line, and data that is prepared once for all rows."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.config.run import RunConfig
    from recsys.sequences.prepare import Prepared


def lines(path: Path) -> list[dict[str, Any]]:
    """What a results file holds, in its order; nothing where there is none."""
    return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []


def add(path: Path, line: dict[str, Any]) -> str:
    """Write a line at the end of a results file; returns its text."""
    text = json.dumps(line)
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(text + "\n")
    return text


def commit() -> str:
    """The commit of the code that is measured; with "-dirty" where files of it were changed."""
    asked = ["git", "describe", "--always", "--dirty", "--exclude=*"]
    found = subprocess.run(asked, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return found.stdout.strip()


def prepared_in(folder: Path, config: RunConfig) -> Prepared:
    """Prepared data in a folder: made the first time, read from then on."""
    from recsys.runs import Run
    from recsys.training.prepare import prepare_run, reopen_run

    run = Run(folder)
    if run.started:
        return reopen_run(run)[0]
    with run.lock():
        return prepare_run(run, config)[0]
