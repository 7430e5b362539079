"""What the workshop says in words: the answer, cards, legends, and why a household does it. HTML without scripts."""

from __future__ import annotations

from html import escape

import numpy as np

from smsim.app.compute import Answer
from smsim.app.names import stage_names
from smsim.app.scenes import STAGE_LOOKS
from smsim.app.why import Why
from smsim.findings import point_digits
from smsim.i18n import Words
from smsim.labels import source_names
from smsim.outcomes import COUNTED_BY_CASE
from smsim.strategy import NONE

# What stands beside an event: drawn, for fonts lack such signs. Paths in a square of 16.
EVENT_MARKS = {
    "visit": "M2 8 L8 2 L14 8 M4 7 V14 H12 V7",
    "dialogue": "M5 6 a2.2 2.2 0 1 0 .1 0 M11 6 a2.2 2.2 0 1 0 .1 0 M1 15 q4 -6 8 0 M8 13 q3 -4 7 2",
    "media": "M3 6 V10 H6 L10 13 V3 L6 6 Z M12 5 q3 3 0 6",
    "neighbour": "M1 8 q7 -9 14 0 q-7 9 -14 0 M8 6 a2 2 0 1 0 .1 0",
    "mind": "M8 2 a6 6 0 1 0 .1 0 M5 8 L7 11 L11 5",
    "does": "M2 8 L6 13 L14 3",
    "rumour": "M2 3 H14 V11 H8 L4 15 V11 H2 Z",
    "lost": "M3 3 L13 13 M13 3 L3 13",
}


def who(words: Words, kind: str) -> str:
    """Whom coverage counts."""
    _ = words
    return _("of those due are served") if kind in COUNTED_BY_CASE else _("of households do it")


def headline(answer: Answer, names: dict[str, str], labels: dict[str, str], behaviour: int, words: Words) -> str:
    """The answer in two sentences: how far each plan came, and whether the worlds tell them apart."""
    _ = words
    a, b = (answer.group(names[side], behaviour=behaviour)[0] for side in ("A", "B"))
    none = answer.group(NONE, behaviour=behaviour)[0]
    kind = str(list(answer.scenario.behaviours.values())[behaviour]["kind"])
    first = _(
        "At the end of the campaign {a} {whom} under plan A and {b} under plan B; without a campaign, {none}.",
        a=f"<b class='a'>{words.percent(a, 1)}</b>", b=f"<b class='b'>{words.percent(b, 1)}</b>",
        none=words.percent(none, 1), whom=who(words, kind),
    )  # fmt: skip
    return f"<p class='headline'>{first} {ahead(answer, names, behaviour, words)}</p>"


def ahead(answer: Answer, names: dict[str, str], behaviour: int, words: Words) -> str:
    """Which plan is ahead, if the worlds tell; both weeks."""
    _ = words
    if names["A"] == names["B"]:
        return _("The two plans are the same.")
    sentences = []
    for later, when in ((False, _("At the end")), (True, _("A year later") if _year(answer) else _("Later on"))):
        found = answer.difference(names["A"], names["B"], behaviour, later)
        if not np.isfinite(found.mean):
            continue
        if not found.separated:
            sentences.append(_("{when}, these worlds do not tell them apart.", when=when))
            continue
        won = found.a_beats_b if found.mean > 0 else 1 - found.a_beats_b
        sentences.append(
            _(
                "{when}, plan {side} is ahead, by {points} points; in {won} of {worlds} worlds.",
                when=when, side=f"<b class='{'a' if found.mean > 0 else 'b'}'>{'A' if found.mean > 0 else 'B'}</b>",
                points=words.number(100 * abs(found.mean), point_digits(found.mean)),
                won=words.number(round(won * answer.worlds)), worlds=words.number(answer.worlds),
            )
        )  # fmt: skip
    return " ".join(sentences)


def _year(answer: Answer) -> bool:
    return answer.weeks.follow_up - answer.weeks.end == 52


def cards(answer: Answer, names: dict[str, str], labels: dict[str, str], behaviour: int, words: Words) -> str:
    """One card per plan: at the end, later, and what an additional adopter costs."""
    _ = words
    kind = str(list(answer.scenario.behaviours.values())[behaviour]["kind"])
    after = answer.weeks.follow_up - answer.weeks.end
    counted = _("per additional person served") if kind in COUNTED_BY_CASE else _("per additional adopter")
    html = []
    for side, name in names.items():
        end, low, high = answer.group(name, behaviour=behaviour)
        later = answer.group(name, behaviour=behaviour, later=True)[0]
        cost = answer.cost(name, behaviour)
        price = words.money(cost.value, cents=cost.value < 20)
        span = (
            _("{low} to {high}", low=words.money(cost.lower), high=words.money(cost.upper))
            if np.isfinite(cost.lower) and np.isfinite(cost.upper)
            else _("not to be told from none")
        )
        away = answer.turned_away(name, behaviour)
        rows = (
            (
                words.percent(end, 1),
                _("at the end ({low} to {high})", low=words.percent(low), high=words.percent(high)),
            ),
            (words.percent(later, 1), words.plural("{n} week later", "{n} weeks later", after)),
            (price, f"{counted} ({span})"),
            (words.percent(away), _("turned away at the service")),
        )
        items = "".join(f"<div><b>{value}</b><span>{text}</span></div>" for value, text in rows)
        html.append(f"<section class='card {side.lower()}'><h3>{escape(labels[side])}</h3>{items}</section>")
    return f"<div class='cards'>{''.join(html)}</div>"


