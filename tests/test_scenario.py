"""Scenario files are read whole, checked whole, and every mistake is a sentence with its line."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from smsim.consistency import memory_bytes
from smsim.errors import ScenarioError, SmsimError
from smsim.parameters import PARAMETERS, defaults
from smsim.scenario import Scenario, json_schema, load_scenario
from smsim.strategy import BUILT_IN
from smsim.yaml_lines import MAX_BYTES, parse_document

SCENARIOS = Path(__file__).parents[1] / "scenarios"


def write(folder: Path, text: str, name: str = "village.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8", newline="\n")
    return path


def complaint(folder: Path, text: str) -> str:
    """What is said about a file with this text, without its first line and the file's name."""
    with pytest.raises(ScenarioError) as caught:
        load_scenario(write(folder, text))
    return str(caught.value).replace(str(folder / "village.yaml"), "FILE")


# ---- good files


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.yaml")), ids=lambda p: p.stem)
def test_every_shipped_scenario_is_fine_and_names_its_schema(path: Path) -> None:
    scenario = load_scenario(path)
    assert scenario.name == path.stem
    assert scenario.about["title"]
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=smsim.schema.json\n")


def test_the_committed_schema_is_that_of_the_code() -> None:
    committed = json.loads((SCENARIOS / "smsim.schema.json").read_text(encoding="utf-8"))
    assert committed == json_schema(), "renew it: smsim parameters --schema > scenarios/smsim.schema.json"


def test_the_schema_knows_every_parameter() -> None:
    schema = json_schema()["$defs"]
    for p in PARAMETERS.values():
        assert p.name in schema[p.section.capitalize()]["properties"], p.path


def test_what_is_left_out_has_its_default(tmp_path: Path) -> None:
    scenario = load_scenario(write(tmp_path, "world:\n  mean_ties: 6\n"))
    assert scenario.world == defaults("world") | {"mean_ties": 6.0}
    assert scenario.behaviours == {"behaviour": defaults("behaviour")}
    assert scenario.strategies == BUILT_IN
    assert scenario.sources == {"world.mean_ties": "assumed (scenario)"}


def test_numbers_are_read_by_yaml_1_2_and_whole_ones_fit_integers(tmp_path: Path) -> None:
    text = "world: {households: 1e3, turnover: 1e-3}\nabout: {title: no, code: 010}\nrun: {seed: 9223372036854775807}"
    scenario = load_scenario(write(tmp_path, text))
    assert scenario.world["households"] == 1000
    assert type(scenario.world["households"]) is int
    assert scenario.world["turnover"] == 0.001
    assert scenario.about == {"title": "no", "code": "10"}
    assert scenario.run["seed"] == 2**63 - 1


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(
        st.text("abcXYZ0 _-", min_size=1, max_size=6),
        st.one_of(
            st.integers(-(10**9), 10**9), st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.none(),
            st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Cn", "Co")), max_size=12),
            st.lists(st.integers(0, 9), max_size=3),
        ),
        max_size=5,
    )
)  # fmt: skip
def test_values_are_those_that_ruamel_reads(data: dict[str, Any]) -> None:
    text = "{" + ", ".join(f"{json.dumps(k)}: {json.dumps(v, ensure_ascii=False)}" for k, v in data.items()) + "}\n"
    assert parse_document(text, "x").data == YAML(typ="safe", pure=True).load(text)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes("\ufeffabout: {title: Été}\n".encode())
    assert load_scenario(path).about["title"] == "Été"


def test_a_written_scenario_reads_back_the_same(tmp_path: Path) -> None:
    scenario = load_scenario(SCENARIOS / "village.yaml").replace(about={"odd: key": "yes\u2028", "a": "1e3"})
    again = load_scenario(write(tmp_path, scenario.to_yaml()))
    assert again.given == scenario.given
    assert again.digest == scenario.digest


