"""No command opens a connection that nobody asked for, or leaves anything in a home folder.

Python's own connections are seen by an audit hook; those of native code (ONNX Runtime's telemetry was one) by
strace, where there is one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
STRACE = shutil.which("strace")
ALLOWED = re.compile(r"\.cache/(matplotlib|huggingface/hub/version\.txt)|\.config/matplotlib")
"""What the training part's libraries keep of a machine's fonts, and of their own cache's version."""

COMMANDS = """
import sys
def hook(event, args):
    if event == "socket.getaddrinfo" or event == "socket.connect" and isinstance(args[1], tuple):
        print("PYTHON CONNECTS", event, args, file=sys.stderr)  # a text is a socket of this machine
sys.addaudithook(hook)
from recsys.cli.app import build_app
from recsys.terminal import run, single
from recsys.cli.train import train
def command(*words, app=None):
    sys.argv = ["recsys", *words]
    code = run(app or build_app(), "recsys")
    if code:
        raise SystemExit(f"{words}: {code}")
command("simulate", "-o", "sends.parquet", "--scale", "0.03")
small = ("--epochs", "1", "--d-model", "16", "--layers", "1", "--climb-dim", "16", "--accelerator", "cpu")
command("--data", "sends.parquet", "--output", "run", *small, app=single(train))
command("export", "run", "-o", "bundle")
command("evaluate", "run")
command("recommend", "run", "--json")
command("recommend", "bundle", "--explain")
"""


def traced(words, trace: Path) -> list[str]:
    """The words under strace, where it is at hand."""
    if STRACE is None:
        return list(words)
    return [STRACE, "-f", "--seccomp-bpf", "-e", "trace=connect,sendto", "-o", str(trace), *words]


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "ORT_"))}
    path = os.pathsep.join(filter(None, (str(ROOT), kept.get("PYTHONPATH"))))
    return {**kept, "HOME": str(home), "PYTHONPATH": path}


def outward(trace: Path) -> list[str]:
    """Native calls that name an address of the internet, of either kind."""
    if STRACE is None:
        return []
    return [line for line in trace.read_text(errors="replace").splitlines() if "AF_INET" in line]


def left_in(home: Path) -> list[str]:
    return sorted(str(each.relative_to(home)) for each in home.rglob("*") if each.is_file())


@pytest.fixture(scope="module")
def worked(tmp_path_factory):
    """A folder in which every command of a first day was run."""
    folder = tmp_path_factory.mktemp("privacy")
    (folder / "home").mkdir()
    words = traced([sys.executable, "-c", COMMANDS], folder / "trace")
    done = subprocess.run(
        words, cwd=folder, env=environment(folder / "home"), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return folder, done.stderr


def test_no_command_opens_a_connection(worked):
    folder, said = worked
    assert "PYTHON CONNECTS" not in said
    if STRACE is None:
        pytest.skip("no strace here: what native code connects to was not looked at")
    assert outward(folder / "trace") == []


def test_no_command_leaves_anything_in_the_home_folder(worked):
    assert [each for each in left_in(worked[0] / "home") if not ALLOWED.match(each)] == []


def test_recommending_and_serving_a_bundle_leave_nothing_at_all(worked, tmp_path):
    """Long enough for a telemetry thread to have started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serve = [sys.executable, "-m", "recsys", "serve", str(worked[0] / "bundle"), "--port", str(port)]
    words = traced(serve, tmp_path / "trace")
    (tmp_path / "home").mkdir()
    process = subprocess.Popen(words, env=environment(tmp_path / "home"), stderr=subprocess.PIPE, text=True)
    try:
        until = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < until:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=2).read()
                break
            except OSError:
                time.sleep(0.1)
        ask = urllib.request.Request(f"http://127.0.0.1:{port}/api/recommend", b"{}")
        ask.add_header("Content-Type", "application/json")
        assert urllib.request.urlopen(ask, timeout=10).status == 200
        time.sleep(1)
    finally:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        for each in children if STRACE else [process.pid]:
            os.kill(int(each), signal.SIGTERM)
        process.communicate(timeout=30)
    assert outward(tmp_path / "trace") == []
    assert left_in(tmp_path / "home") == []


def test_onnx_runtime_is_imported_in_one_place():
    """Whoever imports it elsewhere lets it report: the variable is read at its import."""
    pattern = re.compile(r"^\s*(import|from)\s+onnxruntime|import_module\(f?\W*onnxruntime", re.MULTILINE)
    files = [*ROOT.glob("*.py"), *(ROOT / "recsys").rglob("*.py"), *(ROOT / "benchmarks").rglob("*.py")]
    found = [each.name for each in files if pattern.search(each.read_text(encoding="utf-8"))]
    assert found == ["runtime.py"]
