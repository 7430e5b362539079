"""The command line: answers at once, says what is wrong, and leaves nothing half-written."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import types
from pathlib import Path
from typing import Any

import llvmlite.binding as llvm
import pytest
from typer.testing import CliRunner

import smsim
from smsim.__main__ import interrupt
from smsim.cli import app
from smsim.errors import DataError, RunError
from smsim.folder import whole_folder
from smsim.parameters import PARAMETERS
from smsim.simulate import Prepared

VILLAGE = str(Path(__file__).parents[1] / "scenarios" / "village.yaml")
HEAVY = {"mesa", "numba", "numpy", "pandas", "matplotlib", "pyarrow", "pydantic", "rich", "ruamel", "SALib"}


def smsim_says(*arguments: str) -> tuple[int, str, str]:
    """Exit code, stdout and stderr of ``smsim ARGUMENTS``."""
    result = CliRunner().invoke(app, list(arguments))
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, result.stderr


class Comparison:
    """Stands in for the results of a comparison; writes two files."""

    fails: Exception | None = None

    def summary(self, language: str) -> list[str]:
        return ["Hybrid and pragmatic cannot be told apart."]

    def write(self, folder: Path, command: str, language: str, progress: Any) -> None:
        with whole_folder(folder) as staging:
            (staging / "report.html").write_text("report", encoding="utf-8")
            if self.fails:
                raise self.fails
            (staging / "manifest.json").write_text(json.dumps({"command": command, "language": language}), "utf-8")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the command line asked of `smsim.compare.compare`, which is not run."""
    asked: dict[str, Any] = {}

    def compare(scenario: Any, **options: Any) -> Comparison:
        asked.update(options, scenario=scenario)
        options["progress"](1, 2)
        return Comparison()

    module = types.ModuleType("smsim.compare")
    module.compare = compare
    monkeypatch.setitem(sys.modules, "smsim.compare", module)
    monkeypatch.setattr(Comparison, "fails", None)
    monkeypatch.delenv("SMSIM_THREADS", raising=False)
    return asked