def moved_by(answer: Answer, names: dict[str, str], behaviour: int, words: Words) -> str:
    """What moved those who adopted, in a sentence per plan."""
    _ = words
    said = source_names(words)
    html = ""
    for side, name in names.items():
        shares = sorted(answer.sources(name, behaviour).items(), key=lambda pair: -pair[1])
        listed = words.listed(
            f"{said[source]} {words.percent(share)}" for source, share in shares[:4] if share >= 0.005
        )
        text = _("Plan {side}: what weighed most for those who took it up: {sources}.", side=side, sources=listed)
        nobody = _("Plan {side}: nobody took it up.", side=side)
        html += f"<p class='{side.lower()}'>{text if listed else nobody}</p>"
    return f"<div class='moved'>{html}</div>"


def stage_legend(words: Words) -> str:
    """What the marks of the village mean."""
    _ = words
    shapes = {
        "circle": "<circle cx='9' cy='9' r='6.5'",
        "triangle": "<path d='M9 2 L16 15 L2 15 Z'",
        "square": "<rect x='2.5' y='2.5' width='13' height='13'",
        "inverted_triangle": "<path d='M9 16 L16 3 L2 3 Z'",
    }
    items = [
        f"<span><svg width='18' height='18' aria-hidden='true'>{shapes[marker]} fill='{fill}' stroke='{line}' "
        f"stroke-width='1.5'/></svg>{escape(name)}</span>"
        for (fill, line, marker, _size), name in zip(STAGE_LOOKS, stage_names(words), strict=True)
    ]
    tie = (
        "<svg width='26' height='18' aria-hidden='true'><line x1='1' y1='9' x2='25' y2='9' stroke='#CC0077' "
        "stroke-width='4'/></svg>"
    )
    carried = _("a tie that just carried an adoption")
    items.append(f"<span>{tie}{escape(carried)}</span>")
    return f"<div class='legend'>{''.join(items)}</div>"


def why_html(found: Why, side: str, label: str, week: int, words: Words) -> str:
    """Why a household does it, or not yet, under one plan, as of a campaign week (1 is the first, 0 before it)."""
    _ = words
    bar = ""
    if np.isfinite(found.needed):
        top = max(sum(points for _, points in found.support), found.needed, 1.0) * 1.08
        colours = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442")
        parts = "".join(
            f"<i style='width:{100 * max(points, 0) / top:.1f}%;background:{colour}'></i>"
            for (_, points), colour in zip(found.support, colours, strict=True)
        )
        need = min(max(100 * found.needed / top, 0), 100)
        key = "".join(
            f"<span><i style='background:{colour}'></i>{escape(text)} {words.number(points)}</span>"
            for (text, points), colour in zip(found.support, colours, strict=True)
            if points >= 0.5
        )
        needed = _("needs {points}", points=words.number(max(found.needed, 0)))
        title = (
            _("Support in week {week}, in points", week=words.number(found.support_week + 1))
            if found.support_week >= 0
            else _("Support, in points")
        )
        bar = (
            f"<h4>{title}</h4><div class='bar'>{parts}<em style='inset-inline-start:{need:.1f}%'></em></div>"
            f"<p class='key'>{key}<span><i class='line'></i>{needed}</span></p>"
        )
    rows = "".join(
        f"<li><b>{words.number(e.week + 1) if e.week >= 0 else '–'}</b><svg viewBox='0 0 16 16' aria-hidden='true'>"
        f"<path d='{EVENT_MARKS[e.kind]}'/></svg><span>{escape(e.text)}</span></li>"
        for e in found.events
    )
    when = _("In week {week}", week=words.number(week)) if week else _("Before the campaign")
    happened = _("What happened, week by week")
    return (
        f"<section class='why {side.lower()}'><h3>{escape(label)}</h3><h4>{when}</h4>"
        f"<p><strong>{escape(found.verdict)}</strong></p><p class='note'>{escape(found.later)}</p>"
        f"{bar}<h4>{happened}</h4><ol>{rows}</ol></section>"
    )
