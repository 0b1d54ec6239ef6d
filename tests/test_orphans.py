"""A process that was begun by another ends with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CHILD = """
import multiprocessing, os, sys, time
from recsys.orphans import end_with_parent

def work():
    end_with_parent()
    print(os.getpid(), flush=True)
    time.sleep(60)

if __name__ == "__main__":
    process = multiprocessing.get_context(sys.argv[1]).Process(target=work, daemon=True)
    process.start()
    process.join()
"""


def alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux's /proc")
@pytest.mark.parametrize("way", ["spawn", "forkserver"])
def test_a_killed_process_leaves_no_child_at_work(tmp_path, way):
    (tmp_path / "child.py").write_text(CHILD)
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, tmp_path / "child.py", way]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env) as process:
        child = int(process.stdout.readline())
        assert alive(child)
        process.send_signal(signal.SIGKILL)
        process.wait()
        until = time.monotonic() + 20
        while alive(child) and time.monotonic() < until:
            time.sleep(0.05)
        assert not alive(child)
