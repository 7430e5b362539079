"""Results folders are written whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from smsim.errors import RunError, ScenarioError
from smsim.folder import plain_text, whole_folder, write_csv


def contents(folder: Path) -> dict[str, str]:
    return {f.name: f.read_text(encoding="utf-8") for f in folder.iterdir()}


def write(folder: Path, word: str) -> None:
    with whole_folder(folder) as staging:
        for name in ("a.csv", "manifest.json", "z.csv"):
            (staging / name).write_text(word, encoding="utf-8")


def test_files_arrive_together_and_nothing_else_does(tmp_path: Path) -> None:
    write(tmp_path / "deep" / "results", "new")
    assert contents(tmp_path / "deep" / "results") == dict.fromkeys(("a.csv", "manifest.json", "z.csv"), "new")


def test_a_failure_before_the_end_leaves_the_old_results(tmp_path: Path) -> None:
    write(tmp_path, "old")

    def fail() -> None:
        with whole_folder(tmp_path) as staging:
            (staging / "a.csv").write_text("new", encoding="utf-8")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert set(contents(tmp_path).values()) == {"old"}


def test_a_failure_before_the_end_leaves_no_folder_where_there_was_none(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="disk full"), whole_folder(tmp_path / "results"):
        raise OSError(28, "disk full")
    assert not (tmp_path / "results").exists()


def test_a_file_that_cannot_be_replaced_brings_the_old_ones_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, "old")
    real = os.replace

    def replace(source: Any, target: Any) -> None:
        if Path(source).name == "z.csv" and Path(target).parent == tmp_path and "old-" not in str(source):
            raise PermissionError(13, "open in another program")
        real(source, target)

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(RunError, match="open in another program"):
        write(tmp_path, "new")
    assert contents(tmp_path) == dict.fromkeys(("a.csv", "manifest.json", "z.csv"), "old")


def test_a_file_in_the_way_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(ScenarioError, match=r"name (a|another) folder"), whole_folder(place):
            pass


def test_names_that_a_spreadsheet_would_run_are_made_plain_and_numbers_are_left_alone(tmp_path: Path) -> None:
    assert [plain_text(t) for t in ("=1+1", "+a", "-b", "@c", "hybrid", "")] == [
        "'=1+1",
        "'+a",
        "'-b",
        "'@c",
        "hybrid",
        "",
    ]
    write_csv(pd.DataFrame({"name": ["=x"], "value": [-0.1]}), tmp_path / "t.csv", ("name",))
    assert (tmp_path / "t.csv").read_bytes() == b"name,value\n'=x,-0.1\n"


def test_a_table_with_accents_opens_well_in_a_spreadsheet_and_reads_back_the_same(tmp_path: Path) -> None:
    """Excel knows UTF-8 by its mark alone (the three bytes of U+FEFF in UTF-8); ASCII needs none."""
    frame = pd.DataFrame({"strategy": ["santé-é", "hybrid"], "value": [0.1, 0.2]})
    write_csv(frame, tmp_path / "accents.csv", ("strategy",))
    assert (tmp_path / "accents.csv").read_bytes().startswith(b"\xef\xbb\xbfstrategy,value\nsant\xc3\xa9")
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "accents.csv"), frame)
    write_csv(frame.iloc[1:], tmp_path / "ascii.csv", ("strategy",))
    assert (tmp_path / "ascii.csv").read_bytes() == b"strategy,value\nhybrid,0.2\n"
