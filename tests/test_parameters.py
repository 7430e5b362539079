"""The table of parameters holds together, and the engine reads nothing that is not in it."""

from __future__ import annotations

import pytest

from smsim.engine.arrays import BEHAVIOUR, CONTEXT, KINDS
from smsim.parameters import PARAMETERS, Parameter, defaults, section

TABLE = list(PARAMETERS.values())
NUMBERS = [p for p in TABLE if isinstance(p.default, (int, float))]
each = pytest.mark.parametrize("parameter", NUMBERS, ids=lambda p: p.path)


def test_no_parameter_is_declared_twice() -> None:
    from smsim import parameters

    assert len(parameters._TABLE) == len(PARAMETERS)


@each
def test_the_default_is_valid(parameter: Parameter) -> None:
    assert parameter.low <= parameter.default <= parameter.high


@each
def test_what_is_swept_is_valid(parameter: Parameter) -> None:
    if sweep := parameter.sweep:
        assert parameter.low <= sweep.low < sweep.high <= parameter.high
        assert sweep.scale != "log" or sweep.low > 0


@each
def test_integers_are_swept_as_integers(parameter: Parameter) -> None:
    if parameter.sweep:
        assert parameter.integer == (parameter.sweep.scale == "integer")


@pytest.mark.parametrize("parameter", TABLE, ids=lambda p: p.path)
def test_every_parameter_says_what_it_is_and_where_it_comes_from(parameter: Parameter) -> None:
    assert parameter.doc.strip()
    assert parameter.source.strip()
    assert parameter.unit.strip()


@pytest.mark.parametrize("parameter", [p for p in TABLE if p.choices], ids=lambda p: p.path)
def test_the_default_of_a_choice_is_one_of_its_choices(parameter: Parameter) -> None:
    assert parameter.default in parameter.choices


def test_kinds_of_behaviour_are_those_of_the_engine() -> None:
    assert PARAMETERS["behaviour.kind"].choices == KINDS


def test_every_number_of_a_behaviour_that_the_engine_reads_is_in_the_table() -> None:
    assert set(BEHAVIOUR.names or ()) <= set(section("behaviour"))


def test_every_shared_number_that_the_engine_reads_is_in_the_table() -> None:
    known = {p.name for p in TABLE if p.section in ("world", "activities", "campaign")}
    # fidelity is worked out from partner_capacity
    assert set(CONTEXT.names or ()) - {"fidelity"} <= known


def test_shared_names_are_unique_over_the_sections_that_the_engine_mixes() -> None:
    names = [p.name for p in TABLE if p.section in ("world", "activities", "campaign")]
    assert len(names) == len(set(names))


def test_integer_fields_of_the_engine_are_integers_in_the_table() -> None:
    for dtype, parts in ((BEHAVIOUR, ("behaviour",)), (CONTEXT, ("world", "activities", "campaign"))):
        for p in TABLE:
            if p.section in parts and p.name in (dtype.names or ()) and isinstance(p.default, (int, float)):
                assert p.integer == (dtype[p.name].kind == "i"), p.path


def test_defaults_of_a_section_are_those_of_the_table() -> None:
    assert defaults("run")["seed"] == PARAMETERS["run.seed"].default
    assert list(defaults("world")) == list(section("world"))
