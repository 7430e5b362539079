"""The words people read, in their language: gettext catalogues, and numbers and dates as they write them.

The text in the code is English and is the key of a message. A catalogue is the file ``LANGUAGE.po`` beside this one;
`python -m smsim.i18n` brings all of them up to date with the code. A translation that a machine made and nobody has
read carries gettext's flag ``fuzzy`` and is used all the same: `Words.reviewed` says how many are not so marked.
"""

from __future__ import annotations

import datetime
import gettext
import io
import math
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from babel import Locale, dates, lists, numbers
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from smsim.errors import ScenarioError
from smsim.saying import say_dollars

SOURCE = "en"
# Language -> its own name for itself.
LANGUAGES: dict[str, str] = {
    "en": "English",
    "fr": "Français",
    "es": "Español",
    "pt": "Português",
    "sw": "Kiswahili",
    "hi": "हिन्दी",
    "ar": "العربية",
}
FOLDER = Path(__file__).parent
MISSING = "–"
MINUS = "\N{MINUS SIGN}"
RIGHT_TO_LEFT_MARK = "\N{RIGHT-TO-LEFT MARK}"
LTR_ISOLATE, RTL_ISOLATE = "\N{LEFT-TO-RIGHT ISOLATE}", "\N{RIGHT-TO-LEFT ISOLATE}"
END_ISOLATE = "\N{POP DIRECTIONAL ISOLATE}"


class Reviewed(NamedTuple):
    """How far a translation has come, in messages."""

    total: int
    translated: int
    reviewed: int  # of those translated, read by a person


class Words:
    """One language: call it with an English text, as in ``_("{n} households", n=12)``.

    Parameters
    ----------
    language : a key of `LANGUAGES`

    Raises
    ------
    ScenarioError : there is no such language
    """

    def __init__(self, language: str = SOURCE) -> None:
        if language not in LANGUAGES:
            known = ", ".join(f"{code} ({name})" for code, name in LANGUAGES.items())
            raise ScenarioError(f"no language {language!r}; there are {known}")
        self.language = language
        self.locale = Locale.parse("en_GB" if language == SOURCE else language)
        self._messages = _translations(language)

    @property
    def right_to_left(self) -> bool:
        """Whether the language is written from right to left."""
        return self.locale.text_direction == "rtl"

    def __call__(self, text: str, **values: Any) -> str:
        """The text in this language, with its places in braces filled."""
        said = self._messages.gettext(text) if text else ""
        return said.format(**values) if values else said

    def plural(self, one: str, many: str, n: int, **values: Any) -> str:
        """The form that goes with the number n, which fills the place {n}."""
        return self._messages.ngettext(one, many, n).format(n=self.number(n), **values)

    def number(self, value: float, digits: int = 0, exact: bool = False) -> str:
        """A number with at most so many decimals, or with exactly so many; a dash where it is missing."""
        return self._decimal(value, self.locale.decimal_formats[None].pattern, digits, exact)

    def percent(self, share: float, digits: int = 0, exact: bool = False) -> str:
        """A share as per cent, with at most so many decimals, or with exactly so many."""
        # Babel multiplies by 100 itself; the digits are ours.
        rounded = round(100 * share, digits) / 100 if math.isfinite(share) else share
        return self._decimal(rounded, self.locale.percent_formats[None].pattern, digits, exact, 2)

    def money(self, amount: float, cents: bool = False) -> str:
        """US dollars; with cents, where they are wanted and there are any."""
        if self.language == SOURCE and math.isfinite(amount):  # where CLDR leaves no space
            return say_dollars(amount, cents)
        digits = 2 if cents and round(amount, 2) % 1 else 0
        return self._decimal(amount, self.locale.currency_formats["standard"].pattern, digits, exact=True)

    def listed(self, parts: Iterable[str], how: Literal["standard", "or"] = "standard") -> str:
        """a, b and c; or: a, b or c."""
        return str(lists.format_list(list(parts), how, self.locale))

    def _decimal(self, value: float, pattern: str, digits: int, exact: bool, scale: int = 0) -> str:
        """A number in one of the locale's patterns, with this many decimals, after a shift of `scale` places."""
        if not math.isfinite(value):
            return MISSING
        places = ("0" if exact else "#") * digits
        shown = pattern.replace(".00", "").replace(".###", "")
        shown = shown.replace("##0", f"##0.{places}" if places else "##0")
        rounded = Decimal(f"{value:.{digits + scale}f}") + 0  # a zero has no sign
        options: dict[str, Any] = {"locale": self.locale, "numbering_system": "default"}
        if "¤" in shown:
            text = numbers.format_currency(rounded, "USD", shown, currency_digits=False, **options)
        else:
            text = numbers.format_decimal(rounded, shown, **options)
        said = str(text).replace("-", MINUS).strip(RIGHT_TO_LEFT_MARK)
        # A sign would change sides within a sentence that runs from right to left: the number stands by itself.
        signed = self.right_to_left and not said.replace(",", "").replace(".", "").isdigit()
        return f"{LTR_ISOLATE}{said}{END_ISOLATE}" if signed else said

    def date(self, day: datetime.date) -> str:
        """A date, written out."""
        return str(dates.format_date(day, "long", locale=self.locale))

    def __repr__(self) -> str:
        return f"Words({self.language!r})"


def mark(text: str) -> str:
    """The text itself, so that the catalogues find it where it is data; `Words` says it in a language."""
    return text


def catalogue(language: str) -> Catalog:
    """What the file of a language holds; an empty catalogue where there is no file."""
    path = FOLDER / f"{language}.po"
    if not path.is_file():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def reviewed(language: str) -> Reviewed:
    """How much of a language is translated, and how much of that a person has read."""
    messages = [m for m in catalogue(language) if m.id]
    done = [m for m in messages if (all(m.string) if isinstance(m.string, (tuple, list)) else m.string)]
    return Reviewed(len(messages), len(done), sum(not m.fuzzy for m in done))


@cache
def _translations(language: str) -> gettext.NullTranslations:
    if language == SOURCE:
        return gettext.NullTranslations()
    compiled = io.BytesIO()
    write_mo(compiled, catalogue(language), use_fuzzy=True)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
