"""The house: layout, README, documents made from code, who imports whom."""

from __future__ import annotations

import importlib
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
README = (ROOT / "README.md").read_text(encoding="utf-8")

TOP = {
    ".ci", ".editorconfig", ".gitattributes", ".gitignore", "CHANGELOG.md", "CITATION.cff", "LICENSE", "README.md",
    "benchmarks", "docs", "experiments", "pyproject.toml", "scenarios", "src", "tests",
}  # fmt: skip
MOST_LINES = 450
LONGER: dict[str, str] = {}
# Where a machine, a user or a package registry shows through. The brackets keep this file from matching itself.
NOT_OURS = re.compile(
    r"(?<![\w.])/([w]ork|[r]oot|[h]ome|[U]sers|[t]mp/[v]env)/|[A-Z]:\\+[U]sers|[p]ypi\.org|[p]ythonhosted|"
    r"[a]rtifactory|[a]naconda\.org|--[i]ndex-url"
)


@pytest.fixture(scope="module")
def files() -> list[Path]:
    """Every file that belongs to the project: tracked, or new and not ignored."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, check=True, capture_output=True).stdout.decode("utf-8")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("needs git and a checkout: an unpacked archive does not know which files are the project's")
    return [path for name in listed.split("\0") if name and (path := ROOT / name).is_file()]


def readme_command(name: str) -> str:
    """The command after ``<!-- name -->``, found as `.ci/run` finds it."""
    lines = README.splitlines()
    return lines[lines.index(f"<!-- {name} -->") + 2]


def test_the_top_level_holds_only_what_the_layout_names(files: list[Path]) -> None:
    assert {path.relative_to(ROOT).parts[0] for path in files} <= TOP


def test_text_is_utf8_with_unix_line_ends(files: list[Path]) -> None:
    for path in files:
        if path.suffix not in {".png", ".parquet", ".ttf"}:
            content = path.read_bytes()
            content.decode("utf-8")
            assert b"\r" not in content, path


def test_no_file_names_a_machine_or_a_package_registry(files: list[Path]) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in files
        if path.suffix not in {".png", ".parquet", ".ttf"}
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if NOT_OURS.search(line)
    ]
    assert found == []


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    package = ROOT / "src" / "smsim"
    long = {
        path.relative_to(package).as_posix()
        for path in package.rglob("*.py")
        if len(path.read_text(encoding="utf-8").splitlines()) > MOST_LINES
    }
    assert long == set(LONGER)


def test_the_first_readme_command_installs_and_compares_a_scenario_that_exists() -> None:
    *setup, job = readme_command("main").split(" && ")
    assert setup == ["python3 -m venv .venv", ".venv/bin/pip install -q ."]
    program, command, scenario = shlex.split(job)
    assert (program, command) == (".venv/bin/smsim", "compare")
    assert (ROOT / scenario).is_file()


def test_the_second_readme_command_installs_the_test_extra_and_runs_the_tests() -> None:
    *setup, job = readme_command("tests").split(" && ")
    assert setup == ["python3 -m venv .venv", '.venv/bin/pip install -q -e ".[test]"']
    assert job == ".venv/bin/python -m pytest -q -n 2"
    assert "test" in PROJECT["optional-dependencies"]


def test_ci_takes_its_commands_from_the_readme() -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert "readme_command main" in script
    assert "readme_command tests" in script
    assert "pytest" not in script


def test_the_readme_names_only_commands_that_exist() -> None:
    from typer.main import get_command

    from smsim.cli import app

    named = set(re.findall(r"`smsim ([a-z]+)", README))
    assert named
    assert named <= set(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.slow
def test_the_notebook_example_of_the_readme_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    monkeypatch.chdir(ROOT)
    seen: dict[str, object] = {}
    exec(example, seen)  # the example itself is what is tested
    assert seen["denser"] != seen["base"]


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "CHANGELOG.md",
        *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md")),
    ],
)
def test_links_inside_the_project_lead_somewhere(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    targets = [t for t in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in t]
    for target in targets:
        file, _, heading = target.partition("#")
        linked = (ROOT / document).parent / file if file else ROOT / document
        assert linked.is_file(), f"{document}: {target}"
        if heading:
            headings = re.findall(r"^#+ (.+)$", linked.read_text(encoding="utf-8"), re.MULTILINE)
            assert heading in {re.sub(r"[^\w -]", "", h).lower().replace(" ", "-") for h in headings}, target


def test_the_table_of_parameters_is_the_one_the_code_makes() -> None:
    from smsim.parameters import markdown_table

    written = (ROOT / "docs" / "parameters.md").read_text(encoding="utf-8")
    assert written == markdown_table(), "run: python -m smsim.parameters > docs/parameters.md"


def test_every_parameter_of_the_engine_is_in_the_table() -> None:
    from smsim.engine.arrays import BEHAVIOUR, CONTEXT
    from smsim.parameters import PARAMETERS

    names = {p.name for p in PARAMETERS.values()}
    derived = {"fidelity"}  # .5 + .5 partner_capacity
    assert set(BEHAVIOUR.names or ()) | set(CONTEXT.names or ()) <= names | derived


def test_modules_import_only_from_the_layers_below() -> None:
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True, no_logo=True))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, encoding="utf-8", check=False,
        env=environment(),
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def environment() -> dict[str, str]:
    """Ours, with smsim importable also where it is not installed, and UTF-8 spoken on every system."""
    return os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1"}


def test_importing_smsim_imports_nothing_heavy() -> None:
    code = "import sys, smsim; print([m for m in ('mesa', 'numba', 'pandas', 'matplotlib') if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True, env=environment()
    )
    assert done.stdout.strip() == "[]"


def test_the_entry_point_can_be_called() -> None:
    module, _, name = PROJECT["scripts"]["smsim"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_the_citation_is_of_this_version() -> None:
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {PROJECT['version']}\n" in citation
