"""Names for a moment: swept when their process is gone, and folders exchanged at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from recsys import temporaries
from recsys.atomic import atomic_folder, atomic_path, atomic_paths
from recsys.errors import RunError
from recsys.temporaries import swap, sweep_beside, sweep_within, temporary_name


@pytest.fixture(scope="module")
def dead() -> int:
    """The id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def left(final: Path, process: int, kind: str = "tmp", place: str | None = None) -> Path:
    path = temporary_name(final, kind)
    number, rest = path.name.split("-")[1:3]
    assert number == str(os.getpid())
    path = path.with_name(f".{kind}-{process}-{(place or rest[:4])}{rest[4:]}-{final.name}")
    path.mkdir()
    (path / "a").write_text("half")
    return path


def test_what_a_dead_process_left_is_swept_by_the_next_that_writes_the_name(tmp_path, dead):
    final = tmp_path / "a-run"
    gone, other = left(final, dead), left(tmp_path / "run", dead)
    mine = left(final, os.getpid())
    with atomic_folder(final) as fresh:
        assert not gone.exists()
        (fresh / "b").write_text("whole")
    assert sorted(tmp_path.iterdir()) == sorted([final, other, mine])
    gone = left(tmp_path / "c.csv", dead)
    with atomic_path(tmp_path / "c.csv") as fresh:
        fresh.write_text("whole")
    assert not gone.exists()


def test_a_process_that_ended_is_dead_though_nobody_asked_how(tmp_path):
    """Its parent may never do: the first process of a container need not."""
    with subprocess.Popen(["sleep", "60"]) as child:
        assert temporaries._began(child.pid)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)  # it has ended, and is kept
        assert not temporaries._began(child.pid)


def test_a_process_of_the_same_id_that_began_later_is_another(tmp_path):
    """The first process of a container has the id 1, before and after a crash."""
    mine = left(tmp_path / "run", os.getpid())
    tag = mine.name.split("-")[2]
    former = mine.rename(mine.with_name(mine.name.replace(tag, f"{tag[:4]}zzzz{tag[8:]}")))
    assert sweep_beside(tmp_path / "run")
    assert not former.exists()


def test_of_another_machine_it_stays_for_a_day(tmp_path, dead):
    final = tmp_path / "run"
    other = left(final, dead, place="0000" if temporaries._place() != "0000" else "1111")
    assert not sweep_beside(final)
    for hours, gone in ((23, False), (25, True)):
        then = time.time() - 3600 * hours
        os.utime(other, (then, then))
        assert sweep_beside(final) is gone
    assert not other.exists()
    other = left(final, dead, place="0000" if temporaries._place() != "0000" else "1111")
    sweep_within(tmp_path)  # under a lock nobody else can be at work
    assert not other.exists()


def test_a_folder_that_was_moved_aside_comes_back(tmp_path, dead):
    final = tmp_path / "run"
    old, half = left(final, dead, "old"), left(final, dead)
    assert sweep_beside(final)
    assert (final / "a").read_text() == "half"
    assert not old.exists()
    assert not half.exists()


def test_a_folder_that_comes_back_is_refused_before_anything_is_made(tmp_path, dead):
    left(tmp_path / "run", dead, "old")
    with pytest.raises(RunError, match="exists and is not empty"), atomic_folder(tmp_path / "run"):
        pytest.fail("this would be made in vain")
    assert (tmp_path / "run" / "a").read_text() == "half"


def test_a_folder_that_cannot_take_the_place_leaves_the_former_there(tmp_path, monkeypatch):
    one, two = tmp_path / "one", tmp_path / "two"
    two.mkdir()
    (two / "b").touch()
    monkeypatch.setattr(temporaries, "_exchanged", lambda *_: False)
    with pytest.raises(FileNotFoundError):
        swap(one, two)
    assert [each.name for each in tmp_path.rglob("*")] == ["two", "b"]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_folder_takes_the_place_of_another(tmp_path, monkeypatch, exchange):
    one, two = tmp_path / "one", tmp_path / "two"
    for each in (one, two):
        each.mkdir()
        (each / each.name).touch()
    if exchange and not temporaries._exchanged(one, two):
        pytest.skip("this file system exchanges no folders")
    if exchange:
        temporaries._exchanged(one, two)
        monkeypatch.setattr(os, "replace", None)
    else:
        monkeypatch.setattr(temporaries, "_exchanged", lambda *_: False)
    swap(one, two)
    assert [each.name for each in two.iterdir()] == ["one"]
    assert [each.name for each in tmp_path.iterdir() if each != one] == ["two"]


def test_what_a_full_disk_refuses_is_named(tmp_path):
    with (
        pytest.raises(OSError, match=r"No space left on device: '.*/a\.csv'"),
        atomic_path(tmp_path / "a.csv"),
    ):
        raise OSError(28, "No space left on device")


def test_files_that_belong_together_are_all_written_or_none(tmp_path):
    one, two = tmp_path / "a.csv", tmp_path / "b.csv"
    one.write_text("old")
    with pytest.raises(FileNotFoundError), atomic_paths(one, two) as (first, _):
        first.write_bytes((tmp_path / "none").read_bytes() if first.write_text("new") else b"")
    assert one.read_text() == "old"
    with atomic_paths(one, two) as (first, second):
        first.write_text("new")
        second.write_text("new")
    assert one.read_text() == two.read_text() == "new"
    with atomic_paths(one, two) as (first, _):
        first.write_text("newer")
    assert one.read_text() == "newer"
    assert list(tmp_path.iterdir()) == [one]


def test_what_is_written_is_on_the_disk_before_its_name_and_its_name_before_the_end(tmp_path, monkeypatch):
    """Whatever a loss of power leaves has a name that says what it is."""
    steps: list[object] = []
    flush, rename = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: steps.append(os.fstat(file).st_ino) or flush(file))
    monkeypatch.setattr(os, "replace", lambda *names: steps.append("rename") or rename(*names))

    def numbers(*paths: Path) -> list[int]:
        return [each.stat().st_ino for each in paths]

    one, two, run = tmp_path / "a.csv", tmp_path / "b.csv", tmp_path / "run"
    with atomic_paths(one, two) as temporary:
        for each in temporary:
            each.write_text("new")
    assert steps == [*numbers(one, two), "rename", "rename", *numbers(tmp_path)]
    steps.clear()
    with atomic_folder(run) as fresh:
        (fresh / "in").mkdir()
        for each in (fresh / "a", fresh / "in" / "b"):
            each.write_text("new")
    *content, renamed, folder = steps
    assert sorted(content) == sorted(numbers(run, run / "in", run / "a", run / "in" / "b"))
    assert [renamed, folder] == ["rename", *numbers(tmp_path)]
