"""Building worlds: people, ties and places, not opened from the disk."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from benchmarks.full import PRESET, no_worlds_on_disk, preset
from benchmarks.measure import Row, Spread, cpu_seconds, peak_memory
from benchmarks.sizes import Sizes

FAMILY = "worlds"
TIES = 8


def rows(sizes: Sizes) -> Iterator[Row]:
    """A large world and a small one."""
    for households in (sizes.large, sizes.small):
        seen = sizes.ask(build, households=households, repeats=sizes.repeats)
        work = f"a world of {households:,} households with {TIES} ties"
        yield Row(
            FAMILY, f"world/{households}", work, "smsim", Spread.of(seen["cpu"]), seen["memory"], note=seen["world"]
        )


def build(households: int, repeats: int) -> dict[str, Any]:
    """CPU seconds of a world, another seed each time, and the peak memory of the process."""
    from smsim.world import build_world

    build_world(preset(PRESET, 500, mean_ties=TIES), 1)
    scenario = preset(PRESET, households, mean_ties=TIES)
    kept: list[Any] = []

    def work(seed: int) -> None:
        with no_worlds_on_disk():
            kept[:] = [build_world(scenario, seed)]

    cpu = []
    for seed in range(1, repeats + 1):
        kept.clear()
        cpu.append(cpu_seconds(lambda seed=seed: work(seed)))  # type: ignore[misc]
    return {"cpu": cpu, "memory": peak_memory(), "world": repr(kept[0])}
