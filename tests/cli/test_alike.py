"""What several commands have, they have under one name, and say in one wording."""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

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