def test_a_scenario_survives_pickling_and_copying() -> None:
    scenario = load_scenario(SCENARIOS / "village.yaml")
    assert pickle.loads(pickle.dumps(scenario)) == scenario == copy.deepcopy(scenario)
    assert hash(scenario) == hash(copy.deepcopy(scenario))


def test_a_scenario_does_not_change() -> None:
    scenario = Scenario.from_mapping({})
    with pytest.raises(TypeError, match="replace"):
        scenario.world["mean_ties"] = 3


def test_a_scenario_shows_what_it_is() -> None:
    shown = repr(load_scenario(SCENARIOS / "village.yaml"))
    assert "'village'" in shown
    assert "2,000 households" in shown
    assert "handwashing (repeated)" in shown


# ---- replace, extends, digest


def test_replace_changes_only_what_it_names_and_drops_its_source() -> None:
    base = Scenario.from_mapping(
        {"world": {"mean_ties": 6, "homophily": 0.5}, "sources": {"world.mean_ties": "survey"}}
    )
    denser = base.replace(world={"mean_ties": 12})
    assert denser.world == dict(base.world) | {"mean_ties": 12.0}
    assert base.sources["world.mean_ties"] == "survey"
    assert denser.sources["world.mean_ties"] == "assumed (scenario)"
    assert base.world["mean_ties"] == 6


def test_replace_is_checked() -> None:
    with pytest.raises(ScenarioError, match=r"world.mean_ties must be in \[1, 200\] ties per household; got 0"):
        Scenario.from_mapping({}).replace(world={"mean_ties": 0})


def test_the_digest_follows_what_determines_a_run_and_nothing_else() -> None:
    base = Scenario.from_mapping({})
    for same in ({"about": {"title": "x"}}, {"run": {"seed": 9, "replicates": 7}}, {"name": "other"}):
        assert base.replace(**same).digest == base.digest
    for other in ({"world": {"mean_ties": 11}}, {"campaign": {"weeks": 53}}, {"run": {"burn_in_weeks": 1}}):
        assert base.replace(**other).digest != base.digest
    assert base.replace(strategies={"x": {"shares": {"visit": 1}}}).digest != base.digest


def test_a_file_that_extends_another_overrides_it_value_by_value(tmp_path: Path) -> None:
    (tmp_path / "base").mkdir()
    base = (
        "world: {mean_ties: 6, homophily: 0.5}\nsources: {world.mean_ties: a, world.homophily: b}\nillustrative: why\n"
    )
    write(tmp_path / "base", base, "base.yaml")
    target = "[{when: baseline, value: 0.1, tolerance: 0.1, source: s}]"
    child = load_scenario(write(tmp_path, f"extends: base/base.yaml\nworld:\n  mean_ties: 7\ntargets: {target}\n"))
    assert (child.world["mean_ties"], child.world["homophily"]) == (7, 0.5)
    assert child.sources == {"world.mean_ties": "assumed (scenario)", "world.homophily": "b"}
    assert child.illustrative is None
    assert len(child.targets) == 1


def test_problems_of_an_extended_file_name_that_file(tmp_path: Path) -> None:
    write(tmp_path, "world:\n  mean_ties: -1\n", "base.yaml")
    words = complaint(tmp_path, "extends: base.yaml\nworld:\n  homophily: 2\n")
    assert words.splitlines()[:2] == [
        "FILE: 1 problem",
        "  line 3  world.homophily must be in [0, 1]; got 2 (write 0.02 for 2%)",
    ]
    assert f"{tmp_path / 'base.yaml'}: 1 problem\n  line 2  world.mean_ties must be in" in words


def test_extending_in_a_circle_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "extends: village.yaml\n", "base.yaml")
    assert "line 1  extends leads back to the file itself" in complaint(tmp_path, "extends: base.yaml\n")
    assert "line 1  extends leads back to the file itself" in complaint(tmp_path, "extends: village.yaml\n")


