"""What a scenario file may hold: pydantic models made from the table of parameters, and the words for what is wrong.

The models check keys, types and ranges, every one of them in one pass. What needs two values at a time (sums, links,
blends) is checked in `smsim.scenario`.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from functools import cache
from numbers import Integral, Real
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator, ValidationError, WithJsonSchema, create_model
from pydantic_core import PydanticCustomError

from smsim.engine.arrays import ACTIVITIES
from smsim.parameters import PARAMETERS, Parameter, Section, section
from smsim.saying import say_number, shorten
from smsim.steps import STEPS
from smsim.strategy import LEADERS, TIMINGS
from smsim.yaml_lines import KeyPath

SECTIONS: tuple[Section, ...] = ("world", "activities", "campaign", "run")
MAX_BEHAVIOURS = 8
MAX_STRATEGIES = 40
MEASURES = ("surveyed", "administrative")
LONGEST_NAME = 40  # of a behaviour or strategy: it becomes a file name, a column, a label

_UNIT = re.compile(r"\s*(?:US)?\$?\s*([-+]?\d+(?:[.,]\d+)*(?:[eE][-+]?\d+)?)\s*(.*)", re.DOTALL)
# What may stand after or before an amount that is not in dollars: a currency's sign or name.
_MONEY = re.compile(r"(?!usd|us\$|dollar|per\b)[^\W\d_]+\.?\s*\d*|[\u20a0-\u20cf£¥]", re.IGNORECASE)


def is_name(text: str) -> bool:
    """Whether a text can name a behaviour or strategy: a letter, then letters, digits, "_" or "-", in any script."""
    return 0 < len(text) <= LONGEST_NAME and text[0].isalpha() and " " not in parting(text)


def parting(text: str) -> str:
    """The text with a space for all that is neither letter, digit, "_" nor "-".

    Signs that belong to the letter before them, as in Hindi or where an accent stands by itself, are part of it.
    """
    return "".join(c if c in "_-" or unicodedata.category(c)[0] in "LMN" else " " for c in text)


def say_value(value: Any) -> str:
    """A value as YAML would write it, cut where it gets long."""
    if value is None:
        return "nothing"
    return str(value).lower() if isinstance(value, bool) else shorten(value)


def check_number(value: Any, low: float, high: float, unit: str, integer: bool = False) -> float | int:
    """`value` as a number in [low, high], an int where one is wanted.

    Raises
    ------
    PydanticCustomError
        With the rule, what was given and, where a slip is plain (a unit, a percentage, a comma), what to write.
    """
    what = "a whole number" if integer else "a number"
    if isinstance(value, bool) or not isinstance(value, Real):
        raise _error(f"must be {what}; got {say_value(value)}{_remedy(value, low, high, unit)}")
    if not math.isfinite(value):
        raise _error(f"must be {what}; got {'not-a-number (.nan)' if math.isnan(value) else 'infinity'}")
    number = int(value) if isinstance(value, Integral) else float(value)
    if not (low <= number <= high):
        percent = f" (write {say_number(number / 100)} for {say_number(number)}%)"
        hint = percent if (low, high) == (0, 1) and 1 < number <= 100 else ""
        raise _error(
            f"must be in [{say_number(low)}, {say_number(high)}]{_in_unit(unit)}; got {say_number(value)}{hint}"
        )
    if not integer:
        return float(number)
    if number != int(number):
        raise _error(f"must be a whole number{f' of {unit}' if _in_unit(unit) else ''}; got {say_number(value)}")
    return int(number)


def _in_unit(unit: str) -> str:
    return "" if unit in ("", "share", "integer", "weight", "ratio") else f" {unit}"


def _remedy(value: Any, low: float, high: float, unit: str) -> str:
    """What to write instead of a text that was meant as a number; "" if that is not plain."""
    found = _UNIT.fullmatch(value) if isinstance(value, str) and len(value) < 100 else None
    rest = found.group(2).strip() if found else str(value)
    if unit.startswith("US$") and isinstance(value, str) and _MONEY.match(rest):
        return f" (the unit is {unit}: convert other money, and write the number alone)"
    if not found:
        return ""
    digits = found.group(1)
    if "," in digits:  # 20,000 has a thousands comma, 0,5 a decimal one
        thousands = re.fullmatch(r"[-+]?[1-9]\d{0,2}(,\d{3})+(\.\d+)?", digits)
        digits = digits.replace(",", "" if thousands else ".")
    try:
        number = float(digits)
    except ValueError:
        return ""
    if rest == "%":
        return f" (write {say_number(number / 100)})" if (low, high) == (0, 1) else f" (write {say_number(number)})"
    if rest.replace("_", "").isdigit():
        return f" (write {digits}{rest.replace('_', '')})"
    unit_note = (
        f": the unit is {unit}" if unit and (rest or "$" in str(value)) else ", without quotes" if not rest else ""
    )
    return f" (write {say_number(number)}{unit_note})"


def _error(words: str) -> PydanticCustomError:
    # braces would be read as a template
    return PydanticCustomError("smsim", "{words}", {"words": words})


def guess(word: str, known: Any) -> str:
    """ "; did you mean 'strategies'?", or "" when nothing is close."""
    close = difflib.get_close_matches(str(word).lower(), [str(k) for k in known], n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""


def check_choice(value: Any, choices: tuple[str, ...]) -> str:
    """`value`, one of `choices`.

    Raises
    ------
    PydanticCustomError
        With the choices, what was given and what may have been meant.
    """
    if not isinstance(value, str) or value not in choices:
        raise _error(f"must be one of {', '.join(choices)}; got {say_value(value)}{guess(str(value), choices)}")
    return value


def check_value(p: Parameter, value: Any) -> Any:
    """`value` as the parameter wants it, as in a whole scenario file: see `check_number` and `check_choice`."""
    if p.choices:
        return check_choice(value, p.choices)
    return _name_or_none(value) if p.default is None else check_number(value, p.low, p.high, p.unit, p.integer)


def _number_type(low: float, high: float, unit: str, integer: bool = False, doc: str = "", default: Any = None) -> Any:
    schema = {"type": "integer" if integer else "number", "minimum": low, "maximum": high}
    schema |= {"description": doc} if doc else {}
    schema |= {"default": default} if default is not None else {}
    return Annotated[Any, PlainValidator(lambda v: check_number(v, low, high, unit, integer)), WithJsonSchema(schema)]


def _choice_type(choices: tuple[str, ...], doc: str = "", default: Any = None) -> Any:
    schema: dict[str, Any] = {"type": "string", "enum": list(choices)}
    schema |= {"description": doc} if doc else {}
    schema |= {"default": default} if default is not None else {}
    return Annotated[Any, PlainValidator(lambda v: check_choice(v, choices)), WithJsonSchema(schema)]


def _parameter_type(p: Parameter) -> Any:
    doc = f"{p.doc} ({p.unit}; {p.source}{f'; step {p.step}' if p.step else ''})"
    if p.choices:
        return _choice_type(p.choices, doc, p.default)
    if p.default is None:
        return Annotated[
            Any, PlainValidator(_name_or_none), WithJsonSchema({"type": ["string", "null"], "description": doc})
        ]
    return _number_type(p.low, p.high, p.unit, p.integer, doc, p.default)


def _text(value: Any) -> str:
    if isinstance(value, (dict, list, bool)) or value is None or not str(value).strip():
        raise _error(f"must be a text; got {say_value(value)}")
    return str(value).strip()


def _name_or_none(value: Any) -> str | None:
    return None if value is None else _text(value)


def _any_value(value: Any) -> Any:
    if isinstance(value, (dict, list)):
        raise _error(f"must be one number or text; got {say_value(value)}")
    return value


Text: Any = Annotated[Any, PlainValidator(_text), WithJsonSchema({"type": ["string", "number"], "minLength": 1})]
Value: Any = Annotated[
    Any, PlainValidator(_any_value), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
Share: Any = _number_type(0, 1, "share")
Grade: Any = _choice_type(("measured", "derived", "assumed"), "how the figure is known")
StepName: Any = _choice_type(tuple(STEPS), "a step of mobilization")
When: Any = _choice_type(
    ("baseline", "end", "follow_up"), "last week before the campaign, its last week, last week of all"
)


Measure: Any = _choice_type(MEASURES, "coverage as a survey finds it, or as the programme counts it")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Evidence(_Strict):
    """A figure from outside with its source and grade."""

    figure: Text
    value: Value = None
    unit: Text = ""
    period: Text = ""
    place: Text = ""
    source: Text
    grade: Grade
    note: Text = ""


class TargetEntry(_Strict):
    """A figure that the simulation should reproduce: a coverage, or how far it is above that of `against`."""

    behaviour: Text = ""
    strategy: Text = "none"
    against: Text = ""
    when: When
    group: Text = "all"
    measure: Measure = MEASURES[0]
    value: Share
    tolerance: Share
    unit: Text = "share"
    grade: Grade = "measured"
    source: Text


class FittedEntry(_Strict):
    """A value that was fitted: to which target, how, on which seeds; `prior` is what was assumed before.

    With `when`, it is fitted to the targets of that time alone; without, to all that no other entry claims.
    """

    path: Text
    to: Text
    when: When | None = None
    by: Text
    prior: Value = None
    seeds: Text = ""
    note: Text = ""


def _mapping_model(name: str, keys: tuple[str, ...], kind: Any, doc: str) -> type[BaseModel]:
    fields: dict[str, Any] = dict.fromkeys(keys, (kind, None))
    return create_model(name, __base__=_Strict, __doc__=doc, **fields)


Shares: Any = _mapping_model("Shares", ACTIVITIES, Share, "Share of the field budget per activity; they sum to 1.")
Timing: Any = _mapping_model("Timing", ACTIVITIES, _choice_type(TIMINGS), "When the money is spent; flat by default.")
LeaderShare: Any = _mapping_model("LeaderShare", LEADERS, Share, "How leader sessions are split; they sum to 1.")


class StrategyEntry(_Strict):
    """A strategy: shares of the budget over activities and their timing, or a blend of other strategies."""

    shares: Shares | None = None
    timing: Timing | None = None
    leader_share: LeaderShare | None = None
    blend: dict[str, Share] | None = None


def _section_model(name: Section) -> type[BaseModel]:
    fields: dict[str, Any] = {p.name: (_parameter_type(p), p.default) for p in section(name).values()}
    return create_model(name.capitalize(), __base__=_Strict, **fields)


@cache
def scenario_model() -> type[BaseModel]:
    """The pydantic model of a whole scenario file."""
    sections: dict[str, Any] = {name: (_section_model(name) | None, None) for name in SECTIONS}
    behaviour: Any = _section_model("behaviour")
    fields: dict[str, Any] = {
        "extends": (Text | None, Field(None, description="another scenario file whose values hold unless given here")),
        "about": (dict[str, Value] | None, Field(None, description="title, place, period, citation")),
        "evidence": (list[Evidence] | None, Field(None, description="figures with source and grade")),
        "targets": (list[TargetEntry] | None, Field(None, description="what the simulation should reproduce")),
        "illustrative": (Text | None, Field(None, description="why there are no targets")),
        "behaviour": (behaviour | None, Field(None, description="the behaviour, if there is only one")),
        "behaviours": (dict[str, behaviour | None] | None, Field(None, description="behaviours by name, 1 to 8")),
        "skip": (list[StepName] | None, Field(None, description="steps of mobilization to leave out")),
        "strategies": (dict[str, StrategyEntry] | None, Field(None, description="strategies beside the built-in ones")),
        "sources": (dict[str, Text] | None, Field(None, description="source of a value, by its path: world.mean_ties")),
        "fitted": (list[FittedEntry] | None, Field(None, description="values that were fitted, and to what")),
    }
    return create_model("Scenario", __base__=_Strict, **(sections | fields))


def json_schema() -> dict[str, Any]:
    """JSON Schema of scenario files, for editors that complete and underline."""
    schema = scenario_model().model_json_schema()
    schema |= {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "smsim scenario"}
    for model in (schema, *schema["$defs"].values()):
        for entry in model.get("properties", {}).values():
            entry.pop("title", None)  # pydantic's, the key over again
    return schema


def check_structure(data: dict[str, Any]) -> tuple[dict[str, Any] | None, list[tuple[KeyPath, str]]]:
    """`data` with every number in its type (None if something is wrong), and all that is wrong: path and sentence."""
    try:
        model = scenario_model().model_validate(data)
    except ValidationError as error:
        return None, [_words(e) for e in error.errors(include_url=False)]
    given = model.model_dump(exclude_unset=True)
    return {key: value for key, value in given.items() if value is not None or key == "strategies"}, []


_WANTED = {
    "model_type": "must hold keys with values",
    "model_attributes_type": "must hold keys with values",
    "dict_type": "must hold keys with values",
    "list_type": "must be a list, each entry starting with '- '",
}


def _words(error: Any) -> tuple[KeyPath, str]:
    path: KeyPath = tuple(part for part in error["loc"] if part != "[key]")
    name = say_path(path)
    match error["type"]:
        case "extra_forbidden":
            return path, _unknown_key(path)
        case "missing":
            return path[:-1], f"{say_path(path[:-1])} needs the key {path[-1]!r}"
        case kind if kind in _WANTED:
            return path, f"{name} {_WANTED[kind]}; got {say_value(error['input'])}"
        case "smsim":
            return path, f"{name} {error['ctx']['words']}"
    return path, f"{name}: {error['msg']}; got {say_value(error['input'])}"


def say_path(path: KeyPath) -> str:
    """A path as messages write it: ``world.mean_ties``, ``targets[2].value`` (counted from 1)."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text if len(text) <= 120 else text[:117] + "..."


