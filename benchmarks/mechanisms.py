"""What each mechanism of the model costs, beside what it explains: the run without it, in time and in coverage."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.full import PRESET, STRATEGY, preset
from benchmarks.measure import Row, Spread, interleave, ratios
from benchmarks.sizes import Sizes

FAMILY = "mechanisms"
WORLDS = 5  # of the difference in coverage


def rows(sizes: Sizes) -> Iterator[Row]:
    """The full model, and what its time comes to without each of its mechanisms."""
    seen = sizes.ask(without_each, households=sizes.small, repeats=sizes.repeats)
    work = f"{PRESET}, {sizes.small:,} households ({STRATEGY})"
    whole = seen["cpu"].pop("")
    yield Row(FAMILY, "mechanisms/all", f"{work}: all mechanisms", "smsim", Spread.of(whole))
    for name, seconds in seen["cpu"].items():
        moved = Spread.of([100 * (off - on) for off, on in zip(seen["end"][name], seen["end"][""], strict=True)])
        note = f"coverage at the campaign's end {moved.median:+.1f} points ({moved.low:+.1f} to {moved.high:+.1f})"
        spread = ratios(seconds, whole)
        off = f"{work}, off: {name}"
        yield Row(
            FAMILY, f"mechanisms/{name}", off, "smsim", Spread.of(seconds), None, spread, "times all of them", note
        )


def without_each(households: int, repeats: int) -> dict[str, Any]:
    """CPU seconds of a run with all mechanisms (by the name "") and without each; coverages in the same worlds."""
    from smsim import simulate
    from smsim.outcomes import Weeks
    from smsim.validate.ablations import MECHANISMS, without
    from smsim.world import build_world

    base = preset(PRESET, households)
    scenarios = {"": base} | {name: without(base, changes) for name, changes in MECHANISMS.items()}
    end: dict[str, list[float]] = {}
    for name, scenario in scenarios.items():
        for seed in range(WORLDS):
            record = simulate(scenario, STRATEGY, seed).record
            end.setdefault(name, []).append(float(record.community[Weeks.of(scenario).end, 0].sum()) / households)
    worlds = {name: build_world(scenario, 1) for name, scenario in scenarios.items()}
    works = {
        name: lambda scenario=scenario, world=worlds[name]: simulate(scenario, STRATEGY, 1, world)  # type: ignore[misc]
        for name, scenario in scenarios.items()
    }
    return {"cpu": interleave(works, repeats), "end": end}
