"""What measurements share: results that grow line by line, and data that is prepared once for all rows."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from recsys.config.run import RunConfig
    from recsys.sequences.prepare import Prepared

PACKAGES: Final = ("torch", "transformers4rec", "nvtabular", "numpy", "pandas")


def lines(path: Path) -> list[dict[str, Any]]:
    """What a results file holds, in its order; nothing where there is none."""
    return [json.loads(each) for each in path.read_text().splitlines()] if path.exists() else []


def add(path: Path, line: dict[str, Any]) -> str:
    """Write a line at the end of a results file, with what made it; returns its text."""
    text = json.dumps({**line, "machine": machine()})
    path.parent.mkdir(exist_ok=True)
    with path.open("a") as file:
        file.write(text + "\n")
    return text


def machine() -> dict[str, Any]:
    """What a line was made on: processor, GPU, how busy it was, versions, the project's commit, the time."""
    cpu = next((x for x in Path("/proc/cpuinfo").read_text().splitlines() if x.startswith("model name")), "")
    return {
        **({"gpu": found} if (found := gpu()) else {}),
        "cores": os.cpu_count(),
        "cpu": cpu.partition(":")[2].strip(),
        "load": round(os.getloadavg()[0], 1),
        "commit": commit(),
        "python": platform.python_version(),
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "at": time.strftime("%Y-%m-%d %H:%M", time.gmtime()),
    }


def gpu() -> str:
    """The CUDA device's name; empty where there is none."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else ""


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
