"""The facilitator's guide: it tells of every lesson, and prints from the same text."""

from __future__ import annotations

from pathlib import Path

import pytest

pytest.importorskip("markdown_it")

import smsim.app.guide as guide
from smsim.app.guide import page, write_guide
from smsim.app.lessons import LESSONS
from smsim.errors import ScenarioError
from tests.app.conftest import CHROMIUM

SOURCE = Path(__file__).parents[2] / "docs" / "facilitator.md"
MOST_BYTES = 300_000


def test_it_tells_of_every_lesson_in_their_order() -> None:
    made = page(SOURCE.read_text(encoding="utf-8"))
    places = [made.find(f"<h2>{n}. {lesson.title}</h2>") for n, lesson in enumerate(LESSONS.values(), 1)]
    assert -1 not in places
    assert places == sorted(places)
    assert "<table>" in made


@pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")
def test_it_prints_as_a_small_pdf(tmp_path: Path) -> None:
    write_guide(SOURCE, tmp_path / "guide.pdf", CHROMIUM)
    printed = (tmp_path / "guide.pdf").read_bytes()
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") == 2
    assert len(printed) < MOST_BYTES


def test_what_cannot_be_printed_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guide, "BROWSERS", ())
    with pytest.raises(ScenarioError, match="no browser that prints"):
        write_guide(SOURCE, tmp_path / "guide.pdf")
    with pytest.raises(ScenarioError, match="name the text"):
        write_guide(tmp_path / "none.md", tmp_path / "guide.html")
    assert list(tmp_path.iterdir()) == []
