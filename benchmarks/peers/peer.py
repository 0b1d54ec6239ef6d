"""Runs one system in its own environment: python peer.py SYSTEM FOLDER OUT SETTINGS (JSON)."""

from __future__ import annotations

import importlib
import json
import resource
import sys
import time
from pathlib import Path

from exchange import Given, finish


def main() -> None:
    system, folder, out, settings = sys.argv[1:]
    given = Given(Path(folder), json.loads(settings), Path(out))
    began, spent = time.perf_counter(), time.process_time()
    lists, facts = importlib.import_module(f"run_{system}").run(given)
    facts.setdefault("cpu", round(time.process_time() - spent, 1))
    facts["seconds"] = round(time.perf_counter() - began, 1)
    facts["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    finish(Path(out), lists, facts)


if __name__ == "__main__":
    main()
