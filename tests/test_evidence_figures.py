"""The figures in the scenario files beside the collected ones, whose marks say what may be used as a number.

Needs the collection: the folder beside this project, or the one that SMSIM_EVIDENCE names. Skips where it is absent.
"""

from __future__ import annotations

import csv
import os
import re
from pathlib import Path
from typing import Any

import pytest

from smsim.scenario import Scenario, load_scenario

ROOT = Path(__file__).resolve().parents[1]
FIGURES = Path(os.environ.get("SMSIM_EVIDENCE", ROOT.parent / "shared" / "evidence")) / "figures.csv"
FILES = {  # case of the collection: its scenario files
    "india_smnet": ("india-smnet-polio",),
    "malawi_ngo": ("malawi-ngo-mobilizers",),
    "sierra_leone_uci": ("sierra-leone-uci",),
    "pakistan_tcv": ("pakistan-typhoid",),
    "liberia_ebola": ("liberia-ebola", "liberia-ebola-ministry"),
    "west_africa_ebola": ("west-africa-ebola", "west-africa-ebola-needs"),
    "ethiopia_errer": ("ethiopia-smdc", "core-group-ethiopia"),
    "pakistan_more": ("pakistan-more",),
    "kenya_bangladesh": ("kenya-bangladesh-empowerment",),
    "bell_bajao": ("bell-bajao",),
    "acsm_tb": ("tuberculosis-acsm",),
    "dengue_combi": ("dengue-combi",),
    "pmi_itn": ("malaria-nets-cameroon",),
    "core_group": ("core-group-angola", "core-group-nigeria"),
    "nigeria_htr": ("nigeria-hard-to-reach",),
}
# Targets that come from elsewhere; their files cite it.
ELSEWHERE = {
    ("liberia-ebola", 26.0), ("liberia-ebola", 10.0),  # Tsai 2020
    ("core-group-ethiopia", 49.0), ("core-group-ethiopia", 59.0),  # Lewis 2020, table 1
}  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if not FIGURES.is_file():
        pytest.skip("the collected figures are not here")
    with FIGURES.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def numbers(text: object) -> set[float]:
    return {float(n.replace(",", "")) for n in re.findall(r"\d[\d,]*\.?\d*", str(text))}


def case(name: str) -> Scenario:
    return load_scenario(ROOT / "scenarios" / f"{name}.yaml")


def test_every_case_of_the_collection_is_a_scenario_with_its_sources(rows: list[dict[str, Any]]) -> None:
    methods = {"cost", "media", "wom", "nigeria_refusal"}  # figures without a campaign of their own
    assert {row["case"] for row in rows} - methods <= set(FILES)
    for name in (name for names in FILES.values() for name in names):
        found = case(name)
        assert all((found.about["title"], found.about["citation"], found.evidence)), name
        assert found.targets or found.illustrative, name


def test_an_uncertain_figure_is_never_a_number(rows: list[dict[str, Any]]) -> None:
    uncertain = [row for row in rows if not re.match(r"found|derived", row["confidence"])]
    assert uncertain, "the collection marks at least one figure as uncertain"
    for row in uncertain:
        for name in FILES[row["case"]]:
            found = case(name)
            used = {n for entry in found.evidence for n in numbers(entry.get("value"))}
            used |= {round(100 * target.value, 1) for target in found.targets}
            assert not used & numbers(row["value"]), (name, row["quantity"])


def test_every_target_is_a_figure_that_was_found_or_derived(rows: list[dict[str, Any]]) -> None:
    for key, names in FILES.items():
        good = {
            n for row in rows if row["case"] == key and re.match(r"found|derived", row["confidence"])
            for n in numbers(row["value"])
        }  # fmt: skip
        for name in names:
            found = case(name)
            kept = {n for entry in found.evidence for n in numbers(entry.get("value"))}
            for target in found.targets:
                value = round(100 * target.value, 1)
                # Homes free of larvae are those that are not in the index.
                known = {value} if target.grade == "measured" else {value, 100 - value, 100 - value - 0.04}
                assert known & good or (name, value) in ELSEWHERE, (name, value)
                assert any(abs(a - b) < 0.06 for a in known for b in kept), f"{name}: {value} is not in its evidence"
