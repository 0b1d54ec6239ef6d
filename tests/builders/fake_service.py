"""The service over a made-up bundle: python tests/fake_service.py BUNDLE PORT (0: any; it is printed)."""

from __future__ import annotations

import json
import resource
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from tests.builders.fake_recommender import open_fake, write_bundle

ROOT = Path(__file__).parents[2]


def main(bundle: Path, port: int, options: dict[str, Any]) -> None:
    from recsys.serving.app import create_app
    from recsys.serving.policy import Policy
    from recsys.serving.server import listen, serve

    if not (bundle / "manifest.json").exists():
        write_bundle(bundle)
    for name in ("api_keys", "origins"):
        options[name] = frozenset(options.get(name, ()))
    serve(create_app(bundle, Policy(**options), open_fake), listen("127.0.0.1", port))


class Service:
    """The service in a process of its own."""

    def __init__(self, bundle: Path, files: int = 0, **options: Any) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        words = [
            sys.executable,
            "-m",
            "tests.builders.fake_service",
            str(bundle),
            str(self.port),
            json.dumps({"rate": 0, **options}),
        ]
        self.log = bundle.parent / f"{bundle.name}-{self.port}.log"
        with self.log.open("wb") as log:
            limit = (lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))) if files else None
            self.process = subprocess.Popen(words, stderr=log, preexec_fn=limit, cwd=ROOT)
        self.url = f"http://127.0.0.1:{self.port}"
        self._wait()

    def _wait(self) -> None:
        until = time.monotonic() + 30
        while self.process.poll() is None and time.monotonic() < until:
            if self._answers():
                return
            time.sleep(0.05)
        self.process.kill()
        raise RuntimeError(f"the service did not start: {self.log.read_text()}")

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"{self.url}/ready", timeout=2).read()
        except OSError:
            return False
        return True

    def stop(self, grace: float = 20) -> int:
        """Ask it to end and return its exit code."""
        if self.process.poll() is None:
            self.process.terminate()
        return self.process.wait(grace)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), json.loads(sys.argv[3]) if len(sys.argv) > 3 else {})
