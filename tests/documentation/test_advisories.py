"""What SECURITY.md weighs by hand, as an audit needs a network, is of the versions that are locked."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
WEIGHED = re.compile(r"^- \*\*(.+?)\*\*", re.M)


def weighed() -> dict[str, str]:
    """Package to the version or bound that the page names."""
    text = (ROOT / "SECURITY.md").read_text().split("## Dependencies")[1]
    found = {}
    for entry in WEIGHED.findall(text):
        for part in re.split(", ", entry):
            names, version = re.match(r"(.*?) ((?:below )?[\d.]+)$", part).groups()
            found |= dict.fromkeys(names.lower().split(" and "), version)
    return found


def test_what_is_weighed_is_what_is_locked():
    locked = dict(re.findall(r"^([\w-]+)==([\d.]+)", (ROOT / "requirements.lock").read_text(), re.M))
    entries = weighed()
    assert {"transformers", "dask", "distributed", "nvtabular", "pyarrow"} <= set(entries)
    for name, version in entries.items():
        if version.startswith("below "):
            assert int(locked[name].split(".")[0]) < int(version.removeprefix("below ")), name
        else:
            assert f"{locked[name]}.".startswith(f"{version}."), name
