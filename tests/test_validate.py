"""The quick validations hold; the table, the exit code and the pages say what was found."""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from smsim.cli import app
from smsim.errors import RunError, ScenarioError
from smsim.scenario import Scenario
from smsim.validate import (
    Check,
    Line,
    Picture,
    Validation,
    ablations,
    check,
    close,
    docking,
    exactly,
    faults,
    judged,
    lab,
    skipped,
    validate,
)
from smsim.validate.command import Result
from smsim.validate.document import document, figure_of

ROOT = Path(__file__).resolve().parent.parent
SMALL = {"world": {"households": 500}, "campaign": {"pretest_cost": 0.0}, "run": {"burn_in_weeks": 10}}


@pytest.fixture(scope="module")
def quick() -> Validation:
    return validate(quick=True)


def test_every_quick_check_holds(quick: Validation) -> None:
    assert [(c.claim, c.expected, c.got, c.reason) for c in quick.checks if c.verdict != "holds"] == []


def test_every_check_names_its_source_and_its_margin(quick: Validation) -> None:
    assert [c.claim for c in quick.checks if not (c.claim and c.source and c.expected and c.got and c.margin)] == []


def test_no_claim_is_made_twice(quick: Validation) -> None:
    claims = [(r.study, c.claim) for r in quick.results for c in r.checks]
    assert len(claims) == len(set(claims))


@pytest.mark.parametrize("fault", faults.FAULTS, ids=lambda fault: fault.name)
def test_the_deliberate_faults_fit_the_engine_as_it_is(fault: faults.Fault, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "src" / "smsim" / "engine", tmp_path / "engine")
    assert faults.put_in(fault, tmp_path) >= 1


def test_a_fault_that_no_longer_fits_says_so(tmp_path: Path) -> None:
    (tmp_path / "engine").mkdir()
    with pytest.raises(RunError, match="no longer fits"):
        faults.put_in(faults.FAULTS[0], tmp_path)


def test_a_peer_that_is_not_installed_is_skipped_with_the_reason_and_the_remedy() -> None:
    (check_,) = docking.lacking("no_such_program", "independent cascade")
    assert check_.verdict == "skipped"
    assert "smsim[peers]" in check_.reason
    assert docking.lacking("numpy", "independent cascade") == []


@pytest.mark.parametrize(("mechanism", "outcome"), [("media", "reach"), ("authorities", "response_end")])
def test_a_mechanism_that_is_switched_off_is_off(mechanism: str, outcome: str) -> None:
    scenario = Scenario.from_mapping(SMALL)
    off = ablations.without(scenario, ablations.MECHANISMS[mechanism])
    assert ablations.outcomes(off, 1)[outcome] < ablations.outcomes(scenario, 1)[outcome]


@pytest.mark.validation
def test_every_check_holds() -> None:
    found = validate()
    assert [(c.claim, c.expected, c.got, c.reason) for c in found.checks if c.verdict == "fails"] == []


# ---- checks


@pytest.mark.parametrize(
    ("got", "verdict"), [(1.05, "holds"), (1.15, "fails"), (math.nan, "fails"), (math.inf, "fails")]
)
def test_a_number_is_close_within_its_margin_only(got: float, verdict: str) -> None:
    assert close("x", "", 1.0, got, 0.1, "because").verdict == verdict


def test_exact_means_equal() -> None:
    assert exactly("x", "", [1, 2], [1, 2]).verdict == "holds"
    assert exactly("x", "", 1.0, 1.0 + 1e-15).verdict == "fails"


def test_a_study_that_breaks_off_is_a_failed_check_and_keeps_what_it_had() -> None:
    def breaks() -> object:
        yield exactly("one", "", 1, 1)
        raise ZeroDivisionError("no")

    found = check.Study("x.breaks", True, breaks).findings()  # type: ignore[arg-type]
    assert [f.verdict for f in found if isinstance(f, Check)] == ["holds", "fails"]
    assert "ZeroDivisionError: no" in found[1].reason  # type: ignore[union-attr]


# ---- the command


def study_of(*checks: Check) -> list[check.Study]:
    return [check.Study("exact.made_up", True, lambda: iter(checks))]


@pytest.mark.parametrize(("holds", "code"), [(True, 0), (False, 1)])
def test_the_exit_code_is_1_when_a_check_fails(monkeypatch: pytest.MonkeyPatch, holds: bool, code: int) -> None:
    one = judged("pigs fly", "folklore", "no", "yes", "none", holds, "[wind]")
    monkeypatch.setattr("smsim.validate.command.studies", lambda quick: study_of(one))
    done = CliRunner().invoke(app, ["validate", "--quick", "--threads", "1"])
    assert done.exit_code == code
    assert "pigs fly" in done.output
    assert "[wind]" in done.output


