"""Coverage over time: strategies side by side, or the stages of one run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from smsim.compare import BAND
from smsim.i18n import Words
from smsim.labels import ENGLISH
from smsim.outcomes import Weeks
from smsim.plots.style import (
    FAINT,
    INK,
    NORMAL,
    OKABE_ITO,
    SMALL,
    dark,
    finish,
    looks,
    new_figure,
    say,
    set_margins,
    set_row_gap,
    share_axis,
    share_label,
    short,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from smsim.compare import Comparison
    from smsim.engine.arrays import Array
    from smsim.results import Run
    from smsim.scenario import Scenario

# Stages as a run shows them: label, stages of the record that it adds up, line.
STAGE_LINES = (
    ("aware or further", ("aware", "willing", "adopted", "maintained", "lapsed"), (0, (6, 2))),
    ("willing or doing", ("willing", "adopted", "maintained"), (0, (2.5, 1.5))),
    ("refusing", ("refused",), (0, (1.2, 1.6))),
)


def coverage_figure(comparison: Comparison, behaviour: str | None = None, words: Words = ENGLISH) -> Figure:
    """Coverage week by week: means over the worlds, and bands that hold nine worlds in ten.

    One panel per behaviour, or the panel of one.
    """
    names = list(comparison.scenario.behaviours)
    shown = names if behaviour is None else [behaviour]
    figure, panels = _panels(len(shown))
    for axes, name in zip(panels, shown, strict=True):
        _compare_curves(axes, comparison, names.index(name), name, words)
    return finish(figure)


def run_figure(run: Run) -> Figure:
    """Coverage and stages of one run, week by week; one panel per behaviour."""
    frame = run.coverage()
    frame = frame[frame["group"] == "all"]
    first = Weeks.of(run.scenario).first
    figure, panels = _panels(len(run.scenario.behaviours))
    for axes, behaviour in zip(panels, run.scenario.behaviours, strict=True):
        own = frame[frame["behaviour"] == behaviour].pivot(index="week", columns="stage", values="share")
        weeks = own.index.to_numpy() - first
        lines: list[tuple[str, Array, Any, Any]] = [("coverage", own["coverage"].to_numpy(), "-", OKABE_ITO[5])]
        for (label, stages, line), colour in zip(STAGE_LINES, (INK, OKABE_ITO[3], OKABE_ITO[6]), strict=True):
            lines.append((label, own[list(stages)].sum(axis=1).to_numpy(), line, colour))
        for label, values, line, colour in lines:
            axes.plot(weeks, values, color=colour, linestyle=line, linewidth=2.2 if label == "coverage" else 1.4)
        _frame(axes, run.scenario, weeks, f"{short(behaviour, 30)}, {short(say(run.strategy), 24)}")
        _end_labels(axes, [(float(values[-1]), label, colour) for label, values, _, colour in lines])
    return finish(figure)


def _panels(rows: int) -> tuple[Figure, list[Axes]]:
    figure = new_figure(0.25 + 3.15 * rows)
    grid = figure.subplots(rows, 1, squeeze=False)
    set_margins(figure, left=0.098, right=0.77, bottom=0.55, top=0.3)
    set_row_gap(figure, rows, 0.8)
    return figure, list(grid[:, 0])


def _compare_curves(axes: Axes, comparison: Comparison, b: int, name: str, words: Words) -> None:
    _ = words
    weeks = np.arange(comparison.series.shape[2]) - Weeks.of(comparison.scenario).first
    ends = []
    for s, (strategy, look) in enumerate(looks(comparison.strategies).items()):
        worlds = comparison.series[s, :, :, b, 0, 0].astype(float)  # all households, coverage
        low, high = np.quantile(worlds, BAND, axis=0)
        mean = worlds.mean(axis=0)
        axes.fill_between(weeks, low, high, color=look.colour, alpha=0.16, linewidth=0)
        axes.plot(weeks, mean, color=look.colour, linestyle=look.line, linewidth=2)
        ends.append((float(mean[-1]), say(strategy, words), look.colour))
    _targets(axes, comparison.scenario, name, words)
    _frame(axes, comparison.scenario, weeks, _("coverage: {behaviour}", behaviour=short(name, 40)), words)
    _end_labels(axes, ends, words)


def _frame(axes: Axes, scenario: Scenario, weeks: Array, title: str, words: Words = ENGLISH) -> None:
    """The two axes, and the campaign shaded."""
    _ = words
    share_axis(axes.yaxis, words)
    axes.set_ylim(0, min(1.0, max(0.02, float(axes.dataLim.y1) * 1.08)))
    campaign = int(scenario.campaign["weeks"])
    axes.axvspan(0, campaign, color="#000000", alpha=0.055, linewidth=0, zorder=0)
    above = axes.get_xaxis_transform()
    axes.text(campaign / 2, 1.015, _("campaign"), transform=above, ha="center", fontsize=SMALL, color=FAINT)
    axes.set_xlim(float(weeks[0]), max(float(weeks[-1]), float(weeks[0]) + 1))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda week, _place: words.number(week)))
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 1.3, 2.6, 5.2, 10], integer=True))
    axes.set_xlabel(_("week, counted from the start of the campaign"), fontsize=NORMAL)
    axes.set_ylabel(title, fontsize=NORMAL)


def _targets(axes: Axes, scenario: Scenario, behaviour: str, words: Words) -> None:
    """Targets of the scenario for all households, with their tolerance."""
    _ = words
    weeks = Weeks.of(scenario)
    for target in scenario.targets:
        if target.behaviour != behaviour or target.group != "all":
            continue
        week = getattr(weeks, target.when) - weeks.first
        axes.errorbar(week, target.value, target.tolerance, fmt="D", color=INK, markersize=5, capsize=3, zorder=5)
        below = (week, max(0.0, target.value - target.tolerance))
        plate = {"boxstyle": "round,pad=0.1", "facecolor": "white", "edgecolor": "none", "alpha": 0.75}
        axes.annotate(
            _("target"), below, (0, -4), textcoords="offset points", va="top", ha="center", fontsize=SMALL, bbox=plate
        )


def _end_labels(axes: Axes, ends: Sequence[tuple[float, str, Any]], words: Words = ENGLISH) -> None:
    """Name each line at its right end with its last value, moved apart where they would overlap."""
    low, high = axes.get_ylim()
    ordered = sorted((end for end in ends if np.isfinite(end[0])), key=lambda end: end[0])
    labels = [wrapped(name, 17) + f" {share_label(value, words)}" for value, name, _ in ordered]
    heights = [0.045 * (label.count("\n") + 1) + 0.022 for label in labels]
    wanted = [(value - low) / (high - low) for value, _, _ in ordered]
    for label, (_, _, colour), place, true in zip(labels, ordered, apart(wanted, heights), wanted, strict=True):
        axes.annotate(
            label, (1, true), (1.035, place), xycoords="axes fraction", textcoords="axes fraction", va="center",
            fontsize=SMALL, color=dark(colour), annotation_clip=False,
            arrowprops={
                "arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 0, "shrinkB": 0, "relpos": (0, 0.5)
            },
        )  # fmt: skip


def apart(wanted: Sequence[float], heights: Sequence[float]) -> list[float]:
    """Places near the wanted ones (ascending), no two closer than their heights, and below 1 if they fit."""
    places = list(wanted)
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + (heights[i] + heights[i - 1]) / 2)
    if places and places[-1] > 1:
        places[-1] = 1.0
        for i in range(len(places) - 2, -1, -1):
            places[i] = min(places[i], places[i + 1] - (heights[i] + heights[i + 1]) / 2)
    return places
