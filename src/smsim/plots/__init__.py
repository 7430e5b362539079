"""Pictures of comparisons and runs, as matplotlib figures.

`comparison_figures` makes all pictures of a comparison, each with a text for those who cannot see it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from matplotlib.figure import Figure

from smsim.outcomes import GROUPS
from smsim.plots.bars import PARTS, source_figure, spending_figure
from smsim.plots.contrasts import difference_figure, equity_figure, group_label
from smsim.plots.coverage import coverage_figure, run_figure
from smsim.plots.style import picture_bytes, save, say, share_label

if TYPE_CHECKING:
    from smsim.compare import Comparison

__all__ = [
    "PARTS",
    "Picture",
    "comparison_figures",
    "coverage_figure",
    "difference_figure",
    "equity_figure",
    "group_label",
    "picture_bytes",
    "picture_stem",
    "run_figure",
    "save",
    "say",
    "source_figure",
    "spending_figure",
]


class Picture(NamedTuple):
    """A figure, what it shows (of which behaviour, "" for the whole campaign), and the same in words."""

    figure: Figure
    shows: str  # coverage, differences, equity, sources or spending
    behaviour: str
    alt: str


def comparison_figures(comparison: Comparison) -> dict[str, Picture]:
    """Every picture of a comparison, by file name."""
    pictures = {}
    for b, name in enumerate(comparison.scenario.behaviours, 1):
        for shows, make, alt in (
            ("coverage", coverage_figure, _coverage_words(comparison, name)),
            ("differences", difference_figure, _difference_words(name)),
            ("equity", equity_figure, _equity_words(comparison, name)),
            ("sources", source_figure, _source_words(name)),
        ):
            pictures[picture_stem(shows, b, name) + ".png"] = Picture(make(comparison, name), shows, name, alt)
    alt = "Stacked bars: what each strategy spends on what; the table gives the numbers."
    pictures["spending.png"] = Picture(spending_figure(comparison), "spending", "", alt)
    return pictures


def picture_stem(shows: str, number: int, behaviour: str) -> str:
    """Name of a picture of one behaviour, without ending: names may be in any script, file names travel in ASCII."""
    return "-".join([shows, str(number), *re.findall("[a-z0-9]+", behaviour.lower())])


def _coverage_words(comparison: Comparison, behaviour: str) -> str:
    parts = [
        f"{say(s)} {share_label(comparison.mean(s, 'coverage_end', behaviour))} at the end of the campaign and "
        f"{share_label(comparison.mean(s, 'coverage_follow_up', behaviour))} at the end of the follow-up"
        for s in comparison.strategies
    ]
    return f"Line chart of the coverage of {behaviour} by week: {'; '.join(parts)}."


def _difference_words(behaviour: str) -> str:
    return (
        f"Paired differences in coverage of {behaviour} between strategies, with 95% intervals, at the end of the "
        "campaign and of the follow-up; the table of differences gives the numbers."
    )


def _equity_words(comparison: Comparison, behaviour: str) -> str:
    poorest, richest = (
        ", ".join(
            f"{say(s)} {share_label(comparison.mean(s, 'coverage_end', behaviour, g))}" for s in comparison.strategies
        )
        for g in (GROUPS[1], GROUPS[5])
    )
    return (
        f"Coverage of {behaviour} at the end of the campaign by group of households. Poorest fifth: {poorest}. "
        f"Richest fifth: {richest}. The table by group gives the rest."
    )


def _source_words(behaviour: str) -> str:
    return f"Stacked bars: what moved households to adopt {behaviour}, by strategy; the table gives the numbers."