def test_json_gives_every_check(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smsim.validate.command.studies", lambda quick: study_of(skipped("a", "b", "no peer")))
    done = CliRunner().invoke(app, ["validate", "--json", "--threads", "1"])
    (row,) = json.loads(done.stdout)
    assert (row["study"], row["claim"], row["verdict"], row["reason"]) == ("exact.made_up", "a", "skipped", "no peer")


@pytest.mark.parametrize("options", [["--quick", "--write"], ["--data", "nowhere"]])
def test_what_cannot_be_done_is_a_sentence_before_anything_runs(options: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", *options])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_a_folder_without_networks_is_a_sentence_at_once(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["validate", "--quick", "--threads", "1", "--data", str(tmp_path)])
    assert done.exit_code == 2
    assert "nodes.csv" in done.output
    assert "Traceback" not in done.output


def test_nothing_is_written_where_there_are_no_documents(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such folder"):
        Validation((), quick=False).write(tmp_path / "docs")


def test_the_page_holds_checks_failures_and_pictures(tmp_path: Path) -> None:
    fails = judged("a | b", "s", "1", "2", "none", False, "too hot")
    line = Line("theory", np.arange(3.0), np.arange(3.0))
    dots = Line("smsim", np.arange(3.0), np.arange(3.0), True, np.ones(3))
    picture = Picture("validation-x", "A thing", "x", "y", (line, dots), ((1.0, "here"),))
    found = Validation((Result("exact.x", (fails,), (picture,), 0.1),), quick=False)
    (tmp_path / "docs").mkdir()
    page, image = found.write(tmp_path / "docs")
    text = page.read_text(encoding="utf-8")
    assert r"| a \| b | s | 1 | 2 | none | **fails** (too hot) |" in text
    assert "Failed: a | b (too hot)" in text
    assert "![A thing](images/validation-x.png)" in text
    assert image.read_bytes().startswith(b"\x89PNG")
    assert [t.get_text() for t in figure_of(picture).axes[0].get_legend().get_texts()] == ["theory", "smsim"]
    assert document(found) == text


# ---- the bench


def test_a_graph_has_the_degrees_it_was_asked_for() -> None:
    rng = np.random.default_rng(1)
    assert set(lab.ring(20, 3).degree) == {6}
    assert set(lab.complete(7).degree) == {6}
    assert lab.random_graph(4000, 5, rng).degree.mean() == pytest.approx(5, abs=0.2)  # 3.9 s.e. is 0.14
    wanted = rng.permutation(np.repeat([2, 6], [600, 400]))
    assert (lab.configuration(wanted, rng).degree != wanted).mean() < 0.03  # a few ties fall together


def test_rewiring_keeps_degrees_and_moves_the_share_that_it_says() -> None:
    lattice = lab.ring(400, 2)
    other = lab.rewired(lattice, 0.2, np.random.default_rng(2))
    assert np.array_equal(other.degree, lattice.degree)
    kept = {tuple(e) for e in lattice.ends.tolist()} & {tuple(e) for e in other.ends.tolist()}
    assert 1 - len(kept) / len(lattice.ends) == pytest.approx(0.2, abs=0.04)  # some are moved twice


def test_a_quiet_scenario_does_nothing() -> None:
    scenario = lab.quiet(10)
    from smsim.simulate import simulate

    run = simulate(scenario, "none", 1, lab.settle(scenario, lab.complete(30), 1))
    assert set(lab.adopters(run).tolist()) == {0}
    assert run.record.spent.sum() == 0


def test_the_example_of_a_check_of_ones_own_holds() -> None:
    text = (ROOT / "docs" / "researcher.md").read_text(encoding="utf-8").split("## Verification")[1]
    seen: dict[str, object] = {}
    exec(text.split("```python\n")[1].split("```")[0], seen)  # the example itself is what is tested
    assert seen["check"].verdict == "holds"  # type: ignore[attr-defined]


def test_the_page_in_the_documents_holds_every_quick_claim(quick: Validation) -> None:
    page = (ROOT / "docs" / "verification.md").read_text(encoding="utf-8")
    missing = [c.claim for c in quick.checks if f"| {c.claim.replace('|', chr(92) + '|')} |" not in page]
    assert missing == [], "run: smsim validate --write"