def known_keys(path: KeyPath) -> tuple[str, ...]:
    """Keys that may stand in the mapping at `path`; () where any name may."""
    match path:
        case ():
            return tuple(scenario_model().model_fields)
        case ("behaviour",) | ("behaviours", _):
            return tuple(section("behaviour"))
        case (name,) if name in SECTIONS:
            return tuple(section(name))
        case ("evidence", _):
            return tuple(Evidence.model_fields)
        case ("targets", _):
            return tuple(TargetEntry.model_fields)
        case ("fitted", _):
            return tuple(FittedEntry.model_fields)
        case ("strategies", _):
            return tuple(StrategyEntry.model_fields)
        case ("strategies", _, "leader_share"):
            return LEADERS
        case ("strategies", _, _):
            return ACTIVITIES
    return ()


def _unknown_key(path: KeyPath) -> str:
    key, parent = str(path[-1]), path[:-1]
    where = f" in {say_path(parent)}" if parent else ""
    return f"unknown key {shorten(key)}{where}{_where_it_belongs(key, parent)}"


def _where_it_belongs(key: str, parent: KeyPath) -> str:
    if hint := guess(key, known_keys(parent)):
        return hint
    if parent[:1] == ("strategies",) and len(parent) == 2 and key in ACTIVITIES:
        return "; write it in 'shares'"
    for name in (*SECTIONS, "behaviour"):
        if f"{name}.{key}" in PARAMETERS:
            return f"; it belongs in {'behaviours' if name == 'behaviour' else name!r}"
    known = ", ".join(known_keys(parent)) if parent else ""
    return f"; known are {known}" if 0 < len(known) < 200 else ""
