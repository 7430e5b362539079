"""The first thing a trainer sees who names no file: the five lessons, and the scenarios that lie here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import urlencode

from smsim.app.lessons import LESSONS, PREFIX
from smsim.i18n import Words


def start_page(words: Words, titles: Iterable[str]) -> str:
    """Links to every lesson and every scenario, in a language; a link names both, so that a reload keeps them."""
    _ = words

    def link(title: str, said: str) -> str:
        return f"<a href='?{escape(urlencode({'lang': words.language, 'scenario': title}))}'>{escape(said)}</a>"

    lessons = "".join(
        f"<li>{link(PREFIX + key, _(one.title))}<p>{escape(_(one.setting))}</p></li>" for key, one in LESSONS.items()
    )
    places = "".join(f"<li>{link(title, title)}</li>" for title in titles)
    here = f"<ul>{places}</ul>" if places else f"<p>{escape(_none_here(words))}</p>"
    return (
        f"<div class='start'><section><h2>{escape(_('Lessons of ten minutes'))}</h2><ol>{lessons}</ol></section>"
        f"<section><h2>{escape(_('Scenarios'))}</h2>{here}</section></div>"
    )


def _none_here(words: Words) -> str:
    _ = words
    return _("No scenario file lies here. Start the workshop with one, “smsim app FILE”, or choose a lesson.")