def test_extending_nothing_is_refused(tmp_path: Path) -> None:
    assert "line 2  extends names 'nope.yaml', but there is no file" in complaint(tmp_path, "\nextends: nope.yaml\n")
    assert "line 1  extends must be the name of a scenario file; got 5" in complaint(tmp_path, "extends: 5\n")


# ---- strategies


def test_strategies_of_the_file_stand_beside_the_built_in_three() -> None:
    scenario = Scenario.from_mapping({"strategies": {"mine": {"shares": {"visit": 1}}}})
    assert list(scenario.strategies) == ["pragmatic", "activist", "hybrid", "mine"]


def test_the_built_in_hybrid_mixes_a_redefined_pragmatic() -> None:
    scenario = Scenario.from_mapping({"strategies": {"pragmatic": {"shares": {"visit": 1}}}})
    assert scenario.strategies["hybrid"].shares()["visit"] == pytest.approx(0.5 * 1 + 0.5 * 0.05, rel=1e-12)


# ---- bad files


def test_all_problems_are_told_at_once_by_line(tmp_path: Path) -> None:
    words = complaint(tmp_path, "world:\n  mean_ties: -3\n  households: 10\nstratgey:\n  a: 1\n")
    assert words == (
        "FILE: 2 problems\n"
        "  line 2  world.mean_ties must be in [1, 200] ties per household; got -3\n"
        "  line 4  unknown key 'stratgey'; did you mean 'strategies'?"
    )


