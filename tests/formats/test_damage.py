"""Every file that a run or a bundle vouches for, one bit turned or cut short anywhere: refused by name."""

from __future__ import annotations

import tarfile
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import RecsysError
from recsys.manifest import read_manifest
from recsys.recommending.bundle import Bundle
from recsys.runs import Run

OFFSETS = 100
OPEN = {"run": Run.open, "run/bundle": Bundle.open}


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("kept")
    with tarfile.open(Path(__file__).with_name("run-1.tar.xz")) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.mark.parametrize("name", OPEN)
def test_a_bit_or_an_end_that_is_lost_is_noticed_in_every_file(kept, name):
    folder, draw = kept / name, np.random.default_rng(0)
    OPEN[name](folder)
    listed = [each for each in read_manifest(folder) if not each.endswith("/")]
    cuts = max(1, OFFSETS // len(listed))
    for each in listed:
        path = folder / each
        whole = path.read_bytes()
        turned = bytearray(whole)
        turned[draw.integers(len(whole))] ^= 1 << draw.integers(8)
        for content in [bytes(turned), *(whole[:end] for end in draw.integers(0, len(whole), cuts))]:
            path.write_bytes(content)
            with pytest.raises(RecsysError) as error:
                OPEN[name](folder)
            assert "\n" not in str(error.value)
            assert path.name in str(error.value)
        path.write_bytes(whole)
    OPEN[name](folder)
