"""How a message says what is to be installed: an extra that there is, from the clone, for no index has it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.extras import SERVING, install, missing_part

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[1]
EXTRAS = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
NAMED = re.compile(r"""install\(['"](\w+)['"]\)""")


@pytest.mark.parametrize(
    ("module", "extra", "part"),
    [
        ("torch.nn", "train", "training"),
        ("optuna", "study", "the study"),
        ("fastapi", "serve", "the service"),
    ],
)
def test_a_missing_module_tells_its_part(module: str, extra: str, part: str) -> None:
    told = missing_part(ModuleNotFoundError(name=module))
    assert told == f"{module}, a part of {part}: {install(extra)}"
    assert missing_part(ModuleNotFoundError(name="recsys_of_another")) is None


def test_every_extra_that_is_named_is_there_and_no_index_is_asked_for_the_package() -> None:
    files = [*(ROOT / "recsys").rglob("*.py"), *(ROOT / "docs").rglob("*.md"), ROOT / "README.md"]
    texts = [path.read_text() for path in files]
    named = {name for text in texts for name in NAMED.findall(text)}
    assert {"cloud", "postgres", "serve", "text", "xlsx"} <= named <= set(EXTRAS)
    assert not [path for path, text in zip(files, texts, strict=True) if "recsys-climb[" in text]
    assert install("serve") == "in the clone of recsys-climb, pip install '.[serve]'"
    assert install("train") == (
        "in the clone of recsys-climb, uv pip install '.[train]' (Python 3.10 or 3.11)"
    )


def test_serve_without_its_part_says_how_to_have_it() -> None:
    code = f"""
import sys
for name in {SERVING}:
    sys.modules[name] = None
from recsys.cli.app import build_app
from recsys.terminal import run
print(run(build_app(["serve"]), "recsys", ["serve", "nowhere"]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.stdout == "2\n", done.stderr
    assert re.fullmatch(r"error: this needs \w+, a part of the service: .*'\.\[serve\]'\n", done.stderr)
