"""``python -m smsim.i18n``: bring the catalogues up to date with the texts of the code; translations are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import write_po

from smsim.i18n import FOLDER, LANGUAGES, SOURCE, catalogue
from smsim.parameters import PARAMETERS
from smsim.scenario import ASSUMED
from smsim.steps import STEPS

PACKAGE = Path(__file__).parents[1]
KEYWORDS = {"_": None, "mark": None, "plural": (1, 2)}
FIXED = datetime(2026, 1, 1, tzinfo=UTC)  # no date of making: the same code gives the same file
NOTE = "smsim. Messages flagged fuzzy were translated by a machine and wait for a reader who speaks the language."


def template() -> Catalog:
    """Every text that the code and the table of parameters hand to a reader, in the order of the code."""
    found = Catalog()
    methods = [("**.py", "python"), ("**.js", "javascript"), ("**.html", "jinja2"), ("**.html.j2", "jinja2")]
    options = {"**.js": {"parse_template_string": True}}
    for name, _line, message, comments, _context in extract_from_dir(PACKAGE, methods, options, KEYWORDS):
        found.add(message, locations=[(name, 0)], auto_comments=comments)
    for parameter in PARAMETERS.values():
        # A price is said as dollars, and what they buy. A source that is a citation is the same in every language.
        prose = parameter.source if parameter.source[:1].islower() else ""
        for text in (parameter.doc, parameter.unit.removeprefix("US$").strip(), prose):
            if text:
                found.add(text, locations=[("parameters.py", 0)])
    for step in STEPS.values():
        for text in (step.title, step.without):
            found.add(text, locations=[("steps.py", 0)])
    found.add(ASSUMED, locations=[("scenario.py", 0)])
    return found


def update(language: str) -> Catalog:
    """The catalogue of a language with exactly the messages of the code; its head, with its glossary, is kept."""
    old = catalogue(language)
    head = old.header_comment if len(old) else f"# {NOTE}"
    new = Catalog(
        locale=language, project="smsim", header_comment=head, fuzzy=False, version="1", creation_date=FIXED,
        revision_date=FIXED, copyright_holder="smsim contributors", msgid_bugs_address="none",
        last_translator="a machine", language_team="none",
    )  # fmt: skip
    for message in template():
        if not message.id:
            continue
        known = old.get(message.id)
        kept = known is not None and bool(known.string) and known.pluralizable == message.pluralizable
        new.add(
            message.id,
            known.string if known is not None and kept else None,
            locations=[(name, 0) for name in dict.fromkeys(name for name, _ in message.locations)],
            flags=known.flags if known is not None and kept else (),
            auto_comments=message.auto_comments,
        )
    return new


def main() -> None:
    """Write the catalogues."""
    for language in LANGUAGES:
        if language != SOURCE:
            new = update(language)  # before the file is opened, which empties it
            with (FOLDER / f"{language}.po").open("wb") as file:
                write_po(file, new, width=110, omit_header=False, sort_output=False, include_lineno=False)


if __name__ == "__main__":
    main()
