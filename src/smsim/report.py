"""The report of a comparison: one HTML file that asks nothing of the network, with a one-page brief first."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import jinja2

from smsim import findings
from smsim.findings import count, worlds
from smsim.i18n import SOURCE, Words, mark, reviewed
from smsim.labels import ENGLISH, moment_names, strategy_name
from smsim.plots import Picture
from smsim.report_tables import Tables, pairs
from smsim.scenario import ASSUMED

if TYPE_CHECKING:
    from smsim.compare import Comparison

LIMITS = (
    mark("The simulator ranks strategies under the assumptions listed here. It does not forecast what will happen."),
    mark("How much one contact persuades, how ownership grows and how authorities answer is weakly known."),
    mark(
        "How activities are balanced against each other is a choice of the model's authors. They made it while they "
        "looked at results, so that no strategy wins everywhere. It is not evidence about the world."
    ),
    mark(
        "What a strategy spends on services and on collective action matters as much as its mix of channels. "
        "Try each strategy with these shares moved before you rely on a ranking."
    ),
    mark("Mixing strategies is no remedy by itself: a hybrid can come out worst; where it leads, it leads by little."),
    mark("Simulated worlds show how much chance matters in the model. More of them do not make the assumptions truer."),
    mark("Values that were fitted to targets show that the model can give such figures, not that it predicts them."),
    mark(
        "Not in the model: coercion, backlash against collective action, prices that people pay, effects on health, "
        "the power of women and men inside a household, and ties that change."
    ),
)


def render(
    comparison: Comparison, pictures: Mapping[str, Picture], command: str | None = None, words: Words = ENGLISH
) -> str:
    """The report as the text of an HTML file.

    Parameters
    ----------
    pictures : of this comparison, from `smsim.plots.comparison_figures`, in the same language
    command : that made the comparison, if a command did
    words : the language; what the scenario says itself stays as it was written
    """
    scenario, tables = comparison.scenario, Tables(comparison, words)
    names = list(scenario.behaviours)
    spent = findings.spending(comparison, words)
    return _template().render(
        _=words,
        language=words.language,
        direction="rtl" if words.right_to_left else "ltr",
        unread=words.language != SOURCE and reviewed(words.language).reviewed < reviewed(words.language).translated,
        title=scenario.about.get("title") or scenario.name,
        about=scenario.about,
        facts=_facts(comparison, words),
        answers=[findings.answer(comparison, name, words) for name in names],
        later=[text for name in names if (text := findings.later(comparison, name, words))],
        sure=_how_sure(comparison, words),
        left_out=[findings.left_out(comparison, name, words) for name in names],
        costs=[findings.costs(comparison, name, words) for name in names] + [spent],
        spent=spent,
        caveats=_caveats(comparison, words),
        behaviours=[_of_behaviour(comparison, tables, pictures, name, words) for name in names],
        spending=_picture(pictures, "spending", ""),
        plan=tables.plan(),
        money=tables.money(),
        targets=tables.targets(),
        illustrative=None if scenario.targets else scenario.illustrative,
        evidence=tables.evidence() if scenario.evidence else None,
        fitted=scenario.fitted,
        parameters=tables.parameters(),
        limits=[words(text) for text in LIMITS],
        provenance=_provenance(comparison, command, words),
    )


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("smsim"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    return environment.get_template("report.html.j2")


def _picture(pictures: Mapping[str, Picture], shows: str, behaviour: str) -> dict[str, str]:
    """Address and alternative text of a picture; the address holds the picture itself."""
    picture = next(p for p in pictures.values() if (p.shows, p.behaviour) == (shows, behaviour))
    data = base64.b64encode(picture.svg).decode("ascii")
    return {"src": f"data:image/svg+xml;base64,{data}", "alt": picture.alt}


# ---- the brief


def _facts(comparison: Comparison, words: Words) -> str:
    _ = words
    scenario = comparison.scenario
    size = int(scenario.world["households"])
    return _(
        "{strategies} compared in {worlds}: imagined places like this one, of {households}, that differ by chance. "
        "A campaign of {weeks} with {each} per household, then {later} without.",
        strategies=words.listed(strategy_name(s, words) for s in comparison.campaigns),
        worlds=worlds(comparison.replicates, words),
        households=words.plural("{n} household", "{n} households", size),
        weeks=weeks(int(scenario.campaign["weeks"]), words),
        each=words.money(float(scenario.campaign["budget_per_household"]), cents=True),
        later=weeks(int(scenario.run["follow_up_weeks"]), words),
    )


def weeks(number: int, words: Words) -> str:
    """So many weeks."""
    return words.plural("{n} week", "{n} weeks", number)


def _how_sure(comparison: Comparison, words: Words) -> list[str]:
    _ = words
    layers = comparison.scenario.behaviours
    found = [sentence for name in layers for sentence in findings.sureness(comparison, name, words)]
    if not found:
        found = [_("No strategy leads clearly at the end of the campaign: the worlds do not allow a ranking.")]
    return found + [text for name in layers if (text := findings.fit(comparison, name, words))]


def _caveats(comparison: Comparison, words: Words) -> list[str]:
    """The three that matter most for this comparison."""
    _ = words
    scenario = comparison.scenario
    sourced = sum(source != ASSUMED for source in scenario.sources.values())
    local = words.plural(
        "Of the values that this scenario sets itself ({values}), {n} has a source; the others, and the usual values "
        "used for everything else, are assumptions or come from other places.",
        "Of the values that this scenario sets itself ({values}), {n} have a source; the others, and the usual values "
        "used for everything else, are assumptions or come from other places.",
        sourced, values=words.number(len(scenario.sources)),
    )  # fmt: skip
    if not scenario.targets:
        why = (scenario.illustrative or _("there is no target")).rstrip(".")
        data = _("The simulation was not compared with what happened: {why}.", why=why)
    else:
        verdicts = comparison.targets()["verdict"]
        data = words.plural(
            "{met} of {n} target is met.", "{met} of {n} targets are met.", len(verdicts),
            met=words.number(int((verdicts == "met").sum())),
        )  # fmt: skip
        if scenario.fitted:
            data += " " + _("A value fitted to a target does not show that the model predicts.")
    tried = _(
        "The intervals show chance inside the model only. Whether a ranking survives other assumptions, above all "
        "other shares of spending in each strategy, has to be tried."
    )
    return [_(LIMITS[0]), f"{data} {local}", tried]


# ---- behaviour by behaviour


def _of_behaviour(
    comparison: Comparison, tables: Tables, pictures: Mapping[str, Picture], name: str, words: Words
) -> dict[str, Any]:
    _ = words
    kinds = {
        "permanent": _("done once for all"),
        "repeated": _("to be kept up"),
        "event": _("at an event such as a birth"),
        "round": _("in campaign rounds"),
    }
    return {
        "name": name,
        "kind": kinds[str(comparison.scenario.behaviours[name]["kind"])],
        **{shows: _picture(pictures, shows, name) for shows in ("coverage", "differences", "equity", "sources")},
        "table": tables.outcomes(name),
        "contrasts": tables.differences(name),
        "groups": tables.groups(name),
        "moved": tables.sources(name),
        "turned_away": findings.turned_away(comparison, name, words),
        "not_ranked": _not_ranked(comparison, name, words),
    }


def _not_ranked(comparison: Comparison, name: str, words: Words) -> list[str]:
    """Pairs of campaigns that the worlds do not tell apart, by moment."""
    _ = words
    moments = moment_names(words)
    texts = []
    for outcome, when in (("coverage_end", "end"), ("coverage_follow_up", "follow_up")):
        tied = [
            words.listed([strategy_name(a, words), strategy_name(b, words)])
            for a, b in pairs(comparison)
            if b in comparison.campaigns and not comparison.difference(a, b, outcome, name).separated
        ]
        if tied:
            texts.append(
                _(
                    "{moment}: the worlds do not tell apart, and we do not rank: {pairs}.",
                    moment=capital(moments[when]), pairs=_("; ").join(tied),
                )
            )  # fmt: skip
    return texts


def capital(text: str) -> str:
    """The text with a capital at its beginning."""
    return text[:1].upper() + text[1:]


def _provenance(comparison: Comparison, command: str | None, words: Words) -> list[tuple[str, str]]:
    import smsim

    _ = words
    scenario = comparison.scenario
    lines = [
        (_("made with"), f"smsim {smsim.__version__}"),
        (_("scenario"), scenario.name),
        (_("digest of the scenario"), scenario.digest),
        (_("seed"), str(comparison.seed)),
        (_("worlds"), count(comparison.replicates, words)),
        (_("strategies"), ", ".join(comparison.strategies)),
    ]
    return [*lines, (_("command"), command)] if command else lines
