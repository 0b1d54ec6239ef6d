"""Names of months in the languages that exports and spreadsheets are written in.

A word stands for a month when it is one of the usual short forms, or the beginning of a month's name in one
language or several that mean the same one. "listopada" is November in Polish and October in Croatian: it
stands for none, for a date is better missing than a month off.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from recsys.logbooks.importing.text import slug

_SHORT: Final = (
    "jan ene gen sty янв", "feb fev lut фев", "mar mrz mrt maa мар", "apr avr abr kwi апр",
    "may mai mag mei maj май мая", "jun giu cze июн", "jul lug lip июл", "aug ago aou sie авг",
    "sep set wrz сен", "oct okt ott out paz окт", "nov ноя", "dec dez dic des gru дек",
)  # fmt: skip
_NAMES: Final = (
    "january januar janner jänner janvier enero gennaio janeiro januari stycznia styczen ledna leden "
    "tammikuuta tammikuu января январь januara januarja ocak ianuarie gener",
    "february februar feber fevrier febrero febbraio fevereiro februari lutego luty unora unor helmikuuta "
    "helmikuu февраля февраль februara februarja subat februarie febrer",
    "march marz maerz mars marzo marco maart marca marzec brezna brezen maaliskuuta maaliskuu марта март "
    "mart martie marc",
    "april avril abril aprile kwietnia kwiecien dubna duben huhtikuuta huhtikuu апреля апрель aprila nisan "
    "aprilie",
    "may mai mayo maggio maio mei maj maja kvetna kveten toukokuuta toukokuu мая май mayis maig",
    "june juni juin junio giugno junho czerwca czerwiec cervna cerven kesakuuta kesakuu июня июнь juna "
    "junija haziran iunie juny",
    "july juli juillet julio luglio julho lipca lipiec cervence cervenec heinakuuta heinakuu июля июль jula "
    "julija temmuz iulie juliol",
    "august aout agosto augustus augusti sierpnia sierpien srpna elokuuta elokuu августа август augusta "
    "avgusta agustos agost",
    "september septembre septiembre settembre setembro wrzesnia wrzesien zari syyskuuta syyskuu сентября "
    "сентябрь septembra eylul septembrie setembre",
    "october oktober octobre octubre ottobre outubro pazdziernika pazdziernik rijna rijen lokakuuta lokakuu "
    "октября октябрь oktobra ekim octombrie",
    "november novembre noviembre novembro listopada listopad listopadu marraskuuta marraskuu ноября ноябрь "
    "novembra kasim noiembrie",
    "december dezember decembre diciembre dicembre dezembro desember grudnia grudzien prosince prosinec "
    "joulukuuta joulukuu декабря декабрь decembra aralik decembrie desembre",
)  # fmt: skip
# Croatian names that are another month's in Polish or Czech.
_ELSEWHERE: Final = {10: ("listopada", "listopad"), 7: ("srpnja", "srpanj"), 6: ("lipnja", "lipanj")}


def _table(lists: tuple[str, ...]) -> dict[str, set[int]]:
    table: dict[str, set[int]] = {}
    for number, words in enumerate(lists, 1):
        for word in words.split():
            table.setdefault(slug(word), set()).add(number)
    return table


_SHORT_FORMS: Final = {word: next(iter(months)) for word, months in _table(_SHORT).items()}
_FULL: Final = _table(_NAMES)
for _month, _words in _ELSEWHERE.items():
    for _word in _words:
        _FULL.setdefault(_word, set()).add(_month)


@lru_cache(maxsize=1024)
def month_of(name: str) -> int | None:
    """The month of a word, 1 to 12; None where it is of none, or of several."""
    word = slug(name)
    if word in _SHORT_FORMS:
        return _SHORT_FORMS[word]
    found = _FULL.get(word) or {
        month for full, months in _FULL.items() if len(word) > 2 and full.startswith(word) for month in months
    }
    return next(iter(found)) if len(found) == 1 else None
