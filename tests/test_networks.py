"""Villages with their real ties: read whatever the columns are called, fitted, predicted, and judged."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import made_up_villages as made_up
from smsim.errors import DataError
from smsim.networks import Networks, fit_networks, predict, read_mapping, read_networks
from smsim.networks.data import read_table
from smsim.networks.hazard import log_likelihood
from smsim.networks.patterns import shuffled, tie_correlation
from smsim.networks.spread import simulate_spread
from smsim.networks.store import read_fit
from smsim.validate import networks as validated
from smsim.validate.check import Check, Picture
from test_cli import smsim_says

OUTCOME = ["toa", "adopted"]


def read(folder: Path, peers: float, mapping: str = "never: 9\ntime: toa\nadopted: adopted\n", **size: Any) -> Networks:
    nodes, ties = made_up.villages(peers, **size)
    made_up.write(folder, nodes, ties)
    rest = "village: village\nexposures: [exp_visit]\nties: {directed: true}\n"
    (folder / "mapping.yaml").write_text(mapping + rest, encoding="utf-8")
    return read_networks(folder, read_mapping(folder / "mapping.yaml"))


# ---- the two commands, from beginning to end


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with made-up villages, others without outcomes, and a fit of the first."""
    place = tmp_path_factory.mktemp("networks")
    nodes, ties = made_up.villages(count=4, size=20)
    made_up.write(place / "villages", nodes, ties)
    other, more = made_up.villages(count=3, size=20, seed=2)
    made_up.write(place / "others", other.drop(columns=OUTCOME), more)
    made_up.write(place / "known", other, more)
    code, said, wrong = smsim_says("calibrate", "--data", str(place / "villages"), "--out", str(place / "fit"))
    assert code == 0, wrong
    assert "Each village predicted from the others (4 villages" in said
    return place


def test_a_fit_holds_its_parameters_draws_tables_and_pictures(fitted: Path) -> None:
    files = {path.name for path in (fitted / "fit").iterdir()}
    assert files == {"fit.json", "posterior.parquet", "patterns.csv", "villages.csv", "curves.csv", "villages.png",
                     "curves.png", "ego-alter.png"}  # fmt: skip
    content = json.loads((fitted / "fit" / "fit.json").read_text(encoding="utf-8"))
    assert {"rmse_median", "rmse_naive", "rmse_regression", "noise_floor", "coverage"} <= set(content["validation"])


def test_villages_without_outcomes_are_predicted(fitted: Path) -> None:
    out = fitted / "predictions"
    code, _, wrong = smsim_says(
        "predict", "--fit", str(fitted / "fit"), "--data", str(fitted / "others"), "--out", str(out)
    )
    assert code == 0, wrong
    table = pd.read_csv(out / "predictions.csv", dtype={"unit": str})
    assert list(table.columns) == ["unit", "quantity", "median", "low", "high"]
    assert set(table["unit"]) == {"1", "2", "3", "all"}
    assert {"rate", "rate_by_1", "rate_by_8", "rate_leaders", "rate_others"} <= set(table["quantity"])
    assert ((table["low"] <= table["median"]) & (table["median"] <= table["high"])).all()
    assert table[["low", "high"]].stack().between(0, 1).all()


def test_predictions_do_not_look_at_outcomes_that_are_there(fitted: Path) -> None:
    for name in ("others", "known"):
        code, said, _ = smsim_says(
            "predict", "--fit", str(fitted / "fit"), "--data", str(fitted / name), "--out", str(fitted / f"from-{name}")
        )
        assert code == 0
    assert "were not used" in said
    first, second = ((fitted / f"from-{name}" / "predictions.csv").read_bytes() for name in ("others", "known"))
    assert first == second


def test_the_same_seed_gives_the_same_fit_to_the_bit_with_any_number_of_threads(fitted: Path) -> None:
    again = fitted / "again"
    code, _, _ = smsim_says("calibrate", "--data", str(fitted / "villages"), "--threads", "1", "--out", str(again))
    assert code == 0
    for name in ("posterior.parquet", "villages.csv", "curves.csv", "patterns.csv", "villages.png"):
        assert (again / name).read_bytes() == (fitted / "fit" / name).read_bytes(), name


