"""The numbered studies run, at a size that only shows that they do."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from typing import Any

import pytest

EXPERIMENTS = Path(__file__).parents[1] / "experiments"
SIZES: dict[str, tuple[dict[str, Any], str]] = {
    "01_strategies": ({"worlds": 2, "households": 500, "contexts": ("s2-silenced-majority",)}, "activist - hybrid"),
    "05_seeding": ({"worlds": 2, "households": 250}, "named by neighbours"),
    "06_dosage": ({"worlds": 2, "households": 2000, "strategies": ("pragmatic",)}, "of it by spillover"),
    "07_sustainability": ({"worlds": 2, "households": 500, "contexts": ("s0-default",)}, "kept after 156 weeks"),
    "09_settlements": ({"worlds": 2, "households": 2400}, "camp: all of them"),
}
SWEEPS: dict[str, tuple[dict[str, Any], str]] = {
    "02_morris": ({"trajectories": 2, "worlds": 1, "households": 500}, "the ten strongest of"),
    "03_sobol": (
        # With 500 households the set-up costs more than the budget where the screening now leads.
        {"trajectories": 2, "worlds": 1, "households": 2000, "base_points": 4, "factors": 2},
        "Strongest pairs",
    ),
    "04_decision": ({"base_points": 4, "futures": 40, "worlds": 1, "households": 250}, "mean regret"),
}


def run(name: str, size: dict[str, Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(EXPERIMENTS))
    monkeypatch.chdir(tmp_path)
    for module in ("common", name):
        sys.modules.pop(module, None)
    importlib.import_module(name).main(**size, out=tmp_path / "out")


@pytest.mark.parametrize("name", SIZES)
def test_a_study_prints_its_tables(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size, words = SIZES[name]
    run(name, size, monkeypatch, tmp_path)
    assert words in capsys.readouterr().out


@pytest.mark.validation
@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_study_prints_its_tables_and_keeps_its_pictures(
    name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    size, words = SWEEPS[name]
    run(name, size, monkeypatch, tmp_path)
    assert words in capsys.readouterr().out
    assert list((tmp_path / "out").rglob("*.png"))


def test_the_studies_1_to_7_are_there() -> None:
    there = {path.stem for path in EXPERIMENTS.glob("[0-9]*.py")}
    assert {*SIZES, *SWEEPS} <= there
