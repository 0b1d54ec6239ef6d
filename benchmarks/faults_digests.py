"""What two folders are compared by: the hash of each file, without what a clock or a path put into it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from contextlib import closing
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
    return Cache().digests(folder)


_TABLES: Final = "select name from sqlite_master where type = 'table' order by name"


class Cache:
    """Digests of folders that have most files in common."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str] = {}

    def digests(self, folder: Path) -> Digests:
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
                found[name] = "leftover" if is_leftover(name) else self._of(path)
        return found

    def key(self, folder: Path, found: Digests) -> list[str]:
        """Of folders that a command finds the same, times apart; `found` are the folder's digests.

        A second part stands for names that were to be there for a moment only, if there are any.
        """
        parts, moments = set(), set()
        for path in sorted(folder.rglob("*")):
            name = path.relative_to(folder).as_posix()
            if is_leftover(name):
                moments.add(_known_leftover(name))
                parts.add(f"{_known_leftover(name)} {_raw(path)}" if "/.old-" in f"/{name}" else "")
            elif name in found:
                parts.add(f"{name} {found[name]}")
            elif path.is_file() and "/logs/" not in f"/{name}":
                parts.add(f"{name} {_rows(path) if path.suffix == '.db' else ''}")
            if path.name in ("manifest.json", "bundle.json") and path.is_file():
                parts.add(f"{name} {_holds(path)}")
        return [_short(parts), *([_short(moments)] if moments else [])]

    def _of(self, path: Path) -> str:
        raw = (path.parent.name + "/" + path.name, _raw(path))
        if raw not in self._known:
            self._known[raw] = _digest(path)
        return self._known[raw]


def _short(parts: set[str]) -> str:
    return hashlib.sha256("\n".join(sorted(parts)).encode()).hexdigest()[:16]


def _raw(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _known_leftover(name: str) -> str:
    """A name with a temporary one in it, without what that has of its process and of chance."""
    before, kind, after = _LEFT.split(name, maxsplit=1)[0], _LEFT.search(name), name
    assert kind is not None
    first, _, rest = after[kind.end() :].partition("/")
    own = f"{before}/.{kind[2]}-{'-'.join(first.split('-')[2:])}"
    return f"{own}/{rest}" if kind[2] == "old" else own


def _holds(path: Path) -> list[bool]:
    """Which hashes of a manifest are those of the files; in a bundle's facts it is the run's manifest's."""
    try:
        said = json.loads(path.read_bytes())
        if path.name == "bundle.json":
            return [_raw(path.parent.parent / "manifest.json") in path.read_text(encoding="utf-8")]
        return [_raw(path.parent / name) == value for name, value in said.get("files", said).items()]
    except (ValueError, AttributeError):
        return []


def _rows(path: Path) -> str:
    """The rows of a database, its journal played back if it has to be, without the columns of times."""
    with tempfile.TemporaryDirectory() as scratch:
        for each in path.parent.glob(f"{path.name}*"):
            shutil.copyfile(each, Path(scratch) / each.name)
        rows = []
        try:
            with closing(sqlite3.connect(Path(scratch) / path.name)) as database:
                for (table,) in database.execute(_TABLES):
                    columns = [row[1] for row in database.execute(f"pragma table_info({table})")]
                    kept = ", ".join(each for each in columns if not each.startswith("datetime"))
                    rows.append((table, sorted(map(repr, database.execute(f"select {kept} from {table}")))))
        except sqlite3.Error as error:
            return f"{error} {_raw(path)}"
        return hashlib.sha256(repr(rows).encode()).hexdigest()


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
        dropped = _TIMES | {"bundle.json": {"manifest"}, "best.json": {"trial"}}.get(name, set())
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

    table = pd.read_csv(path, dtype=str)  # whole numbers are no floats where another row has none
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
