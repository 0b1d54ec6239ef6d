"""A real PostgreSQL server of its own on a Unix socket and loopback, in a folder that is thrown away."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PASSWORD = "s3cret/word"
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


def lacking() -> str | None:
    """Why there can be no server here, or None."""
    if not _BINARIES and not shutil.which("initdb"):
        return "no PostgreSQL (Debian: apt-get install postgresql)"
    if os.getuid() == 0 and _user() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


@contextmanager
def database() -> Iterator[str]:
    """The address of an empty database, its password included."""
    found = shutil.which("initdb")
    binaries = Path(found).parent if found else _BINARIES[-1].parent
    user = _user()
    owner = {"user": user, "group": user} if os.getuid() == 0 else {}
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        data, words = Path(folder) / "data", Path(folder) / "password"
        words.write_text(PASSWORD)
        if owner:
            for each in (Path(folder), words):
                shutil.chown(each, user, user)
        initialise = ["-D", data, "-U", "climber", "-A", "scram-sha-256", f"--pwfile={words}", "--no-sync"]
        _run([binaries / "initdb", *initialise], folder, owner)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        settings = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        log = Path(folder) / "log"
        _run([binaries / "pg_ctl", "-D", data, "-l", log, "-o", settings, "-w", "start"], folder, owner)
        try:
            yield f"postgresql://climber:s3cret%2Fword@127.0.0.1:{port}/postgres"
        finally:
            _run([binaries / "pg_ctl", "-D", data, "-m", "immediate", "stop"], folder, owner)


def _user() -> str | None:
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def _run(words: list, folder: str, owner: dict) -> None:
    subprocess.run(
        list(map(str, words)), check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, **owner,
    )  # fmt: skip
