"""Differences between strategies, and between groups of households."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from smsim.outcomes import ALL, GROUPS
from smsim.plots.style import (
    FAINT,
    INK,
    NORMAL,
    SMALL,
    add_legend,
    finish,
    looks,
    new_figure,
    say,
    set_margins,
    set_row_gap,
    share_axis,
    short,
)
from smsim.strategy import NONE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from smsim.compare import Comparison

Pair = tuple[str, str]
COLUMNS = (("coverage_end", "end of campaign"), ("coverage_follow_up", "end of follow-up"))


def difference_figure(comparison: Comparison, behaviour: str) -> Figure:
    """Paired differences in coverage at the end of the campaign and of the follow-up, with 95% intervals.

    Hollow grey marks are differences that the worlds cannot tell from none: these strategies are not ranked.
    """
    blocks = _blocks(comparison.campaigns)
    rows = sum(len(pairs) for _, pairs in blocks)
    figure = new_figure(0.95 + 0.27 * rows + 0.75 * len(blocks))
    longest = 0  # letters
    heights = [len(pairs) + 0.4 for _, pairs in blocks]
    grid = figure.subplots(len(blocks), 2, sharex="row", sharey="row", squeeze=False, height_ratios=heights)
    for panels, (title, pairs) in zip(grid, blocks, strict=True):
        for axes, (outcome, when) in zip(panels, COLUMNS, strict=True):
            _intervals(axes, comparison, behaviour, outcome, pairs)
            axes.set_title(f"{when}, {title}", fontsize=SMALL, color=INK, loc="left")
        labels = [short(a, 20) if b == NONE else f"{short(a, 20)} − {short(b, 20)}" for a, b in pairs]
        longest = max(longest, *(len(label) for label in labels))
        panels[0].set_yticks(range(len(pairs)), labels)
        panels[0].set_ylim(len(pairs) - 0.4, -0.6)
    figure.text(
        0.62, 0.42 / figure.get_figheight(), "difference in coverage, percentage points", fontsize=SMALL, ha="center"
    )
    handles = [
        Line2D([], [], color=INK, marker="o", linewidth=2, label="told apart"),
        Line2D([], [], color=FAINT, marker="o", markerfacecolor="white", linewidth=1.2, label="cannot be told apart"),
    ]
    set_margins(figure, left=0.025 + 0.0096 * longest, right=0.98, bottom=0.78, top=0.3)
    figure.subplots_adjust(wspace=0.08)
    set_row_gap(figure, len(blocks), 0.62)
    add_legend(figure, handles, "lower left")
    return finish(figure)


def _blocks(campaigns: Sequence[str]) -> list[tuple[str, list[Pair]]]:
    """Pairs of strategies in two blocks: among campaigns, and campaigns against none."""
    among = [(a, b) for i, b in enumerate(campaigns) for a in campaigns[i + 1 :]]
    against = [(a, NONE) for a in campaigns]
    return [block for block in (("among strategies", among), ("against none", against)) if block[1]]


def _intervals(axes: Axes, comparison: Comparison, behaviour: str, outcome: str, pairs: Sequence[Pair]) -> None:
    """One row per pair: the difference a less b and its interval."""
    for place, (a, b) in enumerate(pairs):
        found = comparison.difference(a, b, outcome, behaviour)
        if not np.isfinite(found.mean):
            continue
        colour, face, width = (INK, INK, 2.0) if found.separated else (FAINT, "white", 1.2)
        axes.plot([found.lower, found.upper], [place, place], color=colour, linewidth=width, solid_capstyle="butt")
        axes.plot(found.mean, place, "o", color=colour, markerfacecolor=face, markersize=6)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    share_axis(axes.xaxis, unit="")
    axes.tick_params(axis="y", length=0)


def equity_figure(comparison: Comparison, behaviour: str) -> Figure:
    """Coverage at the end of the campaign by group of households: means, and what 90% of the worlds lie between."""
    styles = looks(comparison.strategies)
    rows = _group_rows(GROUPS)
    last = max(rows.values())
    step = max(0.3, 0.09 * len(styles) + 0.06)  # inches per row
    figure = new_figure(step * (last + 1.2) + 0.95)
    axes = figure.subplots()
    for rank, (name, look) in enumerate(styles.items()):
        shift = 0.74 * ((rank + 0.5) / len(styles) - 0.5)
        for group, place in rows.items():
            mean = comparison.mean(name, "coverage_end", behaviour, group)
            band = comparison.band(name, "coverage_end", behaviour, group)
            axes.plot(band, [place + shift] * 2, color=look.colour, linewidth=1.4, alpha=0.7)
            axes.plot(mean, place + shift, look.marker, color=look.colour, markersize=5.5)
    axes.set_yticks(list(rows.values()), [group_label(group) for group in rows])
    axes.set_ylim(last + 0.6, -0.6)
    most = float(axes.dataLim.x1)  # infinite if there is nothing to draw
    most = most if 0 < most < 1 else 1.0
    axes.set_xlim(-0.012 * most, 1.03 * most)  # marks at 0 are whole
    axes.tick_params(axis="y", length=0)
    share_axis(axes.xaxis)
    axes.yaxis.grid(False)
    places = list(rows.values())
    for before, after in pairwise(places):
        if after - before > 1:
            axes.axhline((before + after) / 2, color="#bbbbbb", linewidth=0.6)
    axes.set_xlabel(f"coverage at the end of the campaign: {short(behaviour, 40)}", fontsize=NORMAL)
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linewidth=1.4, label=short(say(name), 24))
        for name, look in styles.items()
    ]
    set_margins(figure, left=0.2, right=0.97, bottom=0.52, top=0.2 + 0.2 * -(-len(handles) // 4))
    add_legend(figure, handles)
    return finish(figure)


def _group_rows(groups: Sequence[str]) -> dict[str, float]:
    """Place of each group's row; half a row of air between axes such as wealth and language."""
    rows: dict[str, float] = {}
    place, before = -1.0, ""
    for group in groups:
        axis = group.split(":")[0]
        place += 1.5 if before and axis != before else 1.0
        rows[group], before = place, axis
    return rows


def group_label(group: str) -> str:
    """A group of households in words: "wealth:poorest" is the poorest fifth."""
    if group == ALL:
        return "all households"
    axis, level = group.split(":")
    words = {"wealth": f"{level} fifth", "head": f"{level} head", "language": f"{level} language"}
    return words.get(axis, {"near": "within 5 km", "remote": "beyond 5 km"}.get(level, level))
