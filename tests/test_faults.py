"""`benchmarks/faults.py` at chosen operations of the quickest command; the whole takes hours."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.logbooks.importing.write import rejects_path

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler, cc")
def test_an_import_survives_a_kill_a_full_disk_and_a_broken_one(tmp_path):
    call = [sys.executable, str(ROOT / "benchmarks" / "faults.py"), str(tmp_path), "--commands", "import"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*call, "--points", "3"], env=environment, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    trials = [json.loads(line) for line in (tmp_path / "trials.jsonl").read_text().splitlines()]
    assert {each["kind"] for each in trials} == {"kill", "full disk", "EIO"}
    assert len(trials) == 9
    assert all(each["what"] for each in trials)  # every fault was met
    assert "| import | kill | " in done.stdout
    assert rejects_path(tmp_path / "inputs" / "imported.csv").is_file()
