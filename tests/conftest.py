"""Shared frames and models, small enough to follow by hand."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two workers on two cores
if sys.dont_write_bytecode:
    # PYTHONDONTWRITEBYTECODE would have each process that a test starts compile Merlin anew, some fifteen
    # seconds of a core. What is compiled is kept away from the sources, as was asked.
    sys.dont_write_bytecode = False
    sys.pycache_prefix = str(Path(__file__).parents[1] / ".pytest_cache" / "bytecode")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # it may have been `python -B`
    os.environ["PYTHONPYCACHEPREFIX"] = sys.pycache_prefix

import warnings

import numpy as np
import pytest
from hypothesis import settings

# The same examples in every run, so that a red suite tells of a change; "random" looks for new ones.
settings.register_profile("suite", derandomize=True)
settings.register_profile("random", max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Bytes are named by their argument: packed ones hold a time, on which two workers would not agree."""
    return argname if isinstance(val, bytes) else None


SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The public datasets beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip(f"no public datasets at {SHARED}")
    return SHARED


@pytest.fixture(autouse=True)
def _quiet_merlin():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.fixture(autouse=True)
def _words_of_climbing():
    """A run or a file of another domain, opened in one test, does not speak in the next."""
    from recsys.nouns import speak

    speak(None)
    yield
    speak(None)


N_CLIMBS = 100


@pytest.fixture(scope="session")
def schema():
    """As the workflow emits it: 100 climbs, 20 climbers, 4 regions, numbers in bins and standardised."""
    from merlin.schema import ColumnSchema, Schema, Tags

    def column(name, highest, tags, is_list=True):
        return ColumnSchema(
            name,
            dtype=np.int64,
            is_list=is_list,
            is_ragged=is_list,
            tags=[Tags.CATEGORICAL, *tags],
            properties={
                "domain": {"min": 0, "max": highest, "name": name},
                **({"value_count": {"min": 1, "max": 50}} if is_list else {}),
            },
        )

    def number(name):
        return ColumnSchema(
            name,
            dtype=np.float32,
            is_list=True,
            is_ragged=True,
            tags=[Tags.CONTINUOUS],
            properties={"value_count": {"min": 1, "max": 50}},
        )

    return Schema(
        [
            column("climb", N_CLIMBS + 2, [Tags.ITEM, Tags.ITEM_ID]),
            column("climber", 22, [Tags.USER, Tags.USER_ID], is_list=False),
            column("region", 6, [Tags.CONTEXT]),
            column("grade_bin", 12, [Tags.CONTEXT]),
            number("grade"),
            column("rating_bin", 6, [Tags.CONTEXT]),
            number("rating"),
            column("elapsed_days_bin", 14, [Tags.CONTEXT]),
            number("elapsed_days"),
            column("comment", 2, [Tags.CONTEXT]),
            column("beta", 2, [Tags.CONTEXT]),
        ]
    )


@pytest.fixture(scope="module")
def browser():
    """Headless Chromium; of a module that `tests.builders.browsing.browsing` skips where there is none."""
    from playwright.sync_api import sync_playwright

    from tests.builders.browsing import CHROMIUM, FLAGS

    with sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
