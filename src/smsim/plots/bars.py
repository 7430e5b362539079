"""Stacked bars: where the money goes, and what moved people."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator

from smsim.costs import SETUP, SUPERVISION
from smsim.engine.arrays import ACTIVITIES, SOURCES
from smsim.i18n import Words
from smsim.labels import ENGLISH, activity_names, source_names
from smsim.outcomes import spent_on
from smsim.plots.style import (
    INK,
    NORMAL,
    OKABE_ITO,
    SMALL,
    add_legend,
    finish,
    legend_columns,
    new_figure,
    say,
    set_margins,
    share_axis,
    short,
    wrapped,
)

if TYPE_CHECKING:
    from smsim.compare import Comparison


class Part(NamedTuple):
    """How a part of a bar is filled; hatches keep neighbours apart in grey."""

    colour: tuple[float, float, float] | str
    hatch: str


PARTS = {
    "own": Part("#555555", ""),
    "peer": Part(OKABE_ITO[6], "\\\\"),
    "visit": Part(OKABE_ITO[5], ""),
    "dialogue": Part(OKABE_ITO[1], ""),
    "leader": Part(OKABE_ITO[3], "//"),
    "media": Part(OKABE_ITO[4], ""),
    "action": Part(OKABE_ITO[6], "\\\\"),
    "service": Part(OKABE_ITO[2], ".."),
    "incentive": Part(OKABE_ITO[7], ""),
    "link": Part("#cccccc", ""),
    "monitor": Part("#555555", ""),
    "set-up": Part("#9a9a9a", "//"),
    "supervision": Part("#cccccc", ""),
    "unspent": Part("#ffffff", "xx"),
}


def spending_figure(comparison: Comparison, words: Words = ENGLISH) -> Figure:
    """What each strategy spends on what, US$, means over the worlds; set-up in one piece, and what was left unspent."""
    bars = {}
    for name in comparison.campaigns:
        bar = {item: comparison.mean(name, spent_on(item)) for item in (*ACTIVITIES, SUPERVISION)}
        bar["set-up"] = math.fsum(comparison.mean(name, spent_on(item)) for item in SETUP)
        bar["unspent"] = comparison.mean(name, "unspent")
        bars[name] = bar
    _ = words
    figure = _stacked(bars, activity_names(words) | {"set-up": _("set-up")}, words)
    axes = figure.axes[0]
    axes.set_xlabel(_("US$"), fontsize=NORMAL)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: words.number(value)))
    return finish(figure)


def source_figure(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> Figure:
    """What moved households to adopt during the campaign: share of adoptions by source, means over the worlds."""
    bars = {}
    for name in comparison.strategies:
        shares = {source: comparison.mean(name, f"adopted_through_{source}", behaviour) for source in SOURCES}
        bars[name] = {source: value for source, value in shares.items() if math.isfinite(value)}
    figure = _stacked(bars, source_names(words), words)
    axes = figure.axes[0]
    _ = words
    axes.set_xlabel(
        _("{behaviour}: share of adoptions during the campaign", behaviour=short(behaviour, 40)), fontsize=NORMAL
    )
    axes.set_xlim(0, 1)
    share_axis(axes.xaxis, words)
    axes.yaxis.grid(False)
    return finish(figure)


def _stacked(bars: Mapping[str, Mapping[str, float]], labels: Mapping[str, str], words: Words) -> Figure:
    """One bar per strategy; parts wide enough carry their share of the bar, and the legend names them all."""
    parts = [part for part in PARTS if any(bar.get(part, 0) > 0 for bar in bars.values())]
    columns = legend_columns(labels[part] for part in parts)
    legend = 0.2 * -(-len(parts) // columns)  # inches
    figure = new_figure(0.85 + 0.44 * len(bars) + legend)
    axes = figure.subplots()
    widest = max((math.fsum(bar.values()) for bar in bars.values()), default=0.0) or 1.0
    for place, bar in enumerate(bars.values()):
        left, whole = 0.0, math.fsum(bar.values())
        for part in parts:
            value, (colour, hatch) = bar.get(part, 0.0), PARTS[part]
            lines = "#999999" if part == "unspent" else (1.0, 1.0, 1.0, 0.55)
            axes.barh(
                place, value, 0.68, left, color=colour, edgecolor="white", linewidth=0.8, hatch=hatch, hatchcolor=lines
            )
            if value > 0.055 * widest:
                plate = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.88}
                axes.text(
                    left + value / 2, place, words.percent(value / whole),
                    ha="center", va="center", fontsize=SMALL, color=INK, bbox=plate,
                )  # fmt: skip
            left += value
    axes.set_yticks(range(len(bars)), [wrapped(say(name, words)) for name in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    handles = [
        Patch(facecolor=look.colour, hatch=look.hatch, hatchcolor="#999999" if name == "unspent" else "white",
              edgecolor="#999999", linewidth=0.5, label=labels[name])
        for name, look in PARTS.items() if name in parts
    ]  # fmt: skip
    set_margins(figure, left=0.2, right=0.97, bottom=0.52, top=0.14 + legend)
    add_legend(figure, handles, columns=columns)
    return figure
