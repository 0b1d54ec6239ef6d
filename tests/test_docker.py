"""The container files, checked as far as they can be without a Docker daemon."""

from __future__ import annotations

import fnmatch
import importlib.util
import json
import os
import re
import subprocess
import sys
from functools import cache
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
GPU, CUDA, CPU = (DOCKER / f"Dockerfile.{name}" for name in ("gpu", "cuda", "cpu"))
COMPOSE, README = DOCKER / "compose.yaml", DOCKER / "README.md"
EXPECTED = DOCKER / "merlin-23.12.txt"
BASES = {
    GPU: {"nvcr.io/nvidia/merlin/merlin-pytorch:23.12"},
    CUDA: {"python:3.11-slim-bookworm"},
    CPU: {"python:3.11-slim-bookworm"},
}
ALL = pytest.mark.parametrize("path", [GPU, CUDA, CPU], ids=["gpu", "cuda", "cpu"])


def instructions(path: Path) -> list[tuple[str, str]]:
    """A Dockerfile's instructions, continued lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines)).splitlines()
    return [
        (word.upper(), rest.strip()) for word, _, rest in (line.partition(" ") for line in joined) if word
    ]


def of_kind(path: Path, *kinds: str) -> list[str]:
    return [rest for word, rest in instructions(path) if word in kinds]


def final_stage(path: Path) -> list[tuple[str, str]]:
    found = instructions(path)
    return found[max(i for i, (word, _) in enumerate(found) if word == "FROM") :]


def ignored(name: str) -> bool:
    """Whether .dockerignore keeps a path out: the last pattern that matches it or a folder of it decides."""
    parts = name.split("/")
    prefixes = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    result = False
    for line in (ROOT / ".dockerignore").read_text().splitlines():
        pattern = line.strip().removeprefix("!")
        if not pattern or pattern.startswith("#"):
            continue
        wildcard = pattern.removeprefix("**/")
        candidates = parts if wildcard != pattern else prefixes
        if any(fnmatch.fnmatchcase(candidate, wildcard) for candidate in candidates):
            result = not line.startswith("!")
    return result


def versions_script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("check_versions", DOCKER / "check_versions.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def requirements(path: Path) -> list[Requirement]:
    return versions_script().requirements(path.read_text())


def lock(python: str) -> dict[str, str]:
    environment = {"python_version": python, "python_full_version": f"{python}.9"}
    pins = [
        r for r in requirements(ROOT / "requirements.lock") if not r.marker or r.marker.evaluate(environment)
    ]
    return {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in pins}


# The Dockerfiles


@ALL
def test_base_images(path):
    assert {rest.split()[0] for rest in of_kind(path, "FROM")} == BASES[path]


@ALL
def test_final_user_is_not_root(path):
    users = [rest for word, rest in final_stage(path) if word == "USER"]
    assert users[-1] == "10001:10001"


@ALL
def test_every_copied_file_exists_and_reaches_the_builder(path):
    copies = [rest.split() for rest in of_kind(path, "COPY", "ADD") if "--from=" not in rest]
    sources = [source for words in copies for source in words[:-1] if not source.startswith("--")]
    assert sources
    assert [s for s in sources if not (ROOT / s).exists()] == []
    assert [s for s in sources if ignored(s)] == []


@ALL
def test_the_whole_project_is_copied(path):
    copied = " ".join(of_kind(path, "COPY")).split()
    for name in ("recsys", "schemas", "workflows", "train.py", "requirements.lock", "pyproject.toml"):
        assert name in copied


@ALL
def test_lock_is_installed_before_the_sources_are_copied(path):
    order = [f"{word} {rest}" for word, rest in instructions(path)]

    def first(pattern):
        return next(i for i, line in enumerate(order) if re.search(pattern, line))

    assert first("COPY requirements.lock") < first("pip install .* -r ") < first("COPY recsys")


@ALL
def test_a_site_may_have_its_own_index_wheels_and_certificates(path):
    given = {rest.partition("=")[0] for rest in of_kind(path, "ARG")}
    assert {"INDEX_URL", "CA_CERTIFICATES"} <= given
    assert {"UV_FIND_LINKS", "FIND_LINKS"} & given
    installs = [line for line in of_kind(path, "RUN") if "pip install" in line]
    assert installs
    assert all("${INDEX_URL:+--" in line for line in installs)


def test_the_images_for_cuda_and_without_differ_in_torch_alone():
    cuda, cpu = (path.read_text().split("ARG UV_VERSION")[1] for path in (CUDA, CPU))
    assert cuda == cpu
    assert "TORCH_BACKEND=" in of_kind(CUDA, "ARG")
    assert "TORCH_BACKEND=cpu" in of_kind(CPU, "ARG")


def test_images_hold_no_test_tools():
    (install,) = (line for line in of_kind(CUDA, "RUN") if "-r pyproject.toml" in line)
    assert "-c requirements.lock" in install
    assert set(re.findall(r"--extra (\w+)", install)) == {"train", "serve", "study", "xlsx", "postgres"}


@ALL
def test_environment_and_entry_point(path):
    stage = final_stage(path)
    assert any(word == "ENV" and "PYTHONUNBUFFERED=1" in rest for word, rest in stage)
    assert ("ENTRYPOINT", "[]") in stage
    assert any(word == "RUN" and "/data /runs" in rest for word, rest in stage)


@ALL
def test_caches_are_where_a_read_only_container_can_write(path):
    given = dict(pair.split("=", 1) for rest in of_kind(path, "ENV") for pair in rest.split())
    assert all(given[name].startswith("/tmp/") for name in ("MPLCONFIGDIR", "HF_HOME"))


@pytest.mark.parametrize("path", [CUDA, CPU], ids=["cuda", "cpu"])
def test_a_change_of_the_code_is_a_layer_of_its_own(path):
    copies = [rest for word, rest in final_stage(path) if word == "COPY"]
    assert copies[:2] == ["--from=build /opt/venv /opt/venv", "--from=build /opt/project /opt/venv"]
    (install,) = (line for line in of_kind(path, "RUN") if line.endswith(" ."))
    assert "--no-deps" in install
    assert "--prefix /opt/project" in install


OUTSIDE = (
    ".git/config", "runs/demo/metrics.json", ".venv/bin/python", "uv.lock", "tests/conftest.py",
    ".mypy_cache/x", "recsys/__pycache__/errors.pyc",
)  # fmt: skip


@pytest.mark.parametrize("name", OUTSIDE)
def test_dockerignore_keeps_out(name):
    assert ignored(name)


@pytest.mark.parametrize("path", sorted([*DOCKER.glob("*.*"), ROOT / ".dockerignore"]), ids=lambda p: p.name)
def test_no_address_and_no_secret(path):
    text = path.read_text()
    assert re.findall(r"https?://|git\+|@[\w.-]+\.\w+/", text) == []
    hosts = re.findall(r"\b(?:[\w-]+\.)+(?:io|com|org|net|dev)\b", text)
    assert set(hosts) <= {"nvcr.io"}
    assert re.findall(r"(?i)\b(?:token|password|secret|api_key)\b", text) == []


def test_uv_is_the_makefiles():
    pinned = re.search(r"^UV_VERSION := (\S+)", (ROOT / "Makefile").read_text(), re.M)
    assert pinned is not None
    assert f"UV_VERSION={pinned[1]}" in of_kind(CPU, "ARG")


# The versions


@pytest.mark.parametrize("python", ["3.10", "3.11"])
def test_container_versions_agree_with_the_lock(python):
    pins = lock(python)
    shared = [r for r in requirements(EXPECTED) if r.name in pins and r.specifier]
    assert [str(r) for r in shared if not r.specifier.contains(pins[r.name], prereleases=True)] == []
    assert {r.name for r in shared if str(r.specifier) == f"=={pins[r.name]}"} == {
        "transformers4rec", "merlin-models", "nvtabular", "merlin-core", "merlin-dataloader",
    }  # fmt: skip


def test_gpu_image_installs_nothing_that_the_container_has():
    names = {r.name for r in requirements(DOCKER / "gpu.txt")}
    assert names & {r.name for r in requirements(EXPECTED)} == set()
    installs = [line for line in of_kind(GPU, "RUN") if "pip install" in line]
    assert all("--no-deps" in line for line in installs)
    assert len(installs) == 2


def test_gpu_image_takes_the_locks_versions():
    pins = lock("3.10")
    added = requirements(DOCKER / "gpu.txt")
    assert [r.name for r in added if r.name not in pins] == []
    own = [r.name for r in added if r.specifier]
    (pattern,) = re.findall(r"grep -vE '\^\((\S+)\)==' requirements.lock", " ".join(of_kind(GPU, "RUN")))
    assert sorted(pattern.split("|")) == sorted(own) == ["contourpy", "matplotlib", "onnx", "tensorboard"]


def test_gpu_image_lacks_no_dependency():
    """What the project needs, and what that needs in turn, is in the container or in gpu.txt."""
    added = {canonicalize_name(r.name) for r in requirements(DOCKER / "gpu.txt")}
    there = {canonicalize_name(r.name) for r in requirements(EXPECTED)}
    environment = {"python_version": "3.10", "python_full_version": "3.10.12"}
    unused = {
        "ml-dtypes": "of newer versions of onnx",
        "accelerate": "only Transformers4Rec's own Trainer uses it",
        "pytorch-lightning": "lightning holds a copy",
        "setuptools": "no entry point of it is used",
        "tensorboard-data-server": "only the viewer uses it",
        **dict.fromkeys(["grpcio", "markdown", "pillow", "werkzeug"], "only tensorboard's viewer uses it"),
    }

    def needed(marker):
        extras = ("train", "serve", "study")
        return marker is None or any(marker.evaluate({**environment, "extra": each}) for each in extras)

    lacking, queue = set(), ["recsys-climb"]
    done = set(queue) | there | set(unused)
    while queue:
        for line in metadata.requires(queue.pop()) or []:
            requirement = Requirement(line)
            name = canonicalize_name(requirement.name)
            if name in done or not needed(requirement.marker):
                continue
            done.add(name)
            if name not in added:
                lacking.add(name)
            elif name not in ("tomli", "exceptiongroup"):  # nothing below them; not installed on 3.11
                queue.append(name)
    assert lacking == set()


def test_check_versions_says_what_differs():
    script = versions_script()
    expected = script.requirements("a==1.0  # why\n\n# none\nb>=2,<3\nc\nd\ne>=1\nf>=2.1.0a0")
    versions = {"a": "1.0+3.gabc", "b": "3.1", "c": "unknown", "e": "unknown", "f": "2.1.0a0+4136153"}
    assert script.differences(expected, versions.get) == [
        "b: version 3.1, expected b<3,>=2",
        "d: missing, expected d",
        "e: version unknown, expected e>=1",
    ]


def test_check_versions_as_the_build_runs_it(tmp_path):
    def installed(name, version):
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")

    def check(text):
        path = tmp_path / "expected.txt"
        path.write_text(text)
        command = [sys.executable, str(DOCKER / "check_versions.py"), str(path)]
        env = {**os.environ, "PYTHONPATH": str(tmp_path)}
        return subprocess.run(command, capture_output=True, text=True, env=env, check=False)

    installed("fake_cudf", "23.4.0")
    (tmp_path / "fake_rmm.py").touch()
    good = check("python>=3.10\nfake-cudf>=23,<24\nfake-rmm\n")
    assert (good.returncode, good.stderr) == (0, "")
    assert "all 3 lines agree" in good.stdout
    bad = check("fake-cudf==23.6.0\nfake-other\nfake-rmm\n")
    assert bad.returncode == 1
    assert bad.stderr.splitlines()[:2] == [
        "error: fake-cudf: version 23.4.0, expected fake-cudf==23.6.0",
        "error: fake-other: missing, expected fake-other",
    ]
    assert "2 of 3 lines differ" in bad.stderr


# Compose


def services() -> dict[str, Any]:
    return yaml.safe_load(COMPOSE.read_text())["services"]


def test_compose_services():
    found = services()
    assert set(found) == {"train-gpu", "train-cpu", "page"}
    for service in found.values():
        assert [(each["source"], each["target"]) for each in service["volumes"]] == [
            ("../data", "/data"), ("../runs", "/runs"),
        ]  # fmt: skip
        assert not any(each["bind"]["create_host_path"] for each in service["volumes"])
        assert (DOCKER / service["build"]["context"]).resolve() == ROOT
        assert (ROOT / service["build"]["dockerfile"]).is_file()
        assert service["user"].endswith("10001}")
        assert service["init"] is True  # else SIGTERM is lost while a command starts
        assert "runtime" not in service  # `--gpus` alone may be set up: the reservation is enough


def test_compose_reserves_gpus_for_training_on_them_alone():
    found = services()
    (device,) = found["train-gpu"]["deploy"]["resources"]["reservations"]["devices"]
    assert device == {"driver": "nvidia", "count": "all", "capabilities": ["gpu"]}
    assert found["train-gpu"]["ipc"] == "host"
    assert "deploy" not in found["train-cpu"]
    assert "deploy" not in found["page"]


def test_the_page_is_published_on_this_machine_alone():
    page = services()["page"]
    assert page["command"][-2:] == ["--host", "0.0.0.0"]
    assert page["ports"] == ["127.0.0.1:8000:8000"]


# The commands that the files and the page name


COMMAND = re.compile(r"(?<![\w./-])(python train\.py|python -m workflows\.\w+|recsys)(?= )([^\n&|>`;\"]*)")


def commands() -> set[str]:
    """Every command of the project in the Dockerfiles, compose.yaml and docker/README.md."""
    texts = [
        " ".join(json.loads(rest)) for path in (GPU, CUDA, CPU) for rest in of_kind(path, "CMD", "ENTRYPOINT")
    ]
    texts += [rest for path in (GPU, CUDA, CPU) for rest in of_kind(path, "RUN")]
    texts += [" ".join(service["command"]) for service in services().values()]
    page = re.sub(r"\\\n\s*", " ", README.read_text())
    texts += re.findall(r"^    (.+)$", page, re.M) + re.findall(r"`([^`\n]+)`", page)
    return {(start + rest).strip() for text in texts for start, rest in COMMAND.findall(text)}


def split(command: str) -> tuple[tuple[str, ...], list[str]]:
    """The program with its subcommand, and the options it is given."""
    words = command.split()
    size = {"recsys": 1 if words[1].startswith("-") else 2, "python": 3 if words[1] == "-m" else 2}[words[0]]
    return tuple(words[:size]), [word for word in words[size:] if re.match(r"--?[a-z]", word)]


@cache
def help_of(program: tuple[str, ...]) -> str:
    start = ["-m", "recsys"] if program[0] == "recsys" else []
    env = {**os.environ, "COLUMNS": "200", "TERM": "dumb", "NO_COLOR": "1"}
    command = [sys.executable, *start, *program[1:], "--help"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=env, check=False)
    assert done.returncode == 0, f"{' '.join(program)} --help: {done.stderr}"
    return done.stdout


def test_commands_are_found():
    assert {split(command)[0] for command in commands()} >= {
        ("python", "train.py"), ("python", "-m", "workflows.sends"), ("recsys",), ("recsys", "recommend"),
    }  # fmt: skip


@pytest.mark.parametrize("command", sorted(commands()))
def test_command_exists(command):
    program, options = split(command)
    text = help_of(program)
    assert "Usage" in text
    assert [o for o in options if not re.search(rf"(?<![\w-]){re.escape(o)}(?![\w-])", text)] == []