def test_a_missing_column_is_a_sentence_that_names_file_and_column(fitted: Path, tmp_path: Path) -> None:
    nodes, ties = made_up.villages(count=2, size=10)
    made_up.write(tmp_path / "bare", nodes.drop(columns=["exp_visit", "toa", "adopted"]), ties)
    code, _, wrong = smsim_says("predict", "--fit", str(fitted / "fit"), "--data", str(tmp_path / "bare"))
    assert code == 2
    assert "nodes.csv" in wrong
    assert "no column 'exp_visit'" in wrong
    code, _, wrong = smsim_says("calibrate", "--data", str(tmp_path / "bare"))
    assert code == 2
    assert "nothing to fit" in wrong
    made_up.write(tmp_path / "untied", nodes, ties.rename(columns={"src": "who"}))
    code, _, wrong = smsim_says("calibrate", "--data", str(tmp_path / "untied"))
    assert code == 2
    assert "edges.csv" in wrong
    assert "no column 'src'" in wrong


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe\x00", "no rows"),  # UTF-16, cut in the middle of a letter
        (b"PK\x03\x04\x00", "an Excel workbook"),
    ],
)
def test_a_file_that_is_no_table_gets_a_sentence(tmp_path: Path, raw: bytes, expected: str) -> None:
    (tmp_path / "nodes.csv").write_bytes(raw)
    with pytest.raises(DataError, match=expected):
        read_table(tmp_path / "nodes.csv")


def test_calibrate_wants_a_scenario_or_data(tmp_path: Path) -> None:
    code, _, wrong = smsim_says("calibrate")
    assert code == 2
    assert "one of the two" in wrong
    code, _, wrong = smsim_says("calibrate", "--data", str(tmp_path / "nowhere"))
    assert code == 2
    assert "no such folder" in wrong
    for fit in (tmp_path, Path(__file__)):  # a folder without a fit, and no folder
        code, _, wrong = smsim_says("predict", "--fit", str(fit), "--data", str(tmp_path))
        assert code == 2
        assert "no fit.json here; name the folder that smsim calibrate --data wrote" in wrong


# ---- reading: other names, other programs, other units


def test_a_mapping_reads_other_names_ids_unique_within_villages_and_several_files_of_ties(tmp_path: Path) -> None:
    (tmp_path / "people.csv").write_bytes(
        "\ufeffname;place;month;visits;creed\nann;Ä;3;1,5;a\nbob;Ä;;0;b\nann;B;5;2;a\neve;B;99;;b\n".encode()
    )
    (tmp_path / "talk.csv").write_text("ego,alter,place,n\nann,bob,Ä,2\nann,eve,B,1\nann,zoe,B,1\n", encoding="utf-8")
    (tmp_path / "kin.csv").write_text("a,b,place,sort\nbob,ann,Ä,kin\nbob,ann,Ä,foe\n", encoding="utf-8")
    (tmp_path / "m.yaml").write_text(
        "nodes: people.csv\nid: name\nvillage: place\ntime: month\nmissing: 99\n"
        "exposures: visits\ncategories: [creed]\n"
        "ties:\n"
        "  - {file: talk.csv, from: ego, to: alter, village: place, weight: n, directed: true}\n"
        "  - {file: kin.csv, from: a, to: b, village: place, kind: sort, kinds: kin, directed: false}\n",
        encoding="utf-8",
    )
    data = read_networks(tmp_path, read_mapping(tmp_path / "m.yaml"))
    assert data.villages == ("Ä", "B")
    assert data.periods == ("3", "4", "5")
    assert data.time is not None
    assert list(data.time) == [0, 3, 2, -1]  # the third period, never, and a code for not known
    assert data.adopted is not None
    assert list(data.adopted) == [1, 0, 1, -1]
    assert data.ties.toarray().tolist() == [[0, 3, 0, 0], [1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]
    assert list(data.columns["visits"]) == ["1.5", "0", "2", ""]
    assert any("Ties to people outside the sample: 1," in note for note in data.notes)


def test_the_mapping_of_the_document_can_be_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[1] / "docs" / "networks.md").read_text(encoding="utf-8")
    (text,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "m.yaml").write_text(text, encoding="utf-8")
    mapping = read_mapping(tmp_path / "m.yaml")
    assert mapping.covariates == ("age", "patients", "specialty")
    assert mapping.ties[0].kinds == ("advice", "talk")


