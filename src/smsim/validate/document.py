"""docs/verification.md and its pictures, made of the results of `smsim validate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from matplotlib.figure import Figure

from smsim.plots.style import FAINT, INK, LINES, MARKERS, NORMAL, OKABE_ITO, ORDER, SMALL, finish, new_figure, save
from smsim.validate.check import FAMILIES, Check, Picture
from smsim.validate.lab import LEVEL

if TYPE_CHECKING:
    from smsim.validate.command import Validation

TITLES = {
    "exact": "The machinery, exactly",
    "diffusion": "Mixing without structure",
    "percolation": "News as percolation",
    "thresholds": "Thresholds",
    "lattices": "Lattices and long ties",
    "norms": "Norms, minorities and silence",
    "upkeep": "Lapse, turnover, rumour",
    "services": "Services",
    "campaign": "The campaign",
    "patterns": "Patterns that studies report",
    "properties": "Runs that must agree",
    "docking": "Other programs",
    "ablations": "What each mechanism moves",
    "faults": "Deliberate faults",
    "networks": "Real networks",
}

HEAD = f"""# Verification and validation

Made by `smsim validate --write`; `smsim validate` prints the same table. Do not edit it by hand.

What is compared here is the simulator with something outside it: a theorem, a generating function or recursion solved
numerically, a published figure, another program, or a second run that must agree. Every limit is reached by
parameters of a scenario and a world over given ties, through the same `simulate` that a campaign uses; there is no
second kernel.

*Margin* says how far *got* may lie from *expected*, and why so far. Statistical margins are two-sided bounds at level
{LEVEL:g}, from theory (a binomial, a central limit theorem) or from a t-interval over independent replicates; with
about a hundred of them a false alarm is expected in one suite of a hundred. Where the theory is of infinitely many
households or small steps, the margin names the part that finite size or weekly steps may add.
"""

LEARNED = """## What the checks taught

- *A new community is not quite without effect on the others.* Ranks of wealth are taken over the whole area, and the
  traits of mobilizers are shared out over all posts of a campaign. Where neither matters, nothing changes, to the bit.
- *The order of households matters where slots are rationed*, also for slots that a campaign buys while a facility is
  closed. With ample supply it does not.
- *A silent public stays silent*: where nobody speaks first, no private majority breaks a taboo by itself. Leaders do,
  and for good only if private support exceeds the taboo.
- *Clusters help only where people need to be told twice.* Without reinforcement the random network wins, and the
  simulator says so.
- *Little moves by itself*: the mechanisms marked inert among the ablations never moved coverage by a point; a ranking
  that rests on one of them rests on nothing.
"""

NOT_REACHED = """## What is not checked here, and why

- *DeGroot averaging, the voter model and the naming game* (V12, V13 and half of V11 of the specification) are other
  models: no parameter turns a household into an averager of opinions or a speaker of two words. The majority rule is
  checked; a committed minority is checked against the mean field of this model's own thresholds. The 9.79% of the
  naming game and the 25% of Centola and others 2018 (doi:10.1126/science.aas8827) are results about other rules.
- *A dialogue that equals a visit* (M9): a dialogue shows what neighbours think in the very week it happens, whatever is
  forgotten later, so the two cannot be made equal by parameters.
- *Difference in differences* (M12) needs evaluation surveys, and concentration at ranks finer than fifths needs
  outcomes by household; the simulator's indices are of the five fifths.
- *Size near the thresholds*: within about a tenth of a percolation threshold, and near the ends of Watts's window,
  graphs of a few thousand households blur what the theory says of infinite ones; points are placed outside.
- Effect sizes per contact have no theorem. Whether the model is right about people is for the real networks to say.
"""

NO_NETWORKS = """## Real networks

Not in this run: they need data. `smsim validate --data DIR` checks them; [networks.md](networks.md) tells of them.
"""


def document(validation: Validation) -> str:
    """The whole page."""
    parts = [HEAD, f"**{validation.summary}**\n"]
    failed = [c for c in validation.checks if c.verdict == "fails"]
    if failed:
        parts.append("Failed: " + "; ".join(f"{c.claim} ({c.reason or 'see below'})" for c in failed) + ".\n")
    for family in (*FAMILIES, "networks"):
        results = [r for r in validation.results if r.study.split(".")[0] == family]
        if not results:
            continue
        parts += [f"## {TITLES[family]}\n", _table([c for r in results for c in r.checks])]
        parts += [f"![{p.title}](images/{p.name}.png)\n\n*{_caption(p)}*\n" for r in results for p in r.pictures]
    parts += [LEARNED, NOT_REACHED]
    if not any(r.study.startswith("networks.") for r in validation.results):
        parts.append(NO_NETWORKS)
    return "\n".join(parts)


def _table(checks: list[Check]) -> str:
    rows = ["| claim | source | expected | got | margin | verdict |", "|---|---|---|---|---|---|"]
    for c in checks:
        verdict = c.verdict if c.verdict == "holds" else f"**{c.verdict}**"
        cells = (c.claim, c.source, c.expected, c.got, c.margin, verdict + (f" ({c.reason})" if c.reason else ""))
        rows.append("| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _caption(picture: Picture) -> str:
    bars = any(line.spread is not None for line in picture.lines)
    return f"{picture.title}: {picture.caption}{f'; bars are bounds at level {LEVEL:g}' if bars else ''}."


def draw(picture: Picture, path: Path) -> None:
    """Draw the picture into a PNG file."""
    save(figure_of(picture), path)


def figure_of(picture: Picture) -> Figure:
    """Lines for what was expected, points for what was simulated; a line and its points share colour and label."""
    figure = new_figure(3.6)
    axes = figure.add_subplot()
    drawn = {True: 0, False: 0}
    # One row of points against several lines, or none, is not the points of one of them.
    apart = sum(line.points for line in picture.lines) == 1 != sum(not line.points for line in picture.lines)
    for line in picture.lines:
        k = drawn[line.points]
        drawn[line.points] += 1
        colour: Any = OKABE_ITO[ORDER[k % len(ORDER)]]
        if line.points and apart:
            colour = INK
        if line.points:
            axes.errorbar(
                line.x,
                line.y,
                line.spread,
                fmt=MARKERS[k % len(MARKERS)],
                markersize=4.5,
                color=colour,
                markerfacecolor="white",
                elinewidth=0.9,
                capsize=2,
                label=line.label,
                zorder=3,
            )
        else:
            axes.plot(line.x, line.y, color=colour, linestyle=LINES[k % len(LINES)], linewidth=1.6, label=line.label)
    low, high = axes.get_ylim()
    high += 0.08 * (high - low) if picture.marks else 0
    for x, name in picture.marks:
        axes.axvline(x, color=FAINT, linewidth=0.9, linestyle=(0, (1.2, 1.6)))
        axes.annotate(name, (x, high), (3, -2), textcoords="offset points", va="top", fontsize=SMALL, color=FAINT)
    axes.set_ylim(min(low, 0), high)
    axes.set_xlabel(picture.x, fontsize=SMALL, color=INK)
    axes.set_ylabel(picture.y, fontsize=SMALL, color=INK)
    axes.set_title(picture.title, fontsize=NORMAL, loc="left", color=INK)
    axes.grid(True, color="#e3e3e3", linewidth=0.8)
    many = len(picture.lines) > 3
    axes.legend(
        frameon=False,
        fontsize=SMALL,
        **({"loc": "upper left", "bbox_to_anchor": (1.0, 1.0)} if many else {"loc": "best"}),
    )
    figure.subplots_adjust(left=0.1, right=0.6 if many else 0.97, bottom=0.15, top=0.9)
    return finish(figure)
