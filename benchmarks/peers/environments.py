"""A peer's own environment, made from its pins by uv: nothing of a peer enters the project's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


class MissingError(Exception):
    """A peer cannot be had here; says why."""


def python_of(system: str, folder: Path) -> str:
    """The interpreter that has a system; made where it is not there yet.

    Raises
    ------
    MissingError
        It cannot be installed.
    """
    pins = HERE / f"{system}.txt"
    if not pins.exists():  # of the project's own environment
        return sys.executable
    home = (folder / system).absolute()
    python, done = home / "bin" / "python", home / "installed.txt"
    if done.exists() and done.read_text() == pins.read_text():
        return str(python)
    uv = str(Path(sys.executable).with_name("uv"))
    env = {
        **os.environ,
        "UV_FIND_LINKS": os.environ.get("UV_FIND_LINKS", os.environ.get("PIP_FIND_LINKS", "")),
    }
    for command in (
        [uv, "venv", "-q", "--clear", "--python", sys.executable, str(home)],
        [uv, "pip", "install", "-q", "--python", str(python), "-r", str(pins)],
    ):
        made = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        if made.returncode:
            raise MissingError(made.stderr.strip().splitlines()[-1] if made.stderr.strip() else "uv failed")
    done.write_text(pins.read_text())
    return str(python)
