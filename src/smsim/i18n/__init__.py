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
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from babel import Locale, dates, numbers
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from smsim.errors import ScenarioError

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
            raise ScenarioError(f"no language {language!r}; there are {', '.join(LANGUAGES)}")
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

    def number(self, value: float, digits: int = 0) -> str:
        """A number with at most so many decimals; a dash where it is missing."""
        if not math.isfinite(value):
            return MISSING
        return str(
            numbers.format_decimal(
                round(value, digits), locale=self.locale, decimal_quantization=False, numbering_system="default"
            )
        )

    def percent(self, share: float, digits: int = 0) -> str:
        """A share as per cent, with at most so many decimals."""
        if not math.isfinite(share):
            return MISSING
        rounded = round(share, 2 + digits)
        return str(
            numbers.format_percent(rounded, locale=self.locale, decimal_quantization=False, numbering_system="default")
        )

    def money(self, dollars: float, cents: bool = False) -> str:
        """US dollars."""
        if not math.isfinite(dollars):
            return MISSING
        return f"US$\N{NO-BREAK SPACE}{self.number(dollars, 2 if cents else 0)}"

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
