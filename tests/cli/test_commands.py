"""What a person types: help without heavy imports, and one readable line for whatever is wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recsys.terminal import run, single
from tests.builders.commands import done, imported
from workflows.sends.__main__ import preprocess

ROOT = Path(__file__).parents[2]
HEAVY = ("torch", "pandas", "numpy", "nvtabular", "transformers4rec", "lightning", "merlin", "optuna")


def call(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *words], capture_output=True, text=True, cwd=cwd, check=False)


@pytest.mark.parametrize(
    "words",
    [
        "train.py --help",
        "-m recsys --help",
        "-m recsys simulate --help",
        "-m recsys import --help",
        "-m recsys tune --help",
        "-m recsys evaluate --help",
        "-m recsys recommend --help",
        "-m recsys serve --help",
        "-m workflows.sends --help",
    ],
)
def test_help_imports_nothing_heavy(words):
    result = call("-X", "importtime", *words.split())
    assert result.returncode == 0
    assert "Usage" in result.stdout
    imported = {line.rpartition("|")[2].strip().split(".")[0] for line in result.stderr.splitlines()}
    assert not imported & set(HEAVY)


HEADER = "climber_id,climb_id,date\n"
WRONG = {
    "a flag": (None, ["--bogus"], ["--bogus"]),
    "a value": (None, ["--epochs", "many"], ["--epochs", "integer"]),
    "a range": (None, ["--epochs", "0"], ["--epochs 0"]),
    "a masking": (None, ["--masking", "some"], ["--masking some", "'last', 'mlm'", "or 'rtd'"]),
    "a loss": (None, ["--loss", "hinge"], ["--loss hinge", "'softmax'"]),
    "a pair": (None, ["--body", "gpt2", "--masking", "mlm"], ["--body gpt2", "--masking mlm"]),
    "a missing file": (None, ["--data", "nope.csv"], ["nope.csv"]),
    "an empty file": ("", ["--data", "sends.csv"], ["sends.csv", "empty"]),
    "no rows": (HEADER, ["--data", "sends.csv"], ["sends.csv"]),
    "a bad date": (
        HEADER + "a,x,2024-05-01\na,y,yesterday\n",
        ["--data", "sends.csv"],
        ["sends.csv, row 2", "yesterday", "--bad-rows drop"],
    ),
    "a blank id": (HEADER + "a,,2024-05-01\n", ["--data", "sends.csv"], ["sends.csv, row 1", "climb_id"]),
    "a missing column": ("climber_id,date\na,2024-05-01\n", ["--data", "sends.csv"], ["climb_id"]),
    "too few climbers": (
        HEADER + "a,x,2024-05-01\na,y,2024-05-02\n",
        ["--data", "sends.csv"],
        ["climbers", "--split"],
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_said_in_one_line(what, tmp_path, monkeypatch):
    content, options, parts = WRONG[what]
    if content is not None:
        (tmp_path / "sends.csv").write_text(content)
    monkeypatch.chdir(tmp_path)
    alone = what in ("a flag", "too few climbers")  # in a new process: the first and the last to be refused
    result = call(str(ROOT / "train.py"), *options, cwd=tmp_path) if alone else done("train.py", *options)
    assert result.returncode == 2, result.stderr
    *others, line = result.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert all(each.startswith("warning: ") for each in others)
    assert all(part in line for part in parts), line
    assert not (tmp_path / "runs").exists() or not list((tmp_path / "runs").iterdir())


def test_a_folder_that_is_no_run(tmp_path):
    for words in (["evaluate", str(tmp_path)], ["recommend", str(tmp_path), "--climber", "a"]):
        result = call("-m", "recsys", *words)
        assert result.returncode == 2
        assert "not a run" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evaluate", "nowhere", "--part", "foo"), "--part foo: choose test or validation"),
        (("evaluate", "nowhere"), "nowhere: not a run"),
        (("forget", "nowhere", "--climber", "ada"), "nowhere: not a run"),
    ],
)
def test_a_wrong_call_is_told_before_merlin_is_imported(words, said):
    code, told, heavy = imported(*words)
    assert (code, heavy) == (2, set())
    assert said in told


def test_workflow_alone(tmp_path):
    sends = tmp_path / "sends.csv"
    sends.write_text(HEADER + "a,x,2024-05-01\na,y,2024-05-02\nb,x,2024-05-02\n")
    result = call("-m", "workflows.sends", str(sends), str(tmp_path / "out"))
    assert result.returncode == 0, result.stderr
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"sequences.parquet", "schema.pbtxt", "workflow"} <= names
    assert run(single(preprocess), "python -m workflows.sends", [str(sends), str(tmp_path / "out")]) == 2
    assert not (ROOT / "categories").exists()  # NVTabular's category files stay in the folder


def test_simulate_writes_a_file_that_says_it_is_simulated(tmp_path):
    result = call("-m", "recsys", "simulate", "--scale", "0.02", "-o", str(tmp_path / "sends.csv"))
    assert result.returncode == 0, result.stderr
    rows = (tmp_path / "sends.csv").read_text().splitlines()
    assert rows[1].startswith("sim-climber-")
    assert done("recsys", "simulate", "-o", tmp_path / "sends.txt").returncode == 2
    assert done("recsys", "simulate", "--preset", "mars", "-o", tmp_path / "s.csv").returncode == 2


@pytest.mark.parametrize(
    "words", [["-m", "recsys", "batch", "x", "-o", "y.csv"], ["train.py", "--epochs", "1"]]
)
def test_an_interrupt_while_it_is_imported_is_one_line(words):
    """Of a busy machine the imports take seconds: typer is imported early, and stands for any of them."""
    code = "import runpy, sys\n"
    code += "class Interrupted:\n"
    code += "    def find_spec(self, name, *_):\n"
    code += "        if name == 'typer': raise KeyboardInterrupt\n"
    code += "sys.meta_path.insert(0, Interrupted())\n"
    how = "run_module(sys.argv[0], alter_sys=True" if words[0] == "-m" else "run_path(sys.argv[0]"
    code += f"sys.argv = sys.argv[1:]\nrunpy.{how}, run_name='__main__')\n"
    given = words[1:] if words[0] == "-m" else words
    done = subprocess.run([sys.executable, "-c", code, *given], capture_output=True, text=True, cwd=ROOT)
    assert (done.returncode, done.stderr) == (130, "interrupted\n")