@pytest.mark.parametrize("code", ["import smsim", "import smsim.cli"])
def test_nothing_heavy_is_imported_before_it_is_needed(code: str) -> None:
    report = "import sys; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    done = subprocess.run([sys.executable, "-c", f"{code}; {report}"], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_help_names_every_command_and_imports_nothing_heavy() -> None:
    code = (
        "import sys; from smsim.__main__ import main\n"
        "sys.argv[1:] = ['--help']\n"
        "try: main()\n"
        "except SystemExit: print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *shown, modules = done.stdout.splitlines()
    assert all(command in "\n".join(shown) for command in ("check", "run", "compare", "parameters", "scenarios"))
    assert not HEAVY & set(modules.split())


def test_every_public_name_has_a_home() -> None:
    assert set(smsim.__all__) == {*smsim._HOMES, "__version__"}
    assert set(smsim.__all__) <= set(dir(smsim))
    assert isinstance(smsim.__version__, str)
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        smsim.nope  # noqa: B018  # reading the attribute is the test


def test_a_function_is_not_hidden_by_the_module_of_its_name() -> None:
    code = "import smsim.simulate, smsim; assert callable(smsim.simulate), smsim.simulate"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_run_does_without_linear_algebra_and_leaves_it_to_whoever_asks(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "from smsim.cli import app\n"
        f"app(['run', {VILLAGE!r}, '--out', {str(tmp_path / 'run')!r}], standalone_mode=False)\n"
        "assert 'scipy.linalg' not in sys.modules\n"
        "import scipy.linalg.cython_blas\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_check_says_fine_or_every_problem(tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("world:\n  mean_ties: -3\n", encoding="utf-8")
    assert smsim_says("check", VILLAGE)[0] == 0
    code, said, complained = smsim_says("check", VILLAGE, str(bad))
    assert (code, said.splitlines()[0]) == (2, f"{VILLAGE}: fine")
    assert complained == f"{bad}: 1 problem\n  line 2  world.mean_ties must be in [1, 200] ties per household; got -3\n"
    code, said, _ = smsim_says("check", "--json", str(bad))
    assert code == 2
    assert [entry["fine"] for entry in json.loads(said)] == [False]


def test_parameters_lists_the_table() -> None:
    code, said, _ = smsim_says("parameters", "--json")
    assert code == 0
    assert [entry["path"] for entry in json.loads(said)] == list(PARAMETERS)
    code, said, _ = smsim_says("parameters", "--section", "run")
    assert code == 0
    assert "run.seed: 1" in said
    assert "world." not in said
    assert smsim_says("parameters", "--section", "word")[0] == 2


def test_scenarios_lists_a_folder_and_says_what_is_broken(tmp_path: Path) -> None:
    code, said, _ = smsim_says("scenarios", str(Path(VILLAGE).parent), "--json")
    assert code == 0
    row = next(row for row in json.loads(said) if row["name"] == "village")
    assert (row["targets"], row["evidence"]["assumed"]) == (0, 1)
    (tmp_path / "bad.yaml").write_text("wrld: {}", encoding="utf-8")
    code, _, complained = smsim_says("scenarios", str(tmp_path))
    assert code == 2
    assert "did you mean 'world'?" in complained
    assert smsim_says("scenarios", str(tmp_path / "nope"))[0] == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["compare", "nope.yaml"], "nope.yaml: there is no such file"),
        (["compare", VILLAGE, "--replicates", "-3"], "--replicates must be in [2, 100000] worlds; got -3"),
        (["compare", VILLAGE, "--seed", "-1"], "--seed must be in [0, "),
        (["compare", VILLAGE, "--strategies", "hybird"], "no strategy 'hybird'; did you mean 'hybrid'?"),
        (["compare", VILLAGE, "--strategies", "x9,hybird"], "none\nno strategy 'hybird'; did you mean 'hybrid'?"),
        (["compare", VILLAGE, "--strategies", ""], "--strategies is empty"),
        (["compare", VILLAGE, "--threads", "0"], "--threads (or SMSIM_THREADS) must be 1 or more; got 0"),
        (["compare", VILLAGE, "--replicates", "2.5"], "--replicates must be a whole number; got 2.5"),
        (["run", VILLAGE, "--strategy", "hybird"], "no strategy 'hybird'; did you mean 'hybrid'?"),
        (["run", VILLAGE, "--seed", "x"], "--seed must be a whole number; got x"),
        (["run"], "FILE"),
        (["scenarios", VILLAGE], "this is a file; smsim check reads one"),
        (["cmopare"], "cmopare"),
    ],
)
def test_bad_options_get_a_sentence_and_exit_code_2(asked: dict[str, Any], arguments: list[str], words: str) -> None:
    code, _, complained = smsim_says(*arguments)
    assert code == 2
    assert words in complained
    assert "Traceback" not in complained
    assert not asked


def test_a_bad_number_of_threads_in_the_environment_gets_a_sentence(
    asked: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSIM_THREADS", "many")
    code, _, complained = smsim_says("compare", VILLAGE)
    assert code == 2
    assert "SMSIM_THREADS" in complained
    assert not asked


def test_compare_passes_what_was_asked_and_writes_all_files(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SMSIM_THREADS", "3")  # the default of --threads
    out = tmp_path / "a" / "b"
    options = ["--replicates", "7", "--seed", "0", "--strategies", "hybrid, none", "--out", str(out)]
    code, said, _ = smsim_says("compare", VILLAGE, *options)
    assert code == 0
    assert "cannot be told apart" in said
    assert str(out / "report.html") in said
    assert (asked["replicates"], asked["seed"], asked["threads"]) == (7, 0, 3)
    assert asked["strategies"] == ["hybrid", "none"]
    found = sorted(str(f.relative_to(tmp_path).as_posix()) for f in tmp_path.rglob("*") if f.is_file())
    assert found == ["a/b/manifest.json", "a/b/report.html"]


def test_an_unknown_language_is_a_sentence_that_lists_those_there_are(asked: dict[str, Any], tmp_path: Path) -> None:
    code, _, complained = smsim_says("compare", VILLAGE, "--language", "xx", "--out", str(tmp_path))
    assert code == 2
    assert "no language 'xx'; there are en (English), fr" in complained
    assert not asked


def test_the_report_is_asked_for_in_the_language(asked: dict[str, Any], tmp_path: Path) -> None:
    assert smsim_says("compare", VILLAGE, "--language", "fr", "--out", str(tmp_path))[0] == 0
    assert json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))["language"] == "fr"


