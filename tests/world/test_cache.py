"""Large worlds are kept on disk: the same to the bit, whole or rebuilt, shared, and no more than there is room for."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smsim.scenario import Scenario
from smsim.simulate import simulate
from smsim.world import World, build_world, cache
from smsim.world.build import SHAPING, _ground

SCENARIO = Scenario.from_mapping({"world": {"households": 3000, "households_per_community": 60}})


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of kept worlds, empty; worlds of 1,000 households are large."""
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "kernels-of-these-sources")
    monkeypatch.setattr(cache, "SMALLEST", 1000)
    return tmp_path / "worlds"


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Seeds of the worlds that were built, not opened."""
    built: list[int] = []

    def watched(world: Any, seed: int, *rest: Any) -> Any:
        built.append(seed)
        return _ground(world, seed, *rest)

    monkeypatch.setattr("smsim.world.build._ground", watched)
    return built


def arrays(world: World) -> list[Any]:
    return [*world.households, *world.places[:-1], world.wealth_rank]


def same(one: World, other: World) -> bool:
    pairs = zip(arrays(one), arrays(other), strict=True)
    return all(a.dtype == b.dtype and a.tobytes() == b.tobytes() for a, b in pairs)


def without_cache(seed: int, monkeypatch: pytest.MonkeyPatch) -> World:
    with monkeypatch.context() as patch:
        patch.setattr(cache, "SMALLEST", 10**9)
        return build_world(SCENARIO, seed)


def entries(home: Path) -> list[Path]:
    return sorted(home.iterdir()) if home.exists() else []


def test_a_kept_world_is_the_built_one_to_the_bit_and_is_built_once(
    builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, opened = build_world(SCENARIO, 4), build_world(SCENARIO, 4)
    assert builds == [4]
    assert same(first, opened)
    assert same(without_cache(4, monkeypatch), opened)


def test_a_run_in_a_kept_world_is_the_run_in_the_built_one() -> None:
    first, opened = (
        simulate(SCENARIO.replace(campaign={"weeks": 8, "budget_per_household": 20}), "hybrid", 2) for _ in range(2)
    )
    for one, other in zip(first.record, opened.record, strict=True):
        assert np.array_equal(one, other)


def test_a_kept_world_is_mapped_from_disk_and_cannot_be_written() -> None:
    build_world(SCENARIO, 1)
    h = build_world(SCENARIO, 1).households
    assert isinstance(h.neighbor.base, np.memmap)
    assert not any(array.flags.writeable for array in h)


def test_small_worlds_are_not_kept(home: Path) -> None:
    build_world(SCENARIO.replace(world={"households": 999}), 1)
    assert not home.exists()


def test_worlds_that_differ_in_behaviour_campaign_or_run_share_an_entry(home: Path, builds: list[int]) -> None:
    for change in (
        {},
        {"behaviours": {"a": {"threshold_mean": 0.1}, "b": {}}},
        {"campaign": {"invitation": "hub", "treated_share": 0.5}},
        {"world": {"availability": 0.4}},
    ):
        build_world(SCENARIO.replace(**change), 1)
    assert builds == [1]
    assert len(entries(home)) == 1


@pytest.mark.parametrize("name", SHAPING)
def test_whatever_shapes_a_world_names_its_entry(name: str) -> None:
    shape = {name: SCENARIO.world[name] for name in SHAPING}
    assert cache.entry(shape | {name: shape[name] + 1}, 1) != cache.entry(shape, 1)


def test_seed_and_sources_name_the_entry(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    one = cache.entry({"households": 5}, 1)
    assert cache.entry({"households": 5}, 2) != one
    assert cache.entry({"households": np.int64(5)}, 1) == one
    monkeypatch.setattr(cache, "cache_folder", lambda: tmp_path / "kernels-of-other-sources")
    assert cache.entry({"households": 5}, 1) != one


@pytest.mark.parametrize(
    "damage", ["cut", "emptied", "one bit", "header", "missing", "no sums", "other sums", "a file"]
)
def test_a_damaged_entry_is_rebuilt_and_kept_again(home: Path, builds: list[int], damage: str) -> None:
    expected = build_world(SCENARIO, 1)
    (entry,) = entries(home)
    file, sums = entry / "neighbor.npy", entry / cache.SUMS
    content = bytearray(file.read_bytes())
    if damage == "cut":
        file.write_bytes(content[: len(content) // 2])
    elif damage == "emptied":
        file.write_bytes(b"")
    elif damage in ("one bit", "header"):
        content[20 if damage == "header" else -7] ^= 1
        file.write_bytes(content)
    elif damage == "missing":
        file.unlink()
    elif damage == "no sums":
        sums.unlink()
    elif damage == "other sums":
        sums.write_text("[]", encoding="utf-8")
    else:
        for part in entry.iterdir():
            part.unlink()
        entry.rmdir()
        entry.write_text("not a folder", encoding="utf-8")
    again, opened = build_world(SCENARIO, 1), build_world(SCENARIO, 1)
    assert same(expected, again)
    assert same(expected, opened)
    assert builds == ([1, 1] if damage != "a file" else [1, 1, 1])  # what is no entry is not ours to remove


def test_processes_that_build_the_same_world_at_once_leave_one_entry(home: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        worlds = list(pool.map(lambda _: build_world(SCENARIO, 3), range(4)))
    assert all(same(worlds[0], world) for world in worlds)
    assert len(entries(home)) == 1


def test_a_home_that_cannot_be_written_keeps_nothing_and_fails_nothing(
    tmp_path: Path, home: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write_text("in the way", encoding="utf-8")
    assert same(build_world(SCENARIO, 1), build_world(SCENARIO, 1))
    monkeypatch.setattr(cache, "cache_folder", lambda: (_ for _ in ()).throw(RuntimeError("no home")))
    build_world(SCENARIO, 1)
    assert builds == [1, 1, 1]


def test_a_write_that_fails_leaves_nothing_behind(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "save", full)
    build_world(SCENARIO, 1)
    assert entries(home) == []


def test_the_longest_unused_worlds_leave_when_there_are_too_many(
    home: Path, builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    build_world(SCENARIO, 0)
    size = sum(file.stat().st_size for file in entries(home)[0].iterdir())
    monkeypatch.setattr(cache, "LARGEST", int(3.5 * size))
    for age, seed in ((300, 1), (200, 2)):
        before = set(entries(home))
        build_world(SCENARIO, seed)
        (new,) = set(entries(home)) - before
        os.utime(new, (time.time() - age, time.time() - age))
    build_world(SCENARIO, 1)  # used again: now the second is the oldest
    build_world(SCENARIO, 3)
    assert len(entries(home)) == 3
    builds.clear()
    for seed in (0, 1, 3):
        build_world(SCENARIO, seed)
    assert builds == []
    build_world(SCENARIO, 2)
    assert builds == [2]


def test_what_was_never_finished_is_removed_later(home: Path) -> None:
    for name, age in ((".writing-old", 2 * cache.ABANDONED), (".writing-now", 0.0)):
        (home / name).mkdir(parents=True)
        os.utime(home / name, (time.time() - age, time.time() - age))
    build_world(SCENARIO, 1)
    assert [folder.name for folder in entries(home) if folder.name.startswith(".")] == [".writing-now"]
