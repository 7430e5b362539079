"""Differences between strategies, and between groups of households."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from smsim.i18n import Words
from smsim.labels import ENGLISH, group_names, moment_names
from smsim.outcomes import GROUPS
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
    wrapped,
)
from smsim.strategy import NONE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from smsim.compare import Comparison

Pair = tuple[str, str]
COLUMNS = (("coverage_end", "end"), ("coverage_follow_up", "follow_up"))


def difference_figure(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> Figure:
    """Paired differences in coverage at the end of the campaign and of the follow-up, with 95% intervals.

    Hollow grey marks are differences that the worlds cannot tell from none: these strategies are not ranked.
    """
    _ = words
    blocks = _blocks(comparison.campaigns, words)
    moments = moment_names(words)
    rows = sum(len(pairs) for _, pairs in blocks)
    figure = new_figure(0.95 + 0.27 * rows + 0.75 * len(blocks))
    longest, lines = 0, 0  # letters of a label; lines of a title beyond the first
    heights = [len(pairs) + 0.4 for _, pairs in blocks]
    grid = figure.subplots(len(blocks), 2, sharex="row", sharey="row", squeeze=False, height_ratios=heights)
    for panels, (title, pairs) in zip(grid, blocks, strict=True):
        for axes, (outcome, when) in zip(panels, COLUMNS, strict=True):
            _intervals(axes, comparison, behaviour, outcome, pairs, words)
            head = wrapped(_("{moment}, {pairs}", moment=moments[when], pairs=title), 42)
            lines = max(lines, head.count("\n"))
            axes.set_title(head, fontsize=SMALL, color=INK, loc="left")
        said = {name: short(say(name, words), 20) for name in comparison.strategies}
        labels = [said[a] if b == NONE else f"{said[a]} − {said[b]}" for a, b in pairs]
        longest = max(longest, *(len(label) for label in labels))
        panels[0].set_yticks(range(len(pairs)), labels)
        panels[0].set_ylim(len(pairs) - 0.4, -0.6)
    figure.text(
        0.62, 0.42 / figure.get_figheight(), _("difference in coverage, percentage points"), fontsize=SMALL, ha="center"
    )
    handles = [
        Line2D([], [], color=INK, marker="o", linewidth=2, label=_("told apart")),
        Line2D(
            [], [], color=FAINT, marker="o", markerfacecolor="white", linewidth=1.2, label=_("cannot be told apart")
        ),
    ]
    set_margins(figure, left=0.025 + 0.0096 * longest, right=0.98, bottom=0.78, top=0.3 + 0.14 * lines)
    figure.subplots_adjust(wspace=0.08)
    set_row_gap(figure, len(blocks), 0.62)
    add_legend(figure, handles, "lower left")
    return finish(figure)


def _blocks(campaigns: Sequence[str], words: Words) -> list[tuple[str, list[Pair]]]:
    """Pairs of strategies in two blocks: among campaigns, and campaigns against none."""
    among = [(a, b) for i, b in enumerate(campaigns) for a in campaigns[i + 1 :]]
    against = [(a, NONE) for a in campaigns]
    _ = words
    return [block for block in ((_("among strategies"), among), (_("against no campaign"), against)) if block[1]]


def _intervals(
    axes: Axes, comparison: Comparison, behaviour: str, outcome: str, pairs: Sequence[Pair], words: Words
) -> None:
    """One row per pair: the difference a less b and its interval."""
    for place, (a, b) in enumerate(pairs):
        found = comparison.difference(a, b, outcome, behaviour)
        if not np.isfinite(found.mean):
            continue
        colour, face, width = (INK, INK, 2.0) if found.separated else (FAINT, "white", 1.2)
        axes.plot([found.lower, found.upper], [place, place], color=colour, linewidth=width, solid_capstyle="butt")
        axes.plot(found.mean, place, "o", color=colour, markerfacecolor=face, markersize=6)
    axes.axvline(0, color=INK, linewidth=0.9, zorder=1)
    share_axis(axes.xaxis, words, bare=True)
    axes.tick_params(axis="y", length=0)


def equity_figure(comparison: Comparison, behaviour: str, words: Words = ENGLISH) -> Figure:
    """Coverage at the end of the campaign by group of households: means, and what 90% of the worlds lie between."""
    _, said = words, group_names(words)
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
    axes.set_yticks(list(rows.values()), [wrapped(said[group], 17) for group in rows])
    axes.set_ylim(last + 0.6, -0.6)
    most = float(axes.dataLim.x1)  # infinite if there is nothing to draw
    most = most if 0 < most < 1 else 1.0
    axes.set_xlim(-0.012 * most, 1.03 * most)  # marks at 0 are whole
    axes.tick_params(axis="y", length=0)
    share_axis(axes.xaxis, words)
    axes.yaxis.grid(False)
    places = list(rows.values())
    for before, after in pairwise(places):
        if after - before > 1:
            axes.axhline((before + after) / 2, color="#bbbbbb", linewidth=0.6)
    axes.set_xlabel(
        _("{behaviour}: coverage at the end of the campaign", behaviour=short(behaviour, 40)), fontsize=NORMAL
    )
    handles = [
        Line2D([], [], color=look.colour, marker=look.marker, linewidth=1.4, label=short(say(name, words), 24))
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