BAD = {
    "unknown key in a section": (
        "world:\n  mean_tie: 3",
        "line 2  unknown key 'mean_tie' in world; did you mean 'mean_ties'?",
    ),
    "key of another section": ("world:\n  weeks: 3", "line 2  unknown key 'weeks' in world; it belongs in 'campaign'"),
    "duplicate key": ("world:\n  rewiring: 0\n  rewiring: 0", "line 3  'rewiring' appears twice (first on line 2)"),
    "text for a number": ("world: {mean_ties: many}", "line 1  world.mean_ties must be a number; got 'many'"),
    "truth for a number": ("world: {mean_ties: true}", "world.mean_ties must be a number; got true"),
    "nothing for a number": ("world:\n  mean_ties:", "line 2  world.mean_ties must be a number; got nothing"),
    "unit": ("world: {median_distance_km: 5 km}", "got '5 km' (write 5: the unit is km)"),
    "percent sign": ("world: {homophily: 15%}", "got '15%' (write 0.15)"),
    "percentage": ("world: {homophily: 15}", "must be in [0, 1]; got 15 (write 0.15 for 15%)"),
    "thousands comma": ('world: {households: "20,000"}', "(write 20000, without quotes)"),
    "decimal comma": ('world: {homophily: "0,5"}', "(write 0.5, without quotes)"),
    "dollars": ("activities: {visit_cost: $2}", "got '$2' (write 2: the unit is US$ per visit)"),
    "other money after": ("campaign: {budget_per_household: 500 KES}", "US$ per household: convert other money"),
    "other money before": ("campaign: {budget_per_household: €5}", "US$ per household: convert other money"),
    "dollars in words": (
        "campaign: {budget_per_household: 5 dollars}",
        "got '5 dollars' (write 5: the unit is US$ per",
    ),
    "not a number": ("world: {mean_ties: .nan}", "must be a number; got not-a-number"),
    "infinity": ("world: {mean_ties: .inf}", "must be a number; got infinity"),
    "overflow": ("world: {mean_ties: 1e999}", "must be a number; got infinity"),
    "half a household": ("world: {households: 2.5}", "must be a whole number of households; got 2.5"),
    "negative size": ("world: {households: -5}", "world.households must be in [2, 5000000]"),
    "absurd size": ("world: {households: 99999999999999999999999999}", "world.households must be in [2, 5000000]"),
    "longer than any number": (f"run: {{seed: {'9' * 5000}}}", "run.seed must be a whole number; got infinity"),
    "no campaign weeks": ("campaign: {weeks: 0}", "campaign.weeks must be in [1, 2080] weeks; got 0"),
    "too many weeks": ("campaign: {weeks: 2000}\nrun: {burn_in_weeks: 2000}", "must be at most 4000; got 4052"),
    "list for a section": ("world: [1]", "world must hold keys with values; got [1]"),
    "unknown choice": ("behaviour: {kind: repated}", "got 'repated'; did you mean 'repeated'?"),
    "no behaviours": ("behaviours: {}", "behaviours must name 1 to 8 behaviours; got none"),
    "too many behaviours": (
        f"behaviours: {{{', '.join(f'b{i}: {{}}' for i in 'abcdefghi')}}}",
        "1 to 8 behaviours; got 9",
    ),
    "both spellings": ("behaviour: {}\nbehaviours: {a: {}}", "give either 'behaviour' (only one) or 'behaviours'"),
    "odd name": ("behaviours: {'a/b': {}}", "the behaviour 'a/b' must begin with a letter"),
    "spaced name": ("strategies: {1 our plan: {blend: {hybrid: 1}}}", "letters, digits, '_' or '-'; write our-plan"),
    "formula as a name": ("strategies: {'=1+1': {blend: {hybrid: 1}}}", "the strategy '=1+1' must begin with a letter"),
    "link to nothing": (
        "behaviours:\n  a: {link: c}\n  b: {}",
        "line 2  behaviours.a.link must name a behaviour of this",
    ),
    "link to itself": ("behaviours: {a: {link: a}}", "behaviours.a.link must name another behaviour; got itself"),
    "empty strategies": ("strategies:", "line 1  strategies is empty: name at least one, or leave the key out"),
    "strategies as a list": ("strategies: []", "strategies must hold keys with values; got []"),
    "reserved strategy": ("strategies: {none: {shares: {visit: 1}}}", "'none' is reserved"),
    "shares that do not sum": (
        "strategies:\n  x:\n    shares: {visit: 0.5, media: 0.4}",
        "line 3  strategies.x.shares must sum to 1; they sum to 0.9",
    ),
    "leader shares that do not sum": (
        "strategies:\n  x: {shares: {leader: 1}, leader_share: {women: 0.5}}",
        "strategies.x.leader_share must sum to 1",
    ),
    "blend that does not sum": ("strategies: {x: {blend: {pragmatic: 0.5}}}", "must sum to 1; they sum to 0.5"),
    "blend of nothing known": ("strategies: {x: {blend: {pragmatik: 1}}}", "did you mean 'pragmatic'?"),
    "blend in a circle": ("strategies: {x: {blend: {y: 1}}, y: {blend: {x: 1}}}", "strategies.x blends itself"),
    "shares and blend": ("strategies: {x: {blend: {hybrid: 1}, shares: {visit: 1}}}", "either 'shares' or 'blend'"),
    "activity outside shares": (
        "strategies: {x: {visit: 1}}",
        "unknown key 'visit' in strategies.x; write it in 'shares'",
    ),
    "unknown activity": ("strategies: {x: {shares: {vist: 1}}}", "did you mean 'visit'?"),
    "unknown timing": ("strategies: {x: {shares: {visit: 1}, timing: {visit: pulse}}}", "did you mean 'pulsed'?"),
    "target without value": ("targets:\n  - {when: end, strategy: none}", "line 2  targets[1] needs the key 'value'"),
    "target of no behaviour": (
        "targets:\n  - {behaviour: x, when: baseline, value: 0, tolerance: 0.1, source: s}",
        "unknown behaviour 'x'",
    ),
    "target without tolerance": (
        "targets:\n  - {when: baseline, value: 0.1, tolerance: 0, source: s}",
        "line 2  targets[1].tolerance must be above 0",
    ),
    "target above itself": (
        "targets:\n  - {strategy: hybrid, against: hybrid, when: end, value: 0, tolerance: 0.1, source: s}",
        "a strategy is never above itself",
    ),
    "fitted choice": (
        "fitted:\n  - {path: world.settlement, to: x, by: x}",
        "line 2  fitted[1].path: world.settlement is no decimal number",
    ),
    "fitted strategy": (
        "fitted:\n  - {path: strategies.hybrid, to: x, by: x}",
        "strategies.hybrid is no decimal number",
    ),
    "fitted whole number": ("fitted:\n  - {path: campaign.weeks, to: x, by: x}", "campaign.weeks is no decimal number"),
    "target of no strategy": (
        "targets:\n  - {strategy: hybird, when: end, value: 0, tolerance: 0.1, source: s}",
        "did you mean 'hybrid'?",
    ),
    "target of no group": (
        "targets: [{group: poorest, when: baseline, value: 0, tolerance: 0.1, source: s}]",
        "unknown group 'poorest'; did you mean 'wealth:poorest'?",
    ),
    "targets and none": (
        "illustrative: x\ntargets: [{when: baseline, value: 0, tolerance: 0.1, source: s}]",
        "either 'targets' or",
    ),
    "grade": (
        "evidence: [{figure: a, source: b, grade: guessed}]",
        "evidence[1].grade must be one of measured, derived",
    ),
    "source of no value": ("sources: {world.mean_tie: s}", "did you mean 'world.mean_ties'?"),
    "empty source": ("sources: {world.mean_ties: ''}", "sources.world.mean_ties must be a text"),
    "fitted to nothing": ("fitted: [{path: world.x, to: t, by: b}]", "fitted names 'world.x'"),
    "worlds without end": (
        "world: {households: 5000000}\nrun: {replicates: 100000}",
        "world.households x run.replicates",
    ),
    "memory": (
        "world: {households: 5000000, households_per_community: 2}\nrun: {burn_in_weeks: 2000}",
        "GiB of memory",
    ),
    "empty file": ("# nothing\n", "FILE: the file is empty"),
    "text at the top": ("hello", "must hold keys with values, such as 'world:'; got only the text 'hello'"),
    "list at the top": ("- 1", "must hold keys with values, such as 'world:'; got a list"),
    "not YAML": ("world:\n  a: b: c", "line 2  is not YAML"),
    "tabs": ("world:\n\tmean_ties: 1", "indent with spaces, not tabs"),
    "unclosed bracket": ("world: {mean_ties: 1\n", "is not YAML"),
    "alias": ("a: &a 1\nb: *a", "line 1  anchors (&) and aliases (*) are not used"),
    "tag": ("a: !!python/object/apply:os.getcwd []", "tags such as"),
    "odd key": ("? [1, 2]\n: 3", "line 1  a key must be a word"),
    "number as key": ("1: 2", "unknown key '1'"),
    "deep nesting": ("[" * 500, "nested more than 20 deep"),
    "two documents": ("about: {}\n---\nabout: {}", "line 2  a second document starts here"),
    "no-break space": ("world:\n\xa0 households: 400", "line 2  a no-break space, as web pages"),
    "control character": ("about:\n  a: \x07", "line 2  holds a control character"),
}