def test_other_names_for_the_same_columns_give_the_same_predictions(fitted: Path, tmp_path: Path) -> None:
    nodes, ties = made_up.villages(count=3, size=20, seed=2)
    renamed = {"id": "code", "village": "place", "leader": "chief", "exp_visit": "visits"}
    made_up.write(tmp_path, nodes[list(renamed)].rename(columns=renamed), ties)
    (tmp_path / "m.yaml").write_text("id: code\nvillage: place\nleader: chief\nexposures: visits\n", encoding="utf-8")
    code, _, wrong = smsim_says("predict", "--fit", str(fitted / "fit"), "--data", str(tmp_path), "--mapping",
                                str(tmp_path / "m.yaml"), "--out", str(tmp_path / "out"))  # fmt: skip
    assert code == 0, wrong
    table = pd.read_csv(tmp_path / "out" / "predictions.csv")
    expected = predict(read_fit(fitted / "fit"), read_networks(fitted / "others"))
    assert list(table["median"]) == list(expected["median"])


def test_ids_that_stand_twice_need_a_village_in_the_ties_and_then_must_differ(tmp_path: Path) -> None:
    nodes, ties = made_up.villages(count=2, size=10)
    nodes["id"] %= 1000
    made_up.write(tmp_path, nodes, ties % 1000)
    with pytest.raises(DataError, match="unique only within a village"):
        read_networks(tmp_path)
    made_up.write(tmp_path, nodes.assign(village=1), ties)
    with pytest.raises(DataError, match="stands twice"):
        read_networks(tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("tme: toa\n", "unknown key 'tme'; did you mean 'time'"),
        ("ties: {form: src}\n", "unknown key 'form' in ties; did you mean 'from'"),
        ("never: late\n", "never must be a number"),
        ("ties: {kinds: [kin]}\n", "kinds needs kind"),
    ],
)
def test_what_is_wrong_in_a_mapping_is_said_with_its_line(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "m.yaml").write_text("id: id\n" + text, encoding="utf-8")
    with pytest.raises(DataError, match=words) as error:
        read_mapping(tmp_path / "m.yaml")
    assert "line 2" in str(error.value)


def test_a_text_where_a_number_must_stand_is_named_with_its_line(tmp_path: Path) -> None:
    nodes, ties = made_up.villages(count=2, size=10)
    nodes["exp_visit"] = nodes["exp_visit"].astype(str)
    nodes.loc[4, "exp_visit"] = "often"
    made_up.write(tmp_path, nodes, ties)
    with pytest.raises(DataError, match=r"line 6: column 'exp_visit' must hold numbers; got 'often'"):
        fit_networks(read_networks(tmp_path))


def test_a_line_longer_than_the_first_is_an_error_and_dates_are_months(tmp_path: Path) -> None:
    nodes, ties = made_up.villages(count=2, size=10)
    dated = nodes.assign(toa=[f"1955-{t:02d}" if t < 9 else "" for t in nodes["toa"]])
    data = read_networks(made_up.write(tmp_path, dated, ties))
    months = nodes["toa"][nodes["toa"] < 9]
    assert data.periods == tuple(f"1955-{month:02d}" for month in range(months.min(), months.max() + 1))
    with open(tmp_path / "nodes.csv", "a", encoding="utf-8") as file:
        file.write("1,2,3,4,5,6,7,8,9,10\n")
    with pytest.raises(DataError, match="one row per line"):
        read_networks(tmp_path)


