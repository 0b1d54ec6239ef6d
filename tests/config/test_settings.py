"""``train.py --config``: the file over the defaults, typed options over it, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recsys.config.run import RunConfig
from recsys.config.settings import configure
from recsys.errors import DataError, UsageError
from recsys.training.pipeline import refuse_changes
from tests.builders.commands import call

TOML = """
data = "sends.csv"
split = "temporal"

[model]
masking = "mlm"
features = ["climb", "grade"]

[training]
epochs = 7
learning_rate = 1e-2
"""
ASKED = RunConfig(
    data="sends.csv",
    split="temporal",
    model={"masking": "mlm", "features": ("climb", "grade")},
    training={"epochs": 7, "learning_rate": 0.01},
)


@pytest.fixture
def toml(tmp_path) -> Path:
    path = tmp_path / "settings.toml"
    path.write_text(TOML)
    return path


def test_file_over_defaults(toml):
    config, names = configure({}, toml)
    assert config == ASKED
    assert names == {"data", "split", "masking", "features", "epochs", "learning_rate"}
    assert configure({}) == (RunConfig(), set())


def test_typed_options_over_the_file(toml):
    config, names = configure({"epochs": 3, "features": "climb, region", "seed": 5, "d_model": 32}, toml)
    assert (config.training.epochs, config.seed, config.model.d_model) == (3, 5, 32)
    assert config.model.features == ("climb", "region")
    assert (config.training.learning_rate, config.split) == (0.01, "temporal")
    assert {"epochs", "seed", "d_model"} <= names
    # A pair that the file alone could not have: what counts is what comes out.
    toml.write_text('[model]\nbody = "gpt2"\nmasking = "mlm"\n')
    assert configure({"body": "bert"}, toml)[0].model.body == "bert"


def test_a_runs_own_config_is_a_file_of_settings(tmp_path):
    config = ASKED.model_copy(update={"facts": {"source": "sends.csv", "sends": 12}})
    path = tmp_path / "config.json"
    path.write_text(config.model_dump_json())
    assert configure({}, path)[0] == ASKED


WRONG = {
    "an unknown key": ("a.toml", "[model]\nhead = 2", ["model.head", "did you mean model.heads?"]),
    "a key elsewhere": ("a.toml", "epochs = 2", ["setting epochs", "did you mean training.epochs?"]),
    "a foreign key": ("a.json", '{"qzxw": 1}', ["setting qzxw", "there are data, "]),
    "a text for a number": ("a.toml", '[training]\nepochs = "3"', ["training.epochs", "'3'", "integer"]),
    "a flag for a number": ("a.json", '{"seed": true}', ["seed", "True", "integer"]),
    "a number for a text": ("a.json", '{"data": 5}', ["data", "(5)", "string"]),
    "out of range": ("a.toml", "[model]\ndropout = 1.5", ["model.dropout", "(1.5)", "less than 1"]),
    "not finite": ("a.toml", "[training]\nlearning_rate = nan", ["training.learning_rate", "nan", "finite"]),
    "a choice": ("a.json", '{"split": "x"}', ["split", "'x'", "'climber', 'temporal'"]),
    "a list": ("a.toml", '[model]\nfeatures = "climb"', ["model.features", "'climb'"]),
    "a feature": ("a.toml", '[model]\nfeatures = ["climb", "name"]', ["no feature 'name'"]),
    "a pair": ("a.toml", '[model]\nbody = "gpt2"\nmasking = "mlm"', ["cannot take"]),
    "a section": ("a.json", '{"model": 5}', ["model is a section", "(5)"]),
    "no table": ("a.json", "[]", ["not a table"]),
    "no JSON": ("a.json", "{", ["is not JSON", "line 1"]),
    "no TOML": ("a.toml", "= 3", ["is not TOML", "line 1"]),
    "no text": ("a.toml", b"\xff\xfe\x00", ["is not UTF-8 text"]),
    "empty JSON": ("a.json", "", ["is not JSON"]),
    "no file": ("a.toml", None, ["cannot be read", "after config"]),
    "a form": ("a.yaml", "seed: 1", [".toml or a .json"]),
    "deep": ("a.json", "[" * 100_000, ["is not JSON"]),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_with_a_file_is_one_line(what, tmp_path):
    name, content, parts = WRONG[what]
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises((DataError, UsageError)) as caught:
        configure({}, path)
    line = str(caught.value)
    assert str(path) in line
    assert "\n" not in line.strip()
    assert all(part in line for part in parts), line


def test_a_typed_option_that_is_wrong_is_named_as_it_was_typed(toml, capsys):
    assert call("train.py", "--config", toml, "--heads", "0") == 2
    assert capsys.readouterr().err.startswith("error: --heads 0: ")


def test_a_file_that_changed_is_refused_when_resuming(toml, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps(ASKED.model_dump(mode="json")))
    (tmp_path / "manifest.json").touch()
    asked, names = configure({}, toml)
    refuse_changes(tmp_path, asked.model_copy(update={"data": str(Path("sends.csv").absolute())}), names)
    refuse_changes(tmp_path, *configure({"epochs": 7}))
    with pytest.raises(UsageError, match=r"epochs 8.*was started with 7"):
        refuse_changes(tmp_path, *configure({"epochs": 8}, toml))


def test_some_climbers_validation_is_of_leave_one_out_alone():
    given = {"split": "leave-one-out", "validation_climbers": 9}
    assert configure(given)[0].validation_climbers == 9
    with pytest.raises(
        UsageError, match=r"`?validation_climbers`? is for `?split`? leave-one-out, and not climber"
    ):
        configure({"validation_climbers": 9})
