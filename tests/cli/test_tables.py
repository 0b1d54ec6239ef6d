"""What a terminal is shown of a stranger's bundle: every character as it is, or a mark in its place."""

from __future__ import annotations

import io
import sys

import pytest

from recsys import columns as c
from recsys.api.tables import write_csv
from recsys.console import print_table, progress
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.recommending import bundle as b
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

ODD = " [/x] [sit] :smile: \x1b[31m"
SHOWN = " [/x] [sit] :smile: \ufffd[31m"
ASKED = {
    "recommend": ("--climber", "climber-1"),
    "skill": (),
    "skill of a climber": ("--climber", "climber-1"),
    "session": ("--climber", "climber-1", "--count", "3"),
    "path": ("--climber", "climber-1", "--project", "climb-07", "--steps", "1", "--leap", "6"),
}


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory):
    """A bundle of odd names, whose facts bring markup for words of the headings along: it is not taken."""
    folder = write_light_bundle(tmp_path_factory.mktemp("odd") / "bundle")
    climbs = read_json(folder / b.CLIMBS)
    climbs[c.CLIMB_NAME] = [f"Slab{ODD}" for _ in climbs[c.CLIMB_ID]]
    write_json(folder / b.CLIMBS, climbs)
    facts = {"nouns": {"climb": "[/v]", "send": "[/w]", "grade": "[bold]"}}
    write_json(folder / b.BUNDLE, {**read_json(folder / b.BUNDLE), "facts": facts})
    write_manifest(folder, b.FILES)
    return folder


@pytest.mark.parametrize("asked", ASKED)
def test_no_name_and_no_word_of_a_bundle_is_markup_in_a_table(odd, asked, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "400")
    assert call("recsys", asked.split()[0], odd, *ASKED[asked]) == 0, capsys.readouterr().err
    out, said = capsys.readouterr()
    assert "\x1b" not in out + said
    assert asked.startswith("skill") or SHOWN in out  # no climb of it has enough sends
    assert not any(word in out + said for word in ("[/v]", "[/w]", "[bold]"))


def test_cells_headings_and_title_are_text(capsys):
    print_table(ODD, [ODD, f">{ODD}"], [(ODD, ODD), (None, "")], prose=(0,))
    out = capsys.readouterr().out
    assert out.count(SHOWN.strip()) == 5
    assert "\x1b" not in out
    assert out.rstrip().endswith("-")


HEADINGS = ("", "climb", "name", "grade", ">probability")


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("length", [8, 60, 150, 400])
def test_a_long_id_leaves_the_other_columns_their_room(terminal, length, capsys, monkeypatch):
    if terminal:
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "100")
    print_table("", HEADINGS, [(1, "x" * length, "Slab", "V5", "12.5%")],
                whole=("climb",))  # fmt: skip
    out = capsys.readouterr().out
    assert all(each in out for each in ("name", "grade", "probability", "Slab", "V5", "12.5%"))
    assert out.count("x") == length
    assert terminal or "x" * length in out


def test_a_word_is_no_markup_beside_a_spinner(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with progress("reading [/x]"):
        pass
    assert "reading [/x]" in capsys.readouterr().err


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_csv_steers_no_terminal_and_loses_nothing_in_a_file():
    terminal, file = Terminal(), io.StringIO()
    for each in (terminal, file):
        write_csv([{"name": ODD, "score": 0.5}], each)
    assert terminal.getvalue() == f"name,score\n{SHOWN},0.5\n"
    assert file.getvalue() == f"name,score\n{ODD},0.5\n"
