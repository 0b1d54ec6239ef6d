"""A pipe in the place of a file that somebody names, or that lies in a folder: refused, never waited for."""

from __future__ import annotations

import os
import signal
import stat
from pathlib import Path

import pytest

from recsys.config.file import read_settings
from recsys.errors import RecsysError
from recsys.files import open_plain, read_json, read_text
from recsys.logbooks.importing.pseudonyms import read_salt
from recsys.logbooks.mapping import load_mapping
from recsys.logbooks.tables import read_table
from recsys.manifest import MANIFEST, sha256
from recsys.monitoring.hits import read_answers
from recsys.recommending.blocked import read_blocked
from recsys.recommending.limits import read_limits
from recsys.serving.backend import manifest_digest
from recsys.serving.policy import read_keys

READERS = {
    "keys.txt": read_keys,
    "salt": read_salt,
    "run.toml": read_settings,
    "blocked.csv": read_blocked,
    "limits.csv": lambda path: read_limits(path, None),
    "answers.jsonl": read_answers,
    "own.toml": lambda path: load_mapping(str(path)),
    "sends.csv": read_table,
    "metrics.json": read_json,
    "list.txt": read_text,
    "model.onnx": sha256,
}


@pytest.fixture(autouse=True)
def _no_waiting():
    """What waits ends after five seconds."""

    def ended(*_: object) -> None:
        raise AssertionError("it waits for the pipe")

    before = signal.signal(signal.SIGALRM, ended)
    signal.alarm(5)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("name", READERS)
def test_a_pipe_is_one_line(name, tmp_path):
    os.mkfifo(tmp_path / name)
    with pytest.raises(RecsysError) as error:
        READERS[name](tmp_path / name)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_manifest_that_is_a_pipe_is_none(tmp_path):
    os.mkfifo(tmp_path / MANIFEST)
    assert manifest_digest(tmp_path) == ""


def test_what_is_opened_is_a_file_and_stays_open_for_long_reads(tmp_path):
    (tmp_path / "file").write_bytes(b"x" * 100_000)
    with open_plain(tmp_path / "file") as file:
        assert stat.S_ISREG(os.fstat(file.fileno()).st_mode)
        assert len(file.read()) == 100_000
    for other in (tmp_path, Path(os.devnull), tmp_path / "none"):
        with pytest.raises(OSError, match=r"directory|device"):
            open_plain(other)
