"""Pictures of comparisons and runs, as matplotlib figures.

`comparison_figures` makes all pictures of a comparison, each with a text for those who cannot see it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from smsim.i18n import Words
from smsim.labels import ENGLISH
from smsim.outcomes import GROUPS
from smsim.plots.bars import PARTS, source_figure, spending_figure
from smsim.plots.contrasts import difference_figure, equity_figure
from smsim.plots.coverage import coverage_figure, run_figure
from smsim.plots.style import picture_bytes, picture_stem, save, say, share_label

if TYPE_CHECKING:
    from smsim.compare import Comparison

__all__ = [
    "PARTS",
    "Picture",
    "comparison_figures",
    "coverage_figure",
    "difference_figure",
    "equity_figure",
    "picture_bytes",
    "picture_stem",
    "run_figure",
    "save",
    "say",
    "source_figure",
    "spending_figure",
]


@dataclass(frozen=True)
class Picture:
    """A figure, what it shows (of which behaviour, "" for the whole campaign), and the same in words."""

    figure: Figure
    shows: str  # coverage, differences, equity, sources or spending
    behaviour: str
    alt: str

    @cached_property
    def svg(self) -> bytes:
        """The figure as an SVG file, drawn once: the report holds it, and it lies beside the report."""
        return picture_bytes(self.figure, "svg")


def comparison_figures(comparison: Comparison, words: Words = ENGLISH) -> dict[str, Picture]:
    """Every picture of a comparison, by file name, with its texts in a language."""
    _ = words
    pictures = {}
    for b, name in enumerate(comparison.scenario.behaviours, 1):
        for shows, make, alt in (
            ("coverage", coverage_figure, _coverage_words(comparison, name, words)),
            ("differences", difference_figure, _difference_words(name, words)),
            ("equity", equity_figure, _equity_words(comparison, name, words)),
            ("sources", source_figure, _source_words(name, words)),
        ):
            figure = make(comparison, name, words)
            pictures[picture_stem(shows, b, name) + ".png"] = Picture(figure, shows, name, alt)
    alt = _("Stacked bars: what each strategy spends on what; the table gives the numbers.")
    pictures["spending.png"] = Picture(spending_figure(comparison, words), "spending", "", alt)
    return pictures


def _coverage_words(comparison: Comparison, behaviour: str, words: Words) -> str:
    _ = words
    parts = [
        _(
            "{strategy} {end} at the end of the campaign and {later} at the end of the follow-up",
            strategy=say(s, words),
            end=share_label(comparison.mean(s, "coverage_end", behaviour), words),
            later=share_label(comparison.mean(s, "coverage_follow_up", behaviour), words),
        )
        for s in comparison.strategies
    ]
    return _(
        "Line chart of the coverage of {behaviour} by week: {parts}.", behaviour=behaviour, parts=_("; ").join(parts)
    )


def _difference_words(behaviour: str, words: Words) -> str:
    _ = words
    return _(
        "Paired differences in coverage of {behaviour} between strategies, with 95% intervals, at the end of the "
        "campaign and of the follow-up; the table of differences gives the numbers.",
        behaviour=behaviour,
    )


def _equity_words(comparison: Comparison, behaviour: str, words: Words) -> str:
    _ = words
    poorest, richest = (
        ", ".join(
            f"{say(s, words)} {share_label(comparison.mean(s, 'coverage_end', behaviour, g), words)}"
            for s in comparison.strategies
        )
        for g in (GROUPS[1], GROUPS[5])
    )
    return _(
        "Coverage of {behaviour} at the end of the campaign by group of households. Poorest fifth: {poorest}. "
        "Richest fifth: {richest}. The table by group gives the rest.",
        behaviour=behaviour, poorest=poorest, richest=richest,
    )  # fmt: skip


def _source_words(behaviour: str, words: Words) -> str:
    _ = words
    return _(
        "Stacked bars: what moved households to adopt {behaviour}, by strategy; the table gives the numbers.",
        behaviour=behaviour,
    )