@pytest.mark.parametrize(("text", "expected"), BAD.values(), ids=BAD)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in complaint(tmp_path, text)


def test_names_may_be_in_any_script_and_an_accent_may_be_written_either_way(tmp_path: Path) -> None:
    """Hindi writes vowels as signs beside a letter; some programs write é as e and a sign for its accent."""
    file = tmp_path / "a.yaml"
    text = "strategies:\n  e\N{COMBINING ACUTE ACCENT}galité: {blend: {hybrid: 1}}\n  मिला-जुला: {blend: {égalité: 1}}\n"
    file.write_text(text, encoding="utf-8")
    assert {"égalité", "मिला-जुला"} < set(load_scenario(file).strategies)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("about: {}".encode("utf-16"), "saved as UTF-16"),
        (b"about:\n  title: \xc9t\xe9\n", "line 2  a letter is not UTF-8"),
        (b"PK\x03\x04\x00\x00", "an Excel workbook"),
        (b"about: \x00", "not a text file"),
        (b"# " + b"x" * MAX_BYTES, "at most 1 MiB"),
        (b"", "the file is empty"),
    ],
    ids=["UTF-16", "cp1252", "workbook", "binary", "large", "empty"],
)
def test_a_file_that_is_not_utf_8_text_gets_a_sentence(tmp_path: Path, raw: bytes, expected: str) -> None:
    (tmp_path / "a.yaml").write_bytes(raw)
    with pytest.raises(ScenarioError, match=expected):
        load_scenario(tmp_path / "a.yaml")


