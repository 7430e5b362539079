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
from smsim.outcomes import spent_on
from smsim.plots.style import (
    INK,
    NORMAL,
    OKABE_ITO,
    SMALL,
    add_legend,
    finish,
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
    """How a part of a bar is called and filled; hatches keep neighbours apart in grey."""

    label: str
    colour: tuple[float, float, float] | str
    hatch: str


PARTS = {
    "own": Part("own conviction", "#555555", ""),
    "peer": Part("neighbours", OKABE_ITO[6], "\\\\"),
    "visit": Part("home visits", OKABE_ITO[5], ""),
    "dialogue": Part("dialogues", OKABE_ITO[1], ""),
    "leader": Part("leaders", OKABE_ITO[3], "//"),
    "media": Part("media", OKABE_ITO[4], ""),
    "action": Part("collective action", OKABE_ITO[6], "\\\\"),
    "service": Part("service slots", OKABE_ITO[2], ".."),
    "incentive": Part("incentives", OKABE_ITO[7], ""),
    "link": Part("another behaviour", "#cccccc", ""),
    "monitor": Part("monitoring", "#555555", ""),
    "set-up": Part("set-up", "#9a9a9a", "//"),
    "supervision": Part("supervision", "#cccccc", ""),
    "unspent": Part("unspent", "#ffffff", "xx"),
}


def spending_figure(comparison: Comparison) -> Figure:
    """What each strategy spends on what, US$, means over the worlds; set-up in one piece, and what was left unspent."""
    bars = {}
    for name in comparison.campaigns:
        bar = {item: comparison.mean(name, spent_on(item)) for item in (*ACTIVITIES, SUPERVISION)}
        bar["set-up"] = math.fsum(comparison.mean(name, spent_on(item)) for item in SETUP)
        bar["unspent"] = comparison.mean(name, "unspent")
        bars[name] = bar
    figure = _stacked(bars)
    axes = figure.axes[0]
    axes.set_xlabel("US$", fontsize=NORMAL)
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    return finish(figure)


def source_figure(comparison: Comparison, behaviour: str) -> Figure:
    """What moved households to adopt during the campaign: share of adoptions by source, means over the worlds."""
    bars = {}
    for name in comparison.strategies:
        shares = {source: comparison.mean(name, f"adopted_through_{source}", behaviour) for source in SOURCES}
        bars[name] = {source: value for source, value in shares.items() if math.isfinite(value)}
    figure = _stacked(bars)
    axes = figure.axes[0]
    axes.set_xlabel(f"share of adoptions during the campaign: {short(behaviour, 40)}", fontsize=NORMAL)
    axes.set_xlim(0, 1)
    share_axis(axes.xaxis)
    axes.yaxis.grid(False)
    return finish(figure)


def _stacked(bars: Mapping[str, Mapping[str, float]]) -> Figure:
    """One bar per strategy; parts wide enough carry their share of the bar, and the legend names them all."""
    parts = [part for part in PARTS if any(bar.get(part, 0) > 0 for bar in bars.values())]
    legend = 0.2 * -(-len(parts) // 4)  # inches
    figure = new_figure(0.85 + 0.44 * len(bars) + legend)
    axes = figure.subplots()
    widest = max((math.fsum(bar.values()) for bar in bars.values()), default=0.0) or 1.0
    for place, bar in enumerate(bars.values()):
        left, whole = 0.0, math.fsum(bar.values())
        for part in parts:
            value, (_, colour, hatch) = bar.get(part, 0.0), PARTS[part]
            lines = "#999999" if part == "unspent" else (1.0, 1.0, 1.0, 0.55)
            axes.barh(
                place, value, 0.68, left, color=colour, edgecolor="white", linewidth=0.8, hatch=hatch, hatchcolor=lines
            )
            if value > 0.055 * widest:
                plate = {"boxstyle": "round,pad=0.15", "facecolor": "white", "edgecolor": "none", "alpha": 0.88}
                axes.text(
                    left + value / 2, place, f"{value / whole:.0%}",
                    ha="center", va="center", fontsize=SMALL, color=INK, bbox=plate,
                )  # fmt: skip
            left += value
    axes.set_yticks(range(len(bars)), [wrapped(say(name)) for name in bars])
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.tick_params(axis="y", length=0)
    handles = [
        Patch(facecolor=look.colour, hatch=look.hatch, hatchcolor="#999999" if name == "unspent" else "white",
              edgecolor="#999999", linewidth=0.5, label=look.label)
        for name, look in PARTS.items() if name in parts
    ]  # fmt: skip
    set_margins(figure, left=0.2, right=0.97, bottom=0.52, top=0.14 + legend)
    add_legend(figure, handles)
    return figure
