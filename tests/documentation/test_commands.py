"""Every command, option, path and make target that a page names exists."""

from __future__ import annotations

import importlib.util
import re
from functools import cache

import pytest
import yaml

from tests.documentation.pages import PAGES, ROOT, commands, name_of, options_in_prose

ALL = pytest.mark.parametrize("page", PAGES, ids=name_of)
# Options of others' programs that a page may name.
FOREIGN = {
    "--nnodes", "--nproc-per-node", "--generate-hashes", "--gpus", "--ipc", "--user", "--build-arg", "--rm",
    "--no-deps", "--url",
}  # fmt: skip
SHOWN_AS_THEY_ARE = ("COMMAND", "NAME", "...")  # what stands for any


@cache
def made():
    spec = importlib.util.spec_from_file_location("commands", ROOT / "docs" / "making" / "commands.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return {name: module.option_names(command) for name, command in module.programs().items()}


def program_of(words):
    """(the program with its subcommand, its words), or None for a program that is not ours."""
    if words[0] == "recsys":
        name = next((each for each in words[1:] if not each.startswith("-")), None)
        return (f"recsys {name}", words[2:]) if name else None
    if words[0] == "train.py" or words[1:2] == ["train.py"]:
        return "python train.py", words[1:]
    if words[1:2] == ["-m"] and words[2] == "workflows.sends":
        return "python -m workflows.sends", words[3:]
    return None


@ALL
def test_every_command_and_its_options_exist(page):
    for words in commands(page):
        found = program_of(words)
        if found is None or found[0].split()[-1] in SHOWN_AS_THEY_ARE:
            continue
        name, rest = found
        assert name in made(), " ".join(words)
        typed = {re.split("[=,]", each)[0] for each in rest if re.match(r"--?[a-z]", each)}
        assert typed <= made()[name], " ".join(words)


@ALL
def test_every_script_module_and_target_exists(page):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    for words in commands(page):
        if words[0] == "make" and len(words) > 1:
            assert words[1] in targets, " ".join(words)
        if words[0] == "python" and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), " ".join(words)


@ALL
def test_every_option_of_the_prose_exists(page):
    known = set().union(*made().values()) | FOREIGN | {"--version"}
    named = options_in_prose(page)
    scripts = " ".join(each.read_text() for each in (ROOT / "benchmarks").glob("*.py"))
    assert {each for each in named - known if f'"{each}"' not in scripts} == set()


def test_every_command_is_described():
    """The guides and the README show each command at least once."""
    shown = {found[0] for page in PAGES for words in commands(page) if (found := program_of(words))}
    assert set(made()) - shown - {"recsys train"} == set()  # which is python train.py


def test_the_readme_is_short_and_has_both_commands():
    text = (ROOT / "README.md").read_text()
    assert len(text.splitlines()) <= 200
    assert {"make demo", "make test"} <= {" ".join(each[:2]) for each in commands(ROOT / "README.md")}


def test_before_a_commit_runs_what_make_test_runs():
    recipe = re.search(r"^test:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.M)
    checks = {line.strip().replace("$(BIN)", ".venv/bin").split(" ||")[0] for line in recipe[1].splitlines()}
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    assert {each["entry"] for each in hooks} == checks
