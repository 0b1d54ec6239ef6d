"""A run made by one Python is used by another: 3.10 and 3.11, as in the images, each a real interpreter.

Needs the other interpreter, uv and a package index. `RECSYS_OTHER_PYTHON` names one that has all of
requirements.lock: then a run is trained by either and used by the other.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
KEPT = ROOT / "tests" / "formats" / "run-1.tar.xz"
LIGHT = ("numpy", "onnxruntime", "typer", "rich")
HERE = f"{sys.version_info[0]}.{sys.version_info[1]}"
THERE = {"3.11": "3.10", "3.10": "3.11"}.get(HERE, "3.11")
TINY = ("--epochs", "1", "--d-model", "8", "--layers", "1", "--climb-dim", "8", "--accelerator", "cpu",
        "--ensemble", "none", "--windows", "0.3")  # fmt: skip


def said(python: Path | str, *words: str, cwd: Path) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [str(python), *words], env=environment, cwd=cwd, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def pythons() -> Iterator[str]:
    """Where the other Python may be: on the path, and among pyenv's."""
    yield shutil.which(f"python{THERE}") or ""
    yield from map(str, Path.home().glob(f".pyenv/versions/{THERE}.*/bin/python"))


def version_of(python: Path | str) -> str:
    script = "import sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([python, "-c", script], check=False, capture_output=True, text=True)
    except OSError:
        return ""
    return done.stdout.strip()


@pytest.fixture(scope="module")
def light(tmp_path_factory) -> Path:
    """The other Python with what recommending needs, in the lock's versions."""
    uv = Path(sys.executable).with_name("uv")
    if not uv.is_file():
        pytest.skip("no uv beside this Python")
    python = next((each for each in pythons() if version_of(each) == THERE), None)
    if python is None:
        pytest.skip(f"no Python {THERE}")
    folder = tmp_path_factory.mktemp("light") / "venv"
    install = ["pip", "install", "-q", "--python", folder, "-c", ROOT / "requirements.lock", *LIGHT]
    for words in (["venv", "-q", "--python", python, folder], install):
        done = subprocess.run([uv, *words], check=False, capture_output=True, text=True)
        if done.returncode:
            pytest.skip(f"no environment for Python {THERE}: {done.stderr.strip().splitlines()[-1:]}")
    return folder / "bin" / "python"


def ranked(text: str) -> list[tuple[str, float]]:
    return [(item["climb_id"], item["score"]) for item in json.loads(text)["items"]]


def test_a_run_and_a_bundle_of_this_python_answer_the_same_in_the_other(light, tmp_path):
    with tarfile.open(KEPT) as archive:
        archive.extractall(tmp_path, filter="data")
    assert version_of(light) == THERE
    for folder in ("run", "run/bundle"):
        words = ("-m", "recsys", "recommend", folder, "--climber", "sim-climber-0001", "--json", "-k", "5")
        mine, theirs = (ranked(said(each, *words, cwd=tmp_path)) for each in (sys.executable, light))
        assert [climb for climb, _ in theirs] == [climb for climb, _ in mine]
        assert [score for _, score in theirs] == pytest.approx([score for _, score in mine], abs=1e-6)
        assert len(theirs) == 5


def test_a_run_trained_by_either_is_evaluated_by_the_other(tmp_path):
    other = os.environ.get("RECSYS_OTHER_PYTHON") or ""
    if not shutil.which(other):
        pytest.skip("RECSYS_OTHER_PYTHON names no Python with all of requirements.lock")
    simulate = ("-m", "recsys", "simulate", "--scale", "0.02", "--seed", "0", "-o", "sends.parquet")
    said(sys.executable, *simulate, cwd=tmp_path)
    for trainer, user, name in ((other, sys.executable, "theirs"), (sys.executable, other, "ours")):
        said(
            trainer, str(ROOT / "train.py"), "--data", "sends.parquet", "--output", name, *TINY, cwd=tmp_path
        )
        before = json.loads((tmp_path / name / "metrics.json").read_text())
        found = json.loads(said(user, "-m", "recsys", "evaluate", name, "--json", cwd=tmp_path))
        assert found["prompted"]["recall@10"] == pytest.approx(before["prompted"]["recall@10"], abs=0.02)