def test_results_go_to_a_folder_named_after_the_scenario(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert smsim_says("compare", VILLAGE)[0] == 0
    assert (tmp_path / "results" / "village" / "manifest.json").is_file()


def test_a_second_comparison_replaces_the_first(asked: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("old", encoding="utf-8")
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    assert smsim_says("compare", VILLAGE, "--out", str(tmp_path))[0] == 0
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == "report"
    assert (tmp_path / "notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("below", ["", "folder"])
def test_an_out_that_is_a_file_is_refused_before_anything_runs(
    asked: dict[str, Any], tmp_path: Path, below: str
) -> None:
    file = tmp_path / "file"
    file.write_text("mine", encoding="utf-8")
    code, _, complained = smsim_says("compare", VILLAGE, "--out", str(file / below))
    assert code == 2
    assert "is a file; name a folder" in complained
    assert not asked


def test_a_name_that_is_too_long_is_refused_before_anything_runs(asked: dict[str, Any], tmp_path: Path) -> None:
    long = "x" * 5000
    code, _, complained = smsim_says("compare", VILLAGE, "--out", str(tmp_path / long))
    assert code == 2
    assert "name another folder" in complained
    assert not asked
    extending = tmp_path / "extending.yaml"
    extending.write_text(f"extends: {long}.yaml\n", encoding="utf-8")
    for arguments in (["scenarios", str(tmp_path / long)], ["check", str(tmp_path / long)], ["check", str(extending)]):
        code, _, complained = smsim_says(*arguments)
        assert code == 2
        assert "Traceback" not in complained


def test_a_seed_that_is_too_large_is_shown_to_its_last_digit() -> None:
    code, _, complained = smsim_says("compare", VILLAGE, "--seed", str(2**63))
    assert code == 2
    assert f"--seed must be in [0, {2**63 - 1}]; got {2**63}" in complained


def test_an_out_that_cannot_be_written_is_refused_before_anything_runs(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(**_: Any) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.mkdtemp", refuse)  # permissions do not bind the administrator who may run the tests
    code, _, complained = smsim_says("compare", VILLAGE, "--out", str(tmp_path / "x"))
    assert code == 2
    assert "cannot write there (Permission denied)" in complained
    assert not asked


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RunError("replicate 3 failed"), 1),
        (DataError("weekly.csv has no column 'week'"), 2),
        (OSError(28, "No space left on device"), 1),
        (MemoryError(), 1),
        (KeyboardInterrupt(), 130),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_fails_halfway_leaves_nothing_behind(
    asked: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, expected: int
) -> None:
    monkeypatch.setattr(Comparison, "fails", error)
    code, _, complained = smsim_says("compare", VILLAGE, "--out", str(tmp_path / "x"))
    assert code == expected
    assert complained.strip()
    assert "Traceback" not in complained
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == []


def test_ctrl_c_while_llvm_hands_code_over_is_heard_a_moment_later() -> None:
    engine = llvm.create_mcjit_compiler(
        llvm.parse_assembly("define void @nothing() { ret void }"),
        llvm.Target.from_default_triple().create_target_machine(),
    )
    engine.set_object_cache(lambda module, code: [signal.raise_signal(signal.SIGINT) for _ in range(3)])

    def compile_and_wait() -> None:
        engine.finalize_object()
        threading.Event().wait(60)

    before = signal.signal(signal.SIGINT, interrupt)
    try:
        with pytest.raises(KeyboardInterrupt):
            compile_and_wait()
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_full_disk_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Prepared, "begin", full)
    code, _, complained = smsim_says("run", VILLAGE, "--out", str(tmp_path / "x"))
    assert code == 1
    assert "no room left (No space left on device); make room and start again" in complained
    assert "engine, some 15 MB, in " in complained
    assert "Traceback" not in complained
    assert not (tmp_path / "x").exists()
