"""YAML 1.2 files as plain mappings that remember the line of every value; nothing in them is ever executed.

The scanner and parser are ruamel.yaml's; values are made here from its events, so that a file can neither nest nor
expand without bound, keys cannot repeat, and every problem has its line.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from smsim.errors import ScenarioError
from smsim.saying import say_count, shorten

MAX_BYTES = 1 << 20  # a scenario is a page or two; a megabyte is a mistake or an attack
MAX_DEPTH = 20

KeyPath = tuple[str | int, ...]

# The core schema of YAML 1.2: `no` and `on` are words, 1e-3 is a number.
_NULL = re.compile(r"null|Null|NULL|~|")
_BOOL = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INT = re.compile(r"[-+]?[0-9]{1,30}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_INF = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_NAN = re.compile(r"\.(nan|NaN|NAN)")


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a scenario: the file and line (None when it came from Python) and a sentence."""

    text: str
    line: int | None = None
    file: str | None = None


def report(problems: list[Problem], subject: str) -> ScenarioError:
    """All problems as one error, a paragraph per file, in the order of the lines."""
    paragraphs = []
    for file in dict.fromkeys([subject] + [p.file or subject for p in problems]):
        here = sorted({(p.line or 0, p.text): p for p in problems if (p.file or subject) == file}.items())
        if here:
            lines = [f"{file}: {say_count(len(here), 'problem')}"]
            lines += [f"  line {p.line}  {p.text}" if p.line else f"  {p.text}" for _, p in here]
            paragraphs.append("\n".join(lines))
    return ScenarioError("\n".join(paragraphs))


@dataclass
class Document:
    """A YAML file as read: its top mapping, the line of every key, and what was wrong on the way."""

    data: dict[str, Any]
    lines: dict[KeyPath, int]
    problems: list[Problem] = field(default_factory=list)
    name: str | None = None  # of the file


def read_document(path: Path) -> Document:
    """Read one YAML file.

    Raises
    ------
    ScenarioError
        If there is no such file, it is not text, not YAML, or its top level is not a mapping.
    """
    return parse_document(read_text(path), str(path))


