"""What a name of `model` becomes, and the one line that refuses what cannot be."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from recsys.baselines.rows import ALIASES, select
from recsys.config.run import RunConfig
from recsys.errors import UsageError
from recsys.training.prepare import described
from recsys.training.resolve import configured, resolve


def resolved(**given) -> RunConfig:
    return configured(given)[0]


def test_a_row_of_the_transformer_becomes_its_settings_and_keeps_its_name():
    config = resolved(model="gpt2-clm")
    assert (config.method, config.model.body, config.model.masking) == ("transformer", "gpt2", "clm")
    assert config.facts["row"] == "gpt2-clm"
    again, _ = resolve(config, ())
    assert again == config


def test_typed_settings_go_before_the_rows():
    config = resolved(model="bert-mlm", body="electra", length=7)
    assert (config.model.body, config.model.masking, config.model.length) == ("electra", "mlm", 7)
    assert {"masking", "body"} <= configured({"model": "bert-mlm"})[1]  # what --resume compares
    with pytest.raises(UsageError, match="gpt2 cannot take"):
        resolved(model="bert-mlm", body="gpt2")


@pytest.mark.parametrize("alias", ["gru4rec", "bert4rec"])
def test_a_method_of_several_rows_is_known_by_its_own_name(alias):
    config, _ = configured({"model": alias})
    assert config.method == ALIASES[alias]
    assert config.label == ALIASES[alias]
    assert {row.name for row in select(f"{alias},sasrec")} == {ALIASES[alias], "sasrec"}
    assert resolve(config)[0] == config


@pytest.mark.parametrize("model", ["ease", "sasrec"])
def test_other_rows_stay(model):
    config = resolved(model=model, length=5)
    assert (config.method, config.model.length) == (model, 5)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"model": "esae"}, "model esae: no row has this name; the nearest: ease"),
        ({"ensemble": "sasrec"}, "ensemble sasrec is no counting method; there are random, popularity"),
        ({"ensemble": "ease,sasrec"}, "ensemble sasrec is no counting method; there are random, popularity"),
        ({"ensemble": ","}, "ensemble names no counting method"),
        ({"ensemble": "ese"}, "ensemble ese: no row has this name; the nearest: ease"),
        ({"model": "als", "ensemble": "ease"}, "ensemble joins a network and a counting method"),
    ],
)
def test_refused_in_one_line(given, words):
    with pytest.raises(UsageError) as error:
        resolved(**given)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


def test_a_row_brings_its_training_and_a_file_goes_before_it(tmp_path):
    assert resolved(model="paper-all").training.criterion == "accuracy"
    assert resolved(model="paper-all", criterion="mrr@20").training.criterion == "mrr@20"
    assert resolve(RunConfig(method="paper-all"))[0].training.criterion == "accuracy"
    file = tmp_path / "mine.toml"
    file.write_text('method = "paper-all"\n[model]\nlength = 7\nnumbers = "binned"\n')
    config, _ = configured({}, file)
    assert (config.facts["row"], config.model.length, config.model.numbers) == ("paper-all", 7, "binned")
    assert config.model.positions == "sinusoidal"


def test_a_small_log_joins_the_default_model_with_counts_unless_something_is_said(tmp_path, capsys):
    from recsys.training.settle import FEW, SMALL, settled

    def partner(sends, file=None, climbs=9, **given):
        return settled(configured(given, file)[0], sends, climbs).ensemble

    assert partner(SMALL - 1, climbs=FEW) == "ease,sequential-knn"
    assert f"{SMALL - 1} training sends, fewer than {SMALL}, of {FEW} climbs" in capsys.readouterr().err
    assert partner(SMALL - 1, climbs=FEW + 1) == "item-knn,sequential-knn"
    assert "joined with item-knn or sequential-knn, as validation prefers" in capsys.readouterr().err
    assert partner(SMALL, climbs=FEW) is None
    assert partner(SMALL, climbs=FEW + 1) is None
    assert partner(9, ensemble="none") is None
    assert partner(9, ensemble=" ease, als,ease") == "ease,als"
    assert partner(9, ensemble="als", masking="mlm") == "als"
    assert partner(9, masking="mlm") is None
    assert partner(9, model="sasrec") is None
    assert partner(9, model="gpt2-clm") is None  # a row of the study is what it says
    kept = tmp_path / "config.json"
    kept.write_text(RunConfig().model_dump_json())
    assert partner(9, file=kept) is None
    assert "joined" not in capsys.readouterr().err


def test_the_default_model_reads_days_as_sets_where_they_have_no_order(tmp_path, capsys):
    from recsys.training.settle import TIED, settled

    def streams(tied=1.0, file=None, **given):
        config = configured(given, file)[0].model_copy(update={"facts": {"sends_of_unknown_order": tied}})
        return settled(config, 9, 9).model.streams

    assert streams() == "two"
    assert "days are read as sets (100% of the sends have no order" in capsys.readouterr().err
    assert streams(tied=TIED + 0.01) == "two"
    assert streams(positions="learned") == "two"
    assert streams(model="default") == "two"
    assert streams(model="default-ligr") == "two"
    assert streams(model="default-one-stream") == "one"
    assert streams(model="prenorm-clm") == "one"
    assert streams(tied=TIED) == "one"
    assert streams(day="file") == "one"
    assert streams(streams="one") == "one"
    assert streams(masking="last") == "one"
    assert streams(body="gpt2") == "one"
    kept = tmp_path / "config.json"
    kept.write_text(RunConfig().model_dump_json())
    assert streams(file=kept) == "one"


def test_a_row_of_the_study_is_settled_by_its_data(monkeypatch):
    from recsys.baselines.rows import ROWS
    from recsys.columns import BIN, ELAPSED_DAYS
    from recsys.training import methods

    found = []
    monkeypatch.setattr(methods, "fit_settings", lambda method, *_: found.append(method.config))
    schema = SimpleNamespace(column_names=[ELAPSED_DAYS + BIN])
    few = SimpleNamespace(training=range(9))
    for tied in (1.0, 0.0):
        config = RunConfig(facts={"sends_of_unknown_order": tied})
        for name in ("default", "default-one-stream", "positions-rotary", "bert-last"):
            methods.fit_method(ROWS[name], few, schema, config, 0, Path())
    assert [(each.streams, each.positions) for each in found] == [
        ("two", "time"), ("one", "time"), ("two", "rotary"), ("one", "learned"),
        ("one", "learned"), ("one", "learned"), ("one", "rotary"), ("one", "learned"),
    ]  # fmt: skip
    assert [each.networks for each in found] == [2, 2, 1, 1] * 2


def test_the_default_model_has_as_many_networks_as_pay(tmp_path, capsys):
    from recsys.training.settle import settled

    def networks(sends=19_999, file=None, **given):
        return settled(configured(given, file)[0], sends, 9).model.networks

    assert [networks(sends) for sends in (1, 19_999, 20_000, 99_999, 100_000)] == [2, 2, 4, 4, 1]
    assert "\n4 networks (99999 training sends; `networks` 1: one)\n" in capsys.readouterr().err
    assert networks(d_model=32) == 2
    assert networks(networks=1) == 1
    assert networks(20_000, networks=3) == 3
    assert networks(masking="mlm") == 1  # the user's own command stays what it was
    assert networks(masking="mlm", networks=0) == 2
    assert networks(numbers="soft") == 1
    assert networks(body="bert", masking="last", networks=0) == 1
    assert networks(stream=4) == 1
    assert networks(model="default") == 2
    assert networks(model="prenorm-clm") == 1
    kept = tmp_path / "config.json"
    kept.write_text(RunConfig().model_dump_json())
    assert networks(file=kept) == 1


def test_few_sends_are_read_both_ways_whatever_the_objective(tmp_path, capsys):
    from recsys.training.settle import MANY, settled

    def direction(sends=MANY - 1, file=None, **given):
        return settled(configured(given, file)[0], sends, 9).model.direction

    assert (direction(), direction(MANY)) == ("both", "forward")
    assert "logbooks are read both ways (249999 training sends" in capsys.readouterr().err
    for given in ({"masking": "mlm"}, {"masking": "last", "body": "bert"}, {"model": "gpt2-clm"}):
        assert (direction(**given), direction(MANY, **given)) == ("both", "forward")
    assert direction(MANY, direction="both") == "both"
    assert direction(direction="forward") == direction(model="paper-all") == "forward"
    kept = tmp_path / "config.json"
    kept.write_text(RunConfig().model_dump_json())
    assert direction(MANY, file=kept) == "both"  # as it says


def test_the_default_model_knows_places_by_days_where_days_have_no_order(tmp_path, capsys):
    from recsys.training.settle import UNORDERED, settled

    def positions(tied=1.0, dated=True, file=None, **given):
        config = configured(given, file)[0].model_copy(update={"facts": {"sends_of_unknown_order": tied}})
        return settled(config, 9, 9, dated).model.positions

    assert positions() == "time"
    assert "positions by days too (100% of the sends have no order in their day" in capsys.readouterr().err
    assert positions(tied=UNORDERED) == "learned"
    assert positions(dated=False) == "learned"
    assert positions(positions="learned") == "learned"
    assert positions(positions="rotary") == "rotary"
    assert positions(masking="mlm") == "learned"  # the user's own command stays what it was
    assert positions(masking="mlm", positions="auto") == "time"
    assert positions(body="gpt2", positions="auto") == "learned"
    kept = tmp_path / "config.json"
    kept.write_text(RunConfig().model_dump_json())
    assert positions(file=kept) == "learned"
    assert "positions by days" in capsys.readouterr().err


def test_the_protocol_says_how_many_climbers_have_a_validation():
    given = {"split": "leave-one-out", "validation_climbers": 9}
    assert described(RunConfig(**given))["validation_climbers"] == 9
    assert "validation_climbers" not in described(RunConfig())
