"""The model card: what a run is, what it saw, how well it does and where it fails (Mitchell et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from recsys.columns import ATTRIBUTES
from recsys.evaluation.report import lists_table, markdown_table, models
from recsys.nouns import nouns_of, spoken

_FRONT: Final = """---
{library}tags: [recommendation, sequential-recommendation, {domain}]
---
"""
_WHAT: Final = (
    "A sequential recommender for climbers: from the climbs that a climber sent, in order, it ranks every "
    "climb of its catalogue by how likely it is the next one. It is meant for suggesting climbs and for "
    "research on recommendation; it is no judgement of a climber's ability or of a climb's safety."
)
_SIMULATED: Final = (
    "**These logbooks are SIMULATED.** No real climber's sends were used: the numbers below say how well the "
    "model recovers the simulator's rules, not how well it serves real climbers."
)
_PROTOCOL: Final = {
    "prompted": "*prompted*: the target's other features{features} are given.",
    "dated": "*dated*: the target's date alone is given, as by `--when`.",
    "unprompted": "*unprompted*: nothing about the target is given.",
    "popularity": "*popularity*: the same ranking for everyone, by the number of sends in training.",
    "random": "*random*: uniform scores, what chance reaches.",
}
_DAYS: Final = {
    "set": "sends of one date that nothing orders are a set, and none of a target's own day is read.",
    "seeded": "sends of one date that nothing orders are in an order drawn by seed.",
    "file": "sends of one date that nothing orders are as in the file, which may tell what comes next.",
}
_RANKING: Final = (
    "Each case hides one send and ranks the full catalogue; accuracy is recall@1. Ties count against the "
    "model, and a target that the catalogue does not have is a miss."
)
_SETTINGS: Final = {
    "method": "method",
    "settings": "fitted as",
    "ensemble": "with the scores of",
    "body": "transformer body",
    "masking": "masking",
    "features": "features",
    "aggregation": "aggregation of features",
    "split": "split",
    "length": "sequence length (sends)",
    "epochs": "epochs",
    "batch_size": "batch size (sequences)",
    "learning_rate": "learning rate",
    "seed": "seed",
}


def model_card(
    config: Mapping[str, Any],
    metrics: Mapping[str, Any],
    data: Mapping[str, Any],
    curve: str | None = None,
    reliability: str | None = None,
) -> str:
    """MODEL_CARD.md, filled from a run's config.json, metrics.json and facts about its data.

    `data["simulated"]` true adds the warning; every other plain entry of `data` becomes a line. Settings are
    looked up by name at any depth of `config`. Whatever is missing is left out. `curve` and
    `reliability` are file names of pictures: of the learning curve, and of what came against what was said.
    """
    name = _text(config.get("name") or str(config.get("output") or "").rstrip("/").split("/")[-1] or "model")
    sections = {
        "What it is": _what(config),
        "Data": _data(data),
        "Protocol": _protocol(metrics, config),
        "Results": markdown_table(metrics).strip() if models(metrics) else "",
        "What the lists are like": lists_table(metrics),
        "Calibration": _calibration(metrics.get("calibration") or {}, reliability),
        "Learning curve": f"![Loss and recall@10 on validation, epoch by epoch]({curve})" if curve else "",
        "Limits": _limits(metrics, data),
        "Privacy and trust": _privacy(metrics),
        "How to use": _use(config),
    }
    body = [f"## {title}\n{text}\n" for title, text in sections.items() if text]
    text = "\n".join([f"# Model card: {name}\n", *body])
    return f"{_front(config, data)}\n{spoken(text, nouns_of(data))}"


def _front(config: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    """What a model hub reads; under which licence the model is, its owner says."""
    nouns = nouns_of(data)
    domain = spoken("climbing" if "climbing" in nouns or not nouns else "climbs", nouns)
    library = config.get("library")
    return _FRONT.format(library=f"library_name: {library}\n" if library else "", domain=domain)


def _what(config: Mapping[str, Any]) -> str:
    found = {label: _find(config, key) for key, label in _SETTINGS.items()}
    return _join(_WHAT, [f"{label}: {_text(value)}" for label, value in found.items() if value is not None])


def _data(data: Mapping[str, Any]) -> str:
    plain = {k: v for k, v in data.items() if k != "simulated" and isinstance(v, (str, int, float))}
    facts = [f"{_text(key).replace('_', ' ')}: {_text(value)}" for key, value in plain.items()]
    return _join(_SIMULATED if data.get("simulated") else "", facts)


def _protocol(metrics: Mapping[str, Any], config: Mapping[str, Any]) -> str:
    known = metrics.get("protocol") or {}
    features = (config.get("model") or {}).get("features") or ()
    told = ", ".join(str(name).replace("_", " ") for name in features if name in ATTRIBUTES)
    lines = [_PROTOCOL[name] for name in models(metrics) if name in _PROTOCOL]
    lines = [each.format(features=f" ({told})" if told else "") for each in lines]
    if str(known.get("prompt", "")).startswith("not read"):
        lines.append("*prompt*: the method reads none; what is asked for only filters.")
    if known.get("day") in _DAYS:
        lines.append(f"*days* ({known['day']}): {_DAYS[known['day']]}")
    if "history" in known:
        lines.append(f"*history* of a target: {_text(known['history'])}.")
    if "min_sends" in known:
        lines.append(f"*fewest sends* of a climb and of a climber: {_text(known['min_sends'])} sends.")
    return _join(_RANKING, lines)


def _calibration(found: Mapping[str, Any], picture: str | None) -> str:
    """How far probabilities are from what came, prompted and not: the error, and the bins as a table."""
    parts = []
    for name in ("unprompted", "prompted"):
        block = found.get(name)
        if not block:
            continue
        temperature = (found.get("temperature") or {}).get(name, 1.0)
        rows = [f"| {each['said']:.2%} | {each['was']:.2%} | {each['count']:,} |" for each in block["bins"]]
        parts.append(
            f"*{name}*: expected calibration error {block['error']:.4f} over the first {block['shown']} "
            f"climbs of {block['cases']:,} cases; scores are divided by {temperature:.4g}, fitted on "
            "validation.\n\n| said | was the next | climbs |\n|---|---|---|\n" + "\n".join(rows)
        )
    if parts and picture:
        parts.append(f"![Share that was the next climb against the probability said, by bin]({picture})")
    return "\n\n".join(parts)


def _limits(metrics: Mapping[str, Any], data: Mapping[str, Any]) -> str:
    limits = [
        "Climbs that are not in the catalogue cannot be recommended.",
        "Logbooks hold what was sent and logged, not what was tried and not what is safe.",
    ]
    if data.get("simulated"):
        limits.insert(0, "Nothing here was measured on real climbers.")
    if "prompted" in models(metrics):
        limits.append("The prompted row knows facts about the target; the baselines do not.")
    return _join("", limits)


def _privacy(metrics: Mapping[str, Any]) -> str:
    """What the folder holds of climbers, what the model gives away of them, and what must not be trusted."""
    lines = [
        "The run's folder holds the climbers' ids and sends, of comments and beta whether there were any; "
        "`recsys forget` takes a climber out."
    ]
    found = metrics.get("membership")
    if found:
        low, high = found["ci95"]
        lines.append(
            "Who knows a climber's logbook can tell by the model's loss on it whether it was trained on (Yeom"
            f" et al. 2018) with an AUC of {found['auc']:.3f} [{low:.3f}, {high:.3f}]: {found['members']} "
            f"climbers of the training against {found['others']} held out; 0.5 is guessing, 1 is certainty."
        )
    lines.append(
        "NVTabular's workflow beside it is a pickle, which can run any code of its maker: it is loaded with "
        "`--trust` alone, and only where the plain description is missing."
    )
    return _join("", lines)


def _use(config: Mapping[str, Any]) -> str:
    run = _text(config.get("output") or "runs/NAME")
    return (
        f"```sh\nrecsys recommend {run} --help   # how to name a climber\n"
        f"recsys evaluate {run} --help    # how to measure it again\n```"
    )


def _join(paragraph: str, lines: list[str]) -> str:
    bullets = "\n".join(f"- {line}" for line in lines)
    return "\n\n".join(part for part in (paragraph, bullets) if part)


def _find(config: Mapping[str, Any], key: str) -> Any:
    """The first plain value under this key, at any depth of nested mappings."""
    return next((value for name, value in _walk(config) if name == key and value is not None), None)


def _walk(config: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Plain entries of this level first, then those of the nested mappings."""
    yield from ((name, value) for name, value in config.items() if not isinstance(value, Mapping))
    for value in config.values():
        if isinstance(value, Mapping):
            yield from _walk(value)


def _text(value: object) -> str:
    """One line without Markdown or HTML structure."""
    if isinstance(value, (list, tuple)):
        return ", ".join(_text(each) for each in value)
    shown = f"{value:,}" if isinstance(value, int) and value >= 10_000 else str(value)  # years have no comma
    return " ".join(shown.replace("<", "&lt;").replace("|", "\\|").replace("`", "'").split())
