"""Options made from the configuration classes: every setting can be typed, and help tells its default."""

from __future__ import annotations

import inspect
from typing import get_args

import pytest
from pydantic import BaseModel, ConfigDict, Field
from typer import rich_utils
from typer.main import get_command

from recsys.cli.app import COMMANDS, build_app
from recsys.cli.options import with_settings
from recsys.cli.study import study
from recsys.cli.train import train
from recsys.cli.tune import tune
from recsys.config.model import ModelConfig
from recsys.config.run import TABLES, RunConfig
from recsys.config.settings import NAMES, SPOKEN, configure, fields
from recsys.config.training import TrainingConfig
from recsys.errors import UsageError
from recsys.study.config import UNREAD, configured
from recsys.terminal import single
from recsys.training.resolve import configured as resolved


def options(command):
    """Name to the option's declaration."""
    parameters = inspect.signature(command).parameters
    return {name: (get_args(each.annotation) or (None,))[-1] for name, each in parameters.items()}


def test_every_setting_can_be_typed():
    assert {SPOKEN.get(name, name) for name in NAMES} <= set(options(train))
    assert {"windows", "warmup", "clip", "hide_prompt"} <= set(options(train))
    left = {
        "data",
        "model",
        "nodes",
        "final_learning_rate",
    }  # of one machine; rates go together
    assert set(options(tune)) >= set(fields(RunConfig, ModelConfig, TrainingConfig)) - left
    assert not {"nodes", "final_learning_rate"} & set(options(tune))
    assert set(options(study)) >= set(fields(TrainingConfig)) - set(UNREAD)
    assert not set(UNREAD) & set(options(study))


def test_no_two_sections_have_a_name_in_common():
    assert len(set(NAMES)) == len(NAMES)


class Some(BaseModel):
    model_config = ConfigDict(frozen=True)

    share: float = Field(0.5, gt=0, le=1, description="a share")
    kind: str | None = Field(None, description="a kind")


def test_an_option_tells_range_and_default_and_is_left_out_unless_typed():
    seen = {}

    @with_settings(Some, defaults={"share": 0.25})
    def command(given: dict, other: int = 3) -> None:
        """Help."""
        seen.update(given, other=other)

    assert options(command)["share"].help == "a share (above 0 to 1) (default: 0.25)"
    command(share=None, kind="x", other=4)
    assert seen == {"kind": "x", "other": 4}


@pytest.mark.parametrize(
    ("name", "value"), [("data", "a.csv"), ("schema", "ml1m"), ("model", "ease"), ("epochs", 3)]
)
def test_a_setting_is_given_by_its_spoken_name(name, value):
    config, names = configure({name: value})
    field = {"schema": "schema_name", "model": "method"}.get(name, name)
    holder = config.training if name == "epochs" else config
    assert getattr(holder, field) == value
    assert names == {field}


def test_a_study_takes_its_own_budget_for_what_is_not_typed():
    made = configured({"windows": 0.5, "schema": "ml1m"}, data="a.csv", seed=1, rows=("ease",))
    assert (made.training.epochs, made.training.patience, made.training.windows) == (5, 5, 0.5)
    assert (made.run.schema_name, made.run.seed, made.rows) == ("ml1m", 1, ("ease",))
    assert made.training.last_rate == pytest.approx(made.training.learning_rate / 10)


def test_the_help_tells_the_defaults_that_a_plain_call_has():
    plain = resolved({})[0].model.positions
    for command in (train, tune):
        assert options(command)["positions"].help.endswith(
            f"(default: {plain}, of another body or masking learned)"
        )
    assert resolved({"masking": "mlm"})[0].model.positions == "learned"
    assert options(study)["patience"].help.endswith("(default: as many as epochs)")
    assert configured({"epochs": 7}, data="a.csv", seed=1, rows=("ease",)).training.patience == 7


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ensemble", "ease"),
        ("model", "ease"),
        ("dask", "local:2"),
        ("stream", 4),
        ("nodes", 2),
    ],
)
def test_a_study_refuses_a_setting_that_no_cell_reads(name, value):
    with pytest.raises(UsageError, match=f"^{name} is a setting of train.py that a study does not read"):
        configured({name: value}, data="a.csv", seed=1, rows=("ease",))


def test_a_part_of_a_studys_configuration_is_no_setting():
    with pytest.raises(UsageError, match="there is no setting facts of a study"):
        configured({"facts": {}}, data="a.csv", seed=1, rows=("ease",))


@pytest.mark.parametrize("name", [*COMMANDS, "train.py"])
def test_the_help_that_is_shown_is_the_help_that_is_written(name, monkeypatch, capsys):
    """Rich takes what stands in square brackets for markup, and shows nothing of it."""
    monkeypatch.setattr(rich_utils, "MAX_WIDTH", 1000)
    app = single(train) if name == "train.py" else build_app([name])
    command = get_command(app)
    command = getattr(command, "commands", {name: command})[name]
    with pytest.raises(SystemExit):
        command(["--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for each in command.params:
        if not getattr(each, "hidden", False):
            assert " ".join((each.help or "").split()) in shown


def test_the_help_tells_what_is_read_and_bounds_in_full():
    for command in (train, tune, study):
        assert TABLES in options(command)["data"].help
    assert "(0 to below 4294967296)" in options(train)["seed"].help
    assert "(above 0 to 100)" in options(train)["windows"].help
