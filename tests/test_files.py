"""Atomic writes leave the old content or the new, never a mixture; the manifest names what was changed."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys.atomic import atomic_folder, atomic_path
from recsys.errors import DataError, RecsysError, RunError
from recsys.files import read_json, write_json
from recsys.manifest import MANIFEST, check_manifest, read_manifest, sha256, write_manifest


def one_line(error: pytest.ExceptionInfo[RecsysError], *words: str) -> None:
    text = str(error.value)
    assert "\n" not in text
    for word in words:
        assert word in text


def test_atomic_path_writes_and_keeps_the_suffix(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "made" / "a.tar.gz") as temporary:
        assert temporary.parent == tmp_path / "made"
        assert temporary.suffixes[-2:] == [".tar", ".gz"]
        temporary.write_text("new")
        assert not (tmp_path / "made" / "a.tar.gz").exists()
    assert [p.name for p in (tmp_path / "made").iterdir()] == ["a.tar.gz"]


def test_failed_block_leaves_the_old_file_and_no_rubbish(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")

    def interrupted() -> None:
        with atomic_path(path) as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_killed_process_leaves_the_old_file_whole(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("old")
    code = (
        "import os, sys; from recsys.atomic import atomic_path\n"
        "with atomic_path(sys.argv[1]) as t:\n    t.write_text('half'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, str(path)], check=False).returncode == -9
    assert path.read_text() == "old"


def test_two_writers_get_two_names(tmp_path: Path) -> None:
    with atomic_path(tmp_path / "a") as first, atomic_path(tmp_path / "a") as second:
        assert first != second
        first.write_text("1")
        second.write_text("2")
    assert (tmp_path / "a").read_text() == "1"


def test_atomic_path_refuses_a_folder_and_a_file_as_parent(tmp_path: Path) -> None:
    with pytest.raises(RunError) as error, atomic_path(tmp_path):
        pass
    one_line(error, "folder has this name")
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError) as error, atomic_path(tmp_path / "file" / "a"):
        pass
    one_line(error, "cannot be made")


def test_atomic_folder(tmp_path: Path) -> None:
    final = tmp_path / "run"
    with atomic_folder(final) as temporary:
        (temporary / "inner").mkdir()
        (temporary / "inner" / "a").write_text("1")
        assert not final.exists()
    assert (final / "inner" / "a").read_text() == "1"
    with pytest.raises(RunError) as error, atomic_folder(final):
        pytest.fail("the block must not run")
    one_line(error, "not empty", "remove it")
    with atomic_folder(final, replace=True) as temporary:
        (temporary / "b").write_text("2")
    assert [p.name for p in final.iterdir()] == ["b"]
    assert list(tmp_path.iterdir()) == [final]


def test_atomic_folder_tells_of_the_folder_that_was_asked_for(tmp_path: Path) -> None:
    long = tmp_path / ("n" * 240)  # its temporary name is too long for the file system
    with pytest.raises(OSError, match="too long") as error, atomic_folder(long):
        pass
    assert error.value.filename == str(long)
    with pytest.raises(OSError, match="full") as error, atomic_folder(tmp_path / "run") as temporary:
        raise OSError(errno.ENOSPC, "full", str(temporary / "a.txt"))
    assert error.value.filename == str(tmp_path / "run" / "a.txt")
    for number, named in ((errno.ENOSPC, str(tmp_path / "run")), (errno.ECONNRESET, None)):
        with pytest.raises(OSError, match="as a write says it") as error, atomic_folder(tmp_path / "run"):
            raise OSError(number, "as a write says it")
        assert error.value.filename == named
    with pytest.raises(FileNotFoundError) as error, atomic_folder(tmp_path / "run"):
        (tmp_path / "elsewhere").read_text()
    assert error.value.filename == str(tmp_path / "elsewhere")


def test_atomic_folder_fails_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    final = tmp_path / "run"
    final.mkdir()
    (final / "a").write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_folder(final, replace=True) as temporary:
        (temporary / "a").write_text(str(1 / 0))
    assert (final / "a").read_text() == "old"
    rename, calls = os.replace, []

    def second_fails(source: Path, target: Path) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise OSError("disk gone")
        rename(source, target)

    monkeypatch.setattr("recsys.temporaries._exchanged", lambda *_: False)  # a system without
    monkeypatch.setattr(os, "replace", second_fails)
    with pytest.raises(OSError, match="disk gone"), atomic_folder(final, replace=True) as temporary:
        (temporary / "a").write_text("new")
    assert (final / "a").read_text() == "old"
    assert list(tmp_path.iterdir()) == [final]


def test_json_round_trip_keeps_order(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_json(path, {"z": np.float32(0.5), "a": [np.int64(1), None], "é": "Föhn"})
    assert path.read_text(encoding="utf-8") == (
        '{\n  "z": 0.5,\n  "a": [\n    1,\n    null\n  ],\n  "é": "Föhn"\n}\n'
    )
    assert list(read_json(path)) == ["z", "a", "é"]


def test_json_refuses_nan_and_odd_things(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("{}")
    with pytest.raises(DataError) as error:
        write_json(path, {"prompted": {"ci95": [0.1, float("nan")]}})
    one_line(error, str(path), "prompted.ci95.1 is not a finite number")
    with pytest.raises(DataError) as error:
        write_json(path, {"a": {1, 2}})
    one_line(error, "set has no JSON form")
    assert path.read_text() == "{}"


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.json")
    with pytest.raises(RunError) as error:
        read_json(tmp_path / "a.json")
    one_line(error, "a.json", ", no file")
    (tmp_path / MANIFEST).write_text(json.dumps({"a.json": "0" * 64}))
    with pytest.raises(RunError, match="is missing"):
        check_manifest(tmp_path)


@pytest.mark.parametrize("how", ["link", "pipe", "folder"])
def test_a_lock_that_is_no_file_is_refused_and_left_as_it_is(tmp_path: Path, how: str) -> None:
    from recsys.runs import Run

    precious = tmp_path / "precious"
    precious.write_text("kept")
    (tmp_path / "run").mkdir()
    lock = tmp_path / "run" / ".lock"
    {"link": lambda: lock.symlink_to(precious), "pipe": lambda: os.mkfifo(lock), "folder": lock.mkdir}[how]()
    with pytest.raises(RunError) as error, Run(tmp_path / "run").lock():
        pass
    one_line(error, ".lock")
    assert precious.read_text() == "kept"


def test_a_lock_keeps_what_is_in_its_file(tmp_path: Path) -> None:
    from recsys.runs import Run

    (tmp_path / ".lock").write_text("kept")
    (tmp_path / "config.json").write_text("{}")
    with Run(tmp_path).lock(), pytest.raises(RunError, match="another process"), Run(tmp_path).lock():
        pass
    assert (tmp_path / ".lock").read_text() == "kept"


def test_cells_that_look_like_formulas_become_text() -> None:
    from recsys.spreadsheet import inert, restored

    for text in ("=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"):
        assert inert(text) == f"'{text}"
        assert restored(inert(text)) == text
    for text in ("", "-1.5", "+2", "V4", "a=b", "-1e5"):
        assert inert(text) == text


def test_read_json_says_what_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(RunError) as missing:
        read_json(tmp_path / "none.json")
    one_line(missing, "none.json", "No such file")
    for content in (b"{", b"", b'{"a": NaN}', b"\xff\xfe\xff", b"[" * 100_000):
        (tmp_path / "bad.json").write_bytes(content)
        with pytest.raises(DataError) as bad:
            read_json(tmp_path / "bad.json")
        one_line(bad, "bad.json", "is not JSON")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    (tmp_path / "workflow" / "deep").mkdir(parents=True)
    (tmp_path / "model.safetensors").write_bytes(bytes(range(256)))
    (tmp_path / "workflow" / "a.parquet").write_text("a")
    (tmp_path / "workflow" / "deep" / "b.json").write_text("b")
    (tmp_path / "notes.txt").write_text("not covered")
    write_manifest(tmp_path, ["model.safetensors", "workflow"])
    return tmp_path


def test_manifest_lists_what_was_given(run: Path) -> None:
    entries = check_manifest(run)
    assert list(entries) == ["model.safetensors", "workflow/", "workflow/a.parquet", "workflow/deep/b.json"]
    assert entries["workflow/a.parquet"] == "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb"
    assert entries["model.safetensors"] == sha256(run / "model.safetensors")
    (run / "notes.txt").write_text("free to change")
    assert check_manifest(run) == entries == read_manifest(run) == read_json(run / MANIFEST)["files"]


def test_manifest_finds_a_flipped_byte(run: Path) -> None:
    content = bytearray((run / "model.safetensors").read_bytes())
    content[100] ^= 1
    (run / "model.safetensors").write_bytes(content)
    with pytest.raises(RunError) as error:
        check_manifest(run)
    one_line(error, "model.safetensors: was changed", "copy the folder again")


def test_manifest_finds_missing_and_extra_files(run: Path) -> None:
    (run / "workflow" / "extra\n.py").write_text("x")
    with pytest.raises(RunError) as error:
        check_manifest(run)
    one_line(error, "not allowed")
    (run / "workflow" / "extra\n.py").rename(run / "workflow" / "extra.py")
    with pytest.raises(RunError) as error:
        check_manifest(run)
    one_line(error, "extra.py: is not in manifest.json", "remove it")
    (run / "workflow" / "extra.py").unlink()
    (run / "workflow" / "link").symlink_to(run / "workflow" / "deep")
    with pytest.raises(RunError, match="link: is not in"):
        check_manifest(run)
    (run / "workflow" / "link").unlink()
    (run / "workflow" / "a.parquet").unlink()
    with pytest.raises(RunError) as error:
        check_manifest(run)
    one_line(error, "a.parquet: is missing")
    entries = read_manifest(run)
    del entries["workflow/a.parquet"]
    write_json(run / MANIFEST, entries)
    with pytest.raises(RunError, match="a file listed before is gone"):
        check_manifest(run)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/passwd", "a/../../x", "a//b", "./a", "a\\b", "a\n", "", "//", "/"]
)
def test_manifest_refuses_paths_that_leave(run: Path, name: str) -> None:
    (run / MANIFEST).write_text(json.dumps({name: "0" * 64}))
    with pytest.raises(RunError) as error:
        check_manifest(run)
    one_line(error, MANIFEST)
    if name not in ("a//b", "./a"):  # write_manifest takes these in their plain form
        with pytest.raises(RunError):
            write_manifest(run, [name] if name else ["../"])


def test_manifest_must_be_a_table(run: Path) -> None:
    for content in ([], {}, {"a": 1}, {"format": 2}, {"format": 2, "files": []}, {"format": 1, "files": {}}):
        write_json(run / MANIFEST, content)
        with pytest.raises(RunError, match="not a table"):
            check_manifest(run)
    (run / MANIFEST).unlink()
    with pytest.raises(RunError, match=r"manifest\.json: cannot be read"):
        check_manifest(run)


def test_manifest_of_everything(run: Path) -> None:
    entries = write_manifest(run, ["."])
    assert "notes.txt" in entries
    assert MANIFEST not in entries
    assert check_manifest(run) == entries
    with pytest.raises(RunError, match="missing or not a file"):
        write_manifest(run, ["absent.bin"])