def test_a_missing_file_and_a_folder_get_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="there is no such file"):
        load_scenario(tmp_path / "nope.yaml")
    with pytest.raises(ScenarioError, match="this is a folder"):
        load_scenario(tmp_path)
    with pytest.raises(ScenarioError, match="cannot be read"):
        load_scenario("a\0b")


def test_a_mapping_from_python_is_checked_alike_and_has_no_lines() -> None:
    with pytest.raises(ScenarioError) as caught:
        Scenario.from_mapping({"world": {"mean_ties": float("nan")}, 7: 1}, name="x")
    assert str(caught.value).splitlines() == [
        "scenario 'x': 2 problems",
        "  unknown key '7'",
        "  world.mean_ties must be a number; got not-a-number (.nan)",
    ]
    with pytest.raises(ScenarioError, match="a scenario is a mapping"):
        Scenario.from_mapping([])


def test_a_scenario_error_is_a_value_error() -> None:
    assert issubclass(ScenarioError, ValueError)
    assert issubclass(ScenarioError, SmsimError)


def test_a_million_households_with_ten_ties_are_estimated_below_a_gibibyte() -> None:
    assert memory_bytes(1e6, 10, 4000, 1, 156) < 2**30


@settings(max_examples=150, deadline=None)
@given(st.text("ab:{}[]-?!&*%@|>'\"\\#,\n \t0.~<=\x85\u2028", max_size=40))
def test_no_text_makes_the_reader_fall_over(text: str) -> None:
    with contextlib.suppress(ScenarioError):
        parse_document(text, "x")


leaf = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5), st.just("pragmatic"))
words = st.sampled_from(
    ["world", "run", "behaviours", "behaviour", "strategies", "shares", "blend", "timing", "visit", "x", "y", "targets",
     "evidence", "sources", "fitted", "link", "households", "weeks", "kind", "when", "path", "about", "illustrative"]
)  # fmt: skip
trees = st.recursive(leaf, lambda t: st.lists(t, max_size=3) | st.dictionaries(words, t, max_size=4), max_leaves=12)


@settings(max_examples=300, deadline=None)
@given(st.dictionaries(words, trees, max_size=5))
def test_no_mapping_makes_the_checks_fall_over(data: dict[str, Any]) -> None:
    with contextlib.suppress(ScenarioError):
        Scenario.from_mapping(data)


def test_a_file_whose_set_up_eats_the_budget_is_refused_with_the_line(tmp_path):
    file = tmp_path / "poor.yaml"
    text = "illustrative: a test\nworld:\n  households: 300\ncampaign:\n  budget_per_household: 6\n"
    file.write_text(text, encoding="utf-8")
    # One district, community and mobilizer: pretest 2,000, assessment 100, training 48; the budget is 6 x 300 = 1,800.
    with pytest.raises(
        ScenarioError, match=r"line 5  campaign\.budget_per_household must cover the set-up .*\$\s2,148;"
    ):
        load_scenario(file)
