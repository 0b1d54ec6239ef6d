"""What `monitor` found as one HTML page: no script, no outside address."""

from __future__ import annotations

from html import escape
from typing import Final

from recsys.evaluation.bootstrap import Interval
from recsys.monitoring.drift import Drift
from recsys.monitoring.hits import Hits
from recsys.monitoring.monitor import Watch
from recsys.nouns import spoken

_STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}
th,td{text-align:left;padding:.25rem .75rem .25rem 0;border-bottom:1px solid #8884}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
.bar{display:inline-block;height:.6rem;background:#3b7a57}.bar.new{background:#b5651d}
.alarm{font-weight:700;color:#b3261e}@media(prefers-color-scheme:dark){.alarm{color:#ffb4ab}}
"""
_MOST: Final = 25  # bins that are drawn


def page(watch: Watch) -> str:
    """The page as text, in the words of the run's domain; names and values are as they are logged."""
    state = (
        f"{len(watch.alarms)} of {len(watch.checks)} thresholds passed"
        if watch.alarms
        else "all within limits"
    )
    told = spoken(f"{watch.sends:,} new sends of {watch.climbers:,} climbers")
    parts = [
        f"<h1>{escape(watch.run)} in use: {state}</h1>",
        f"<p>{escape(told)}, {escape(watch.first)} to {escape(watch.last)}; {watch.known_already:,} rows "
        "were known already.</p>",
        _checks(watch), "<h2>Hits</h2>", _hits(watch.hits), *(_drift(each) for each in watch.drifts),
    ]  # fmt: skip
    title = f"{escape(watch.run)} in use"
    head = (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head>'
    )
    return f"{head}<body><main>{''.join(parts)}</main></body></html>\n"


def _checks(watch: Watch) -> str:
    rows = "".join(
        f'<tr><td>{escape(spoken(each.name))}</td><td class="n">{each.value:.3f}</td>'
        f'<td class="n">{each.limit:.3f}</td>'
        f"<td{' class=alarm' if each.alarm else ''}>{'alarm' if each.alarm else 'fine'}</td></tr>"
        for each in watch.checks
    )
    return (
        '<h2>Checks</h2><table><tr><th>reading</th><th class="n">value</th><th class="n">limit</th>'
        "<th></th></tr>"
        f"{rows}</table>"
    )


def _hits(hits: Hits | None) -> str:
    if hits is None:
        return f"<p>{escape(spoken('No climber has both a recommendation and a later send.'))}</p>"
    told = (
        f"Of {hits.climbers:,} climbers, {hits.hit:.1%} {_interval(hits.hit_ci95)} sent a recommended "
        f"climb within their next ten; {hits.share:.1%} of the recommended were sent. The popular climbs "
        f"would have hit for {hits.popular:.1%} {_interval(hits.popular_ci95)}."
    )
    return f"<p>{escape(spoken(told))}</p>"


def _interval(bounds: Interval) -> str:
    low, high = bounds
    return "" if low is None or high is None else f"[{low:.1%}, {high:.1%}]"


def _drift(found: Drift) -> str:
    widest = max((max(a, b) for _, a, b in found.bins), default=1.0) or 1.0
    rows = "".join(
        f"<tr><td>{escape(value)}</td><td>{_bar(a / widest)}<br>{_bar(b / widest, ' new')}</td>"
        f'<td class="n">{a:.1%}</td><td class="n">{b:.1%}</td></tr>'
        for value, a, b in found.bins[:_MOST]
    )
    left = len(found.bins) - _MOST
    return (
        f"<h2>{escape(spoken(found.column))}</h2><p>PSI {found.psi:.3f} ({found.by_chance:.3f} by chance), "
        f"Jensen-Shannon distance {found.js:.3f}.</p><table><tr><th>value</th><th></th>"
        f'<th class="n">training</th><th class="n">new</th></tr>{rows}</table>'
        + (f"<p>{left} more values.</p>" if left > 0 else "")
    )


def _bar(share: float, kind: str = "") -> str:
    return f'<span class="bar{kind}" style="width:{12 * share:.2f}rem"></span>'