def test_long_times_are_put_into_at_most_forty_periods_and_one_village_needs_no_column(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    nodes = pd.DataFrame({"id": [f"p{k}" for k in range(60)], "time": rng.integers(1900, 2000, 60)})
    ties = pd.DataFrame({"src": nodes["id"], "dst": np.roll(nodes["id"], 1)})
    data = read_networks(made_up.write(tmp_path, nodes, ties))
    assert data.villages == ("all",)
    assert len(data.periods) <= 40
    assert data.time is not None
    assert data.time.max() == len(data.periods) - 1


# ---- the rule and its likelihood


def test_the_likelihood_is_that_of_a_complementary_log_log_regression_and_its_slopes_are_its_derivatives() -> None:
    event = np.array([True, False, True, False, True])
    eta = np.array([-2.0, -1.0, 0.3, 1.2, -9.0])
    chance = 1 - np.exp(-np.exp(eta))
    value, slope, curve = log_likelihood(event, eta)
    assert value == pytest.approx(np.where(event, np.log(chance), np.log(1 - chance)).sum(), rel=1e-9)
    for k in range(5):
        step = np.eye(5)[k] * 1e-5
        up, down = log_likelihood(event, eta + step), log_likelihood(event, eta - step)
        assert slope[k] == pytest.approx((up[0] - down[0]) / 2e-5, abs=1e-6)  # error of a central difference
        assert curve[k] == pytest.approx(-(up[1][k] - down[1][k]) / 2e-5, abs=1e-6)


def test_without_peers_the_share_that_adopts_is_one_less_the_exponential_of_the_hazard(tmp_path: Path) -> None:
    data = read(tmp_path, 0.0, count=2, size=20)
    runs = 4000
    resistance = np.random.default_rng(1).exponential(size=(len(data.ids), runs))
    zero = np.zeros(runs)
    base = np.full((len(data.ids), runs), -2.0)
    run = simulate_spread(data, base, None, np.zeros((5, runs)), zero, zero, resistance)
    expected = 1 - np.exp(-5 * np.exp(-2.0))
    error = (expected * (1 - expected) / (runs * len(data.ids))) ** 0.5
    assert (run.period < 5).mean() == pytest.approx(expected, abs=4 * error)


def test_the_correlation_along_ties_is_that_of_all_pairs_counted_one_by_one(tmp_path: Path) -> None:
    data = read(tmp_path, 0.0, count=2, size=12)
    value = np.random.default_rng(5).standard_normal(len(data.ids))
    known = np.arange(len(data.ids)) % 5 != 0
    found = tie_correlation(data, value[:, None], known)[:, 0]
    for v in range(2):
        mine = np.flatnonzero((data.village == v) & known)
        off = value - value[mine].mean()
        pairs = [off[i] * off[j] for i in mine for j in mine if data.ties[i, j] > 0]
        assert found[v] == pytest.approx(np.mean(pairs) / np.mean(off[mine] ** 2), rel=1e-9)


# ---- controls


def test_validate_judges_a_folder_of_data_with_its_controls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(validated, "SHUFFLES", 1)
    made_up.write(tmp_path / "made_up", *made_up.villages(count=4, size=16))
    found = list(validated.checks(tmp_path))
    claims = " ".join(f.claim for f in found if isinstance(f, Check))
    for words in (
        "beyond their village",
        "shuffled within villages show no effect",
        "better than by the mean",
        "cover",
    ):
        assert words in claims
    assert {f.name for f in found if isinstance(f, Picture)} == {"networks-made-up", "networks-made-up-curve"}
    with pytest.raises(DataError, match=r"no nodes\.csv"):
        next(validated.checks(tmp_path / "made_up" / "nowhere"))


def test_a_known_effect_of_neighbours_is_found(tmp_path: Path) -> None:
    _, low, high = fit_networks(read(tmp_path, 2.0, count=10, size=40)).interval("peers")
    assert 0 < low < 2.0 < high


def test_shuffled_adoption_times_show_no_effect_of_neighbours(tmp_path: Path) -> None:
    data = read(tmp_path, 2.0, count=10, size=40)
    for seed in (1, 2):
        _, low, high = fit_networks(shuffled(data, seed)).interval("peers")
        assert low < 0 < high


def test_an_effect_of_a_channel_is_found(tmp_path: Path) -> None:
    fit = fit_networks(read(tmp_path, 0.0, count=10, size=40))
    _, low, high = fit.interval("exp_visit")
    spread = next(c.scale for c in fit.design.households if c.name == "exp_visit")
    assert low < 0.5 * spread < high
    assert low > 0


def test_without_times_clustering_along_ties_is_read_as_an_effect_of_none_to_all_of_it(tmp_path: Path) -> None:
    data = read(tmp_path, 0.0, mapping="adopted: adopted\nleader: leader\n", count=4, size=25)
    fit = fit_networks(data)
    assert fit.periods == ()
    assert fit.interval("peers")[1] < 0 < fit.interval("peers")[2]
