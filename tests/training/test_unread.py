"""A setting that nothing reads is refused where it was given, and nowhere else."""

from __future__ import annotations

import json

import pytest

from recsys.config.model import ModelConfig
from recsys.config.run import RunConfig
from recsys.errors import UsageError
from recsys.training.resolve import configured, given_by
from recsys.training.unread import _CHOICES, READERS, refuse_unread
from tests.builders.commands import call


def checked(file=None, **given) -> None:
    refuse_unread(configured(given, file)[0], given_by(given, file))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"whole_windows": True}, "whole_windows True: is read with masking last alone"),
        ({"model": "sasrec", "compile": True}, "compile True: is read by the main transformer alone"),
        ({"span_length": 9}, "span_length 9: is read with masking span alone"),
        ({"rtd_weight": 3.0}, "rtd_weight 3.0: is read with masking rtd alone"),
        ({"mlm_probability": 0.9}, "mlm_probability 0.9: is read with masking mlm, rtd or plm alone"),
        ({"soft_bins": 40}, "soft_bins 40: is read with numbers soft alone"),
        (
            {"aggregation": "sum", "attribute_dim": 8},
            "attribute_dim 8: is read with aggregation",
        ),
        (
            {"body": "bert", "masking": "mlm", "feed_forward": "swiglu"},
            "feed_forward swiglu: is read",
        ),
        ({"loss": "gbce", "label_smoothing": 0.1}, "label_smoothing 0.1: is read with loss softmax alone"),
        ({"loss": "softmax", "negatives": 9}, "negatives 9: is read with a loss that draws climbs alone"),
        ({"loss": "gbce", "chunked": False}, "chunked False: is read with loss softmax"),
        ({"masking": "mlm", "whole_history": False}, "whole_history False: is read with masking clm alone"),
        ({"text_output": False}, "text_output False: is read with text alone"),
        ({"features": "climb", "hide_prompt": 0.5}, "hide_prompt 0.5: is read with an attribute among the"),
        ({"model": "bert-mlm", "span_length": 9}, "span_length 9: is read with masking span alone"),
        (
            {"model": "ease", "d_model": 32},
            "d_model 32: is read by the main transformer alone, not",
        ),
        (
            {"model": "sasrec", "span_length": 9},
            "span_length 9: is read by the main transformer",
        ),
    ],
)
def test_refused_in_one_line(given, words):
    with pytest.raises(UsageError) as error:
        checked(**given)
    assert str(error.value).startswith(words)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("given", [{"epochs": 3}, {"learning_rate": 1.0}, {"ema": 5.0}])
def test_a_budget_that_a_row_does_not_read_is_said_and_stops_nothing(given, capsys):
    """Who trains one row after the other gives all of them the same."""
    checked(model="ease", **given)
    ((name, value),) = given.items()
    assert f"`{name}` {value}: is read by networks alone, not by `model` ease" in capsys.readouterr().err


@pytest.mark.parametrize(
    "given",
    [
        {"model": "ease", "epochs": 20, "length": 5, "validation_cases": 50, "accelerator": "cpu"},
        {"model": "sasrec", "epochs": 3, "ema": 5.0, "whole_windows": True, "body": ModelConfig().body},
        {"masking": "span", "span_length": 9},
        {"masking": "plm", "mlm_probability": 0.9},
        {"masking": "last", "whole_windows": True},
        {"negatives": 9, "label_smoothing": 0.1, "chunked": False},  # what loss auto takes, the size says
        {"model": "paper-all", "body": "prenorm", "positions": "learned", "inner": 0},
        {"model": "default-smoothing", "loss": "gbce"},
        {"model": "paper-climbs", "masking": "mlm"},
        {"numbers": "soft", "soft_bins": 40, "span_length": 5},
    ],
)
def test_what_is_read_or_a_rows_own_or_the_default_stays(given):
    checked(**given)


def test_every_choice_is_of_a_setting():
    """A name that is in no section would be looked up by nobody."""
    assert _CHOICES.keys() <= READERS.keys()


def test_a_file_counts_where_a_person_wrote_it(tmp_path):
    own = tmp_path / "mine.toml"
    own.write_text("[model]\nspan_length = 9\n")
    with pytest.raises(UsageError, match="span_length 9"):
        checked(own)
    stored = tmp_path / "config.json"
    plain = json.loads(RunConfig().model_dump_json())
    plain["model"] |= {"span_length": 9}
    stored.write_text(json.dumps(plain))
    checked(stored)
    with pytest.raises(UsageError, match="span_length 7"):
        checked(stored, span_length=7)
    checked(stored, model="ease")  # as it may be of a version with other defaults


def test_a_run_that_goes_on_is_read_by_its_own_settings():
    settings, _ = configured({"mlm_probability": 0.9})
    refuse_unread(settings, {"mlm_probability"}, RunConfig(model=ModelConfig(body="bert", masking="mlm")))
    with pytest.raises(UsageError, match="mlm_probability"):
        refuse_unread(settings, {"mlm_probability"}, RunConfig())


def test_training_and_tuning_refuse_before_anything_is_read(tmp_path, capsys):
    none = tmp_path / "none.csv"
    assert call("train.py", "--data", none, "--span-length", 9, "-o", tmp_path / "a") == 2
    assert "--span-length 9: is read with --masking span alone" in capsys.readouterr().err
    assert call("recsys", "tune", none, "--span-length", 9, "-o", tmp_path / "b") == 2
    assert "--span-length 9: is read with --masking span alone" in capsys.readouterr().err
