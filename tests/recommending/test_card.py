"""The model card of a folder that a stranger made: a text of the folder's own, or one line."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recsys.errors import DataError
from recsys.manifest import write_manifest
from recsys.recommending.card import card_bytes, read_card, write_card
from recsys.run_files import CARD
from recsys.serving.backend import open_backend
from tests.builders.fake_recommender import open_fake, write_bundle


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of whoever opens the folder."""
    (tmp_path / "secret").write_text("hidden")
    return tmp_path / "secret"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def linked(folder: Path, to: Path, listed: bool) -> Path:
    (folder / CARD).unlink()
    (folder / CARD).symlink_to(to)
    write_manifest(folder, ["fake.json", CARD] if listed else ["fake.json"])
    return folder


def test_a_card_that_no_manifest_lists_is_none(folder, secret):
    linked(folder, secret, listed=False)
    assert card_bytes(folder) is None
    assert open_backend(folder, open_fake).card == ""
    with pytest.raises(DataError, match=r"MODEL_CARD\.md: is not in manifest\.json"):
        read_card(folder)


def test_a_card_that_is_a_link_is_refused(folder, secret):
    linked(folder, secret, listed=True)
    for read in (card_bytes, read_card, lambda there: open_backend(there, open_fake)):
        with pytest.raises(DataError, match=r"MODEL_CARD\.md: is a link, and may name any file"):
            read(folder)


def test_a_card_is_written_beside_what_a_link_names(folder, secret):
    write_card(linked(folder, secret, listed=True), "# New")
    assert (secret.read_text(), read_card(folder)) == ("hidden", "# New")


def test_a_pipe_and_a_file_larger_than_any_card_are_one_line(folder):
    (folder / CARD).write_text("#" * 1_000_001)
    with pytest.raises(DataError, match="holds more than 1 MB"):
        read_card(folder)
    (folder / CARD).unlink()
    os.mkfifo(folder / CARD)
    with pytest.raises(DataError, match="it is a pipe or a device, no file"):
        read_card(folder)