def read_text(path: Path) -> str:
    """Content of a UTF-8 text file, without its byte order mark.

    Raises
    ------
    ScenarioError
        If it cannot be read, is larger than a scenario can be, or is not UTF-8.
    """
    try:
        with open(path, "rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise ScenarioError(f"{path}: there is no such file; check the name and the folder") from None
    except (IsADirectoryError, PermissionError, OSError, ValueError) as error:
        if _is_folder(path):
            raise ScenarioError(f"{path}: this is a folder; name one scenario file in it") from None
        reason = getattr(error, "strerror", None) or str(error)
        raise ScenarioError(f"{path}: cannot be read ({reason})") from None
    if len(raw) > MAX_BYTES:
        raise ScenarioError(f"{path}: a scenario file may have at most 1 MiB; is this the right file?")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise ScenarioError(f"{path}: the file is saved as UTF-16 ('Unicode'); save it as UTF-8")
    if raw.startswith(b"PK\x03\x04"):
        raise ScenarioError(
            f"{path}: this is an Excel workbook or another packed file; a scenario is a text file, as is "
            "scenarios/village.yaml: copy that and write your numbers into it"
        )
    if b"\x00" in raw:
        raise ScenarioError(f"{path}: this is not a text file; a scenario is a YAML text file saved as UTF-8")
    try:
        # One way to write an accented letter: names that look alike are alike.
        return unicodedata.normalize("NFC", raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        problem = Problem("a letter is not UTF-8 (saved by an older Windows program?); save the file as UTF-8", line)
        raise report([problem], str(path)) from None


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False


def parse_document(text: str, name: str) -> Document:
    """Parse YAML text; `name` stands in the messages.

    Raises
    ------
    ScenarioError
        If the text is not YAML, uses what no scenario needs (anchors, aliases, tags, several documents, deep
        nesting), is empty, or is not a mapping at the top.
    """
    builder = _Builder()
    try:
        value = builder.document(_events(text, name))
    except _Stop as stop:
        raise report([Problem(stop.text, stop.line)], name) from None
    if value is None:
        raise ScenarioError(f"{name}: the file is empty; copy scenarios/village.yaml to start from")
    if not isinstance(value, dict):
        raise ScenarioError(f"{name}: the file must hold keys with values, such as 'world:'; got {_kind(value)}")
    return Document(value, builder.lines, builder.problems, name)


class _Stop(Exception):
    """Reading cannot go on."""

    def __init__(self, text: str, line: int | None = None) -> None:
        self.text, self.line = text, line


def _events(text: str, name: str) -> Any:
    """Events of ruamel.yaml's parser; its errors become ours, with the line."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError
    from ruamel.yaml.reader import ReaderError

    try:
        yield from YAML(typ="safe", pure=True).parse(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        words = " ".join(str(error.problem or error.context or "cannot be understood").split())
        if "\\t" in words:
            words += "; indent with spaces, not tabs"
        if "mapping values are not allowed" in words:
            words += "; look at the indentation, and at a colon inside a text without quotes"
        raise _Stop(f"is not YAML: {words}", mark.line + 1 if mark else None) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else None
        raise _Stop("holds a control character, which no text has; is this a text file?", line) from None
    except (YAMLError, ValueError, AttributeError, TypeError, IndexError, KeyError, AssertionError) as error:
        # ruamel.yaml lets some malformed directives and escapes surface as bare Python errors
        raise _Stop(f"is not YAML: {' '.join(str(error).split())[:200] or 'cannot be understood'}") from None


class _Builder:
    """Makes plain values of parser events, with lines and problems on the side."""

    def __init__(self) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.problems: list[Problem] = []

    def document(self, events: Any) -> Any:
        value: Any = None
        documents = 0
        for event in events:
            kind = type(event).__name__
            if kind == "DocumentStartEvent":
                documents += 1
                if documents > 1:
                    raise _Stop("a second document starts here ('---'); keep one scenario per file", _line(event))
            elif kind not in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
                value = self._value(event, events, (), 0)
        return value

    def _value(self, event: Any, events: Any, path: KeyPath, depth: int) -> Any:
        kind = type(event).__name__
        if kind == "AliasEvent" or getattr(event, "anchor", None):
            raise _Stop("anchors (&) and aliases (*) are not used in scenarios; write the value again", _line(event))
        if depth > MAX_DEPTH:
            raise _Stop(f"values are nested more than {MAX_DEPTH} deep", _line(event))
        if _tag(event):
            raise _Stop(f"tags such as {_tag(event)} are not used in scenarios; leave it out", _line(event))
        if kind == "MappingStartEvent":
            return self._mapping(events, path, depth)
        if kind == "SequenceStartEvent":
            items: list[Any] = []
            for item in iter(lambda: next(events), None):
                if type(item).__name__ == "SequenceEndEvent":
                    return items
                self.lines[(*path, len(items))] = _line(item)
                items.append(self._value(item, events, (*path, len(items)), depth + 1))
        return _scalar(event)

    def _mapping(self, events: Any, path: KeyPath, depth: int) -> dict[str, Any]:
        mapping: dict[str, Any] = {}
        for event in iter(lambda: next(events), None):
            if type(event).__name__ == "MappingEndEvent":
                break
            line = _line(event)
            if type(event).__name__ != "ScalarEvent":
                raise _Stop("a key must be a word; got a list or a mapping (a missing quote, a stray '?' or '{')", line)
            self._value(event, events, path, depth)  # refuses anchors and tags on keys
            key = str(event.value)
            if "\N{NO-BREAK SPACE}" in key:
                words = "a no-break space, as web pages and Word have them, stands before or in a key; type a plain one"
                self.problems.append(Problem(words, line))
            here = (*path, key)
            if key in mapping:
                first = self.lines[here]
                self.problems.append(Problem(f"{shorten(key)} appears twice (first on line {first}); keep one", line))
                self._value(next(events), events, (*path, key, "again"), depth + 1)
                continue
            self.lines[here] = line
            mapping[key] = self._value(next(events), events, here, depth + 1)
        return mapping


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


def _tag(event: Any) -> str:
    """Explicit tag of an event, "" if it has none that matters."""
    tag = getattr(event, "tag", None)
    if tag is None:
        return ""
    text = str(tag)
    return "" if text in ("!", "None") else text


def _scalar(event: Any) -> Any:
    """Value of a scalar by the core schema of YAML 1.2; quoted scalars are text."""
    text = str(event.value)
    if event.style is not None or _tag_is_text(event):
        return text
    if _NULL.fullmatch(text):
        return None
    if text in _BOOL:
        return _BOOL[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)  # too many digits become inf, which every number refuses
    if found := _INF.fullmatch(text):
        return float(found.group(1) + "inf")
    if _NAN.fullmatch(text):
        return float("nan")
    return text


def _tag_is_text(event: Any) -> bool:
    return str(getattr(event, "tag", None)) == "!"


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "a list"
    return f"only the text {shorten(value)}" if isinstance(value, str) else f"only {shorten(value)}"
