"""What several commands have, they have under one name, and say in one wording."""

from __future__ import annotations

import importlib.util
import re
import socket
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.builders.commands import call

ROOT: Final = Path(__file__).parents[2]
WRITES: Final = {
    "simulate", "import", "train", "tune", "batch", "study", "export", "adapt", "forget",
}  # fmt: skip


@cache
def programs() -> dict[str, Any]:
    """Every program and its command, as the documentation has them."""
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "making" / "commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: dict[str, Any] = module.programs()
    return found


def parameters(name: str) -> dict[str, Any]:
    return {each.name: each for each in programs()[name].params}


@pytest.mark.parametrize("name", [*(f"recsys {each}" for each in sorted(WRITES)), "python train.py"])
def test_what_writes_a_folder_or_a_file_is_told_where_by_output(name: str) -> None:
    assert set(parameters(name)["output"].opts) == {"--output", "-o"}


def test_no_other_command_has_an_output() -> None:
    told = {name for name in programs() if "output" in parameters(name)}
    assert told == {*(f"recsys {each}" for each in WRITES), "python train.py"}


def test_a_study_is_told_by_its_former_option_too() -> None:
    assert parameters("recsys study")["out"].hidden
    assert [name for name in programs() if "out" in parameters(name)] == [
        "recsys study",
        "python -m workflows.sends",  # an argument
    ]


def test_bad_rows_are_asked_for_in_one_wording() -> None:
    asked = {name: parameters(name).get("bad_rows") for name in programs()}
    told = {each.help.removesuffix(" (default: fail)") for each in asked.values() if each is not None}
    assert told == {"fail | drop: what to do with raw sends that are not right"}


def test_a_folder_that_is_neither_run_nor_bundle_is_told_alike(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "recommend": (), "skill": (), "serve": ("--port", free_port()),
        "path": ("--project", "x", "--climber", "ada"), "session": ("--climber", "ada"),
        "batch": ("-o", tmp_path / "next.csv"),
    }  # fmt: skip
    told = {}
    for name, words in given.items():
        assert call("recsys", name, tmp_path / "nope", *words) == 2
        told[name] = capsys.readouterr().err
    assert len(set(told.values())) == 1, told
    assert "not a run (no config.json) and not a bundle (no bundle.json)" in told["serve"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_no_error_of_a_command_spells_an_option() -> None:
    """It names the setting in backticks, so that Python is told a name that it knows."""
    spelt = re.compile(r"(?:UsageError|DataError|RunError|warn)\(\s*f?\"[^\"]*(?<![\w-])--[a-z]")
    files = sorted((ROOT / "recsys" / "cli").glob("*.py"))
    assert not [path.name for path in files if spelt.search(path.read_text())]


@pytest.mark.parametrize("name", ["recommend", "batch", "path", "session", "skill", "serve", "forget"])
def test_a_run_or_a_bundle_is_one_argument(name: str) -> None:
    argument = parameters(f"recsys {name}")["folder"]
    assert (argument.metavar, argument.help) == ("RUN_OR_BUNDLE", "a run's folder, or a bundle's")


def test_options_of_one_name_are_told_alike() -> None:
    told = {name: parameters(f"recsys {name}")["when"].help for name in ("recommend", "batch")}
    assert all(each.startswith("day of the next climb, 2026-06-01 or today") for each in told.values()), told
    as_json = {
        parameters(f"recsys {name}")["json"].help
        for name in ("recommend", "path", "skill", "monitor", "runs")
    }
    assert as_json == {"print JSON instead of a table"}
