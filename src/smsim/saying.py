"""How numbers and values read in plain English. What a report says in other languages is in `i18n`."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any


def say_number(value: Any) -> str:
    """A number as a planner writes it: no trailing zero, no exponent where none is needed."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return shorten(value)
    if isinstance(value, Integral) and abs(int(value)) < 10**24:
        return str(int(value))  # a seed to its last digit
    number = float(value)
    if number.is_integer() and abs(number) < 1e15:
        return str(int(number))
    return f"{number:.12g}"


def say_dollars(amount: float, cents: bool = False) -> str:
    """An amount of money; with cents, where they are wanted and there are any."""
    digits = 2 if cents and round(amount, 2) % 1 else 0
    sign = "\N{MINUS SIGN}" if round(amount, digits) < 0 else ""
    return f"{sign}US$\N{NO-BREAK SPACE}{abs(amount):,.{digits}f}"


def say_count(number: int, noun: str, several: str = "") -> str:
    """So many of something: 1 week, 52 weeks; `several` where the plural is not the noun with an s."""
    return f"{number:,} {noun if number == 1 else several or noun + 's'}"


def shorten(value: Any, limit: int = 60) -> str:
    """`value` as a message shows it: Python's repr, cut where it gets long."""
    try:
        text = repr(value)
    except (RecursionError, ValueError):
        return f"a {type(value).__name__}"
    return text if len(text) <= limit else text[: limit - 3] + "..."
