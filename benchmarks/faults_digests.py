"""What two folders are compared by: the hash of each file, without what a clock or a path put into it."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any, Final

Digests = dict[str, str]

_LEFT: Final = re.compile(r"(^|/)\.(tmp|old)-")
_TIMES: Final = {"seconds", "peak_mib", "mib"}
_SECONDS: Final = re.compile(r"\b\d+(\.\d+)? (s|ms|MiB)\b")
_SKIPPED: Final = re.compile(
    r"(^|/)(\.lock|logs/.*|trials\.db(-journal)?|report\.html|report\.md|workflow\.pkl|workflow/metadata\.json)$"
)


def is_leftover(name: str) -> bool:
    """Whether a path is one of those that are for a moment only."""
    return bool(_LEFT.search(name))


def under(name: str, folder: str) -> bool:
    """Whether a path is another, or below it."""
    return name == folder or name.startswith(f"{folder}/")


def digests(folder: Path) -> Digests:
    """Relative path to hash of every file, and "folder" of an empty one; logs and locks are left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _SKIPPED.search(name):
            continue
        if path.is_dir():
            if not any(path.iterdir()) and not name.endswith("logs"):
                found[name] = "folder"
        else:
            found[name] = "leftover" if is_leftover(name) else _digest(path)
    return found


def _digest(path: Path) -> str:
    try:
        content = _plain(path)
    except Exception as error:  # a file that cannot be read is one that differs
        content = f"unreadable: {error!r}".encode()
    return hashlib.sha256(content).hexdigest()[:16]


def _plain(path: Path) -> bytes:
    if path.suffix == ".json":
        return json.dumps(_timeless(json.loads(path.read_bytes()), path.name), sort_keys=True).encode()
    if path.suffix in (".md", ".html"):
        return _SECONDS.sub("", path.read_text(encoding="utf-8")).encode()
    if path.name in ("trials.csv", "results.csv"):
        return _table(path)
    if path.suffix == ".ckpt":
        return _checkpoint(path)
    if path.parent.name == "cells" and path.suffix == ".npz":
        return _cell(path)
    return path.read_bytes()


def _timeless(value: Any, name: str) -> Any:
    """JSON without times, and without the hashes of files that hold some."""
    if isinstance(value, dict):
        dropped = _TIMES | ({"manifest"} if name == "bundle.json" else set())
        if name == "manifest.json":
            dropped = {
                "metrics.json",
                "MODEL_CARD.md",
                "bundle.json",
                "workflow/workflow.pkl",
                "workflow/metadata.json",
            }
        return {key: _timeless(each, name) for key, each in value.items() if key not in dropped}
    if isinstance(value, list):
        return [_timeless(each, name) for each in value]
    return value


def _table(path: Path) -> bytes:
    """A CSV without its seconds; of trials those that failed are left out, and their numbers."""
    import pandas as pd

    table = pd.read_csv(path)
    if "state" in table:
        table = table[table["state"] != "failed"].drop(columns=["trial", "seconds"])
    elif "metric" in table:
        table = table[~table["metric"].isin(["seconds", "peak_mib"])]
    return bytes(table.to_csv(index=False).encode())


def _checkpoint(path: Path) -> bytes:
    """Weights, the optimiser's state and the epoch."""
    import torch

    found = torch.load(path, map_location="cpu", weights_only=True)
    parts = [str(found["epoch"]), str(found["global_step"])]
    states = [found["state_dict"], *(each["state"] for each in found["optimizer_states"])]
    for state in states:
        for name, value in sorted(_flat(state)):
            parts.append(f"{name} {hashlib.sha256(value).hexdigest()}")
    return "\n".join(parts).encode()


def _flat(state: dict[Any, Any], prefix: str = "") -> list[tuple[str, bytes]]:
    found = []
    for name, value in state.items():
        if isinstance(value, dict):
            found += _flat(value, f"{prefix}{name}.")
        else:
            found.append(
                (
                    f"{prefix}{name}",
                    value.numpy().tobytes() if hasattr(value, "numpy") else str(value).encode(),
                )
            )
    return found


def _cell(path: Path) -> bytes:
    import numpy as np

    with np.load(path) as arrays:
        facts = _timeless(json.loads(str(arrays["facts"])), "")
        return json.dumps([facts, *((n, arrays[n].tolist()) for n in arrays.files if n != "facts")]).encode()
