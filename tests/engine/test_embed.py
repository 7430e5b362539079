"""How functions that only kernels call are compiled, and kernels that only call them."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(os.environ.get("NUMBA_DISABLE_JIT") == "1", reason="nothing is compiled")

TWO = """
from smsim.engine import inner, kernel

@inner
def twice(x):
    return 2 * x

@kernel
def four_times(x):
    return twice(twice(x))

print(four_times(3))
for function in (twice, four_times):
    for compiled in function.overloads.values():
        symbols = compiled.library.codegen._engine._defined_symbols
        print(compiled.fndesc.llvm_func_name in symbols)
"""

LONG = "\n".join(
    f"    x = (x + {k}) / (x - three.b + {k + 1})" for k in range(99)
)  # too long to be written into a kernel

HANDED_ON = f"""
from typing import NamedTuple
from smsim.engine import inner, kernel, lean

class Three(NamedTuple):
    a: int
    b: int
    c: int

@inner
def about_b(three):
    x = three.b
{LONG}
    return x

@lean
def about(three):
    return about_b(three)

@kernel
def about_and_a(three):
    return about_b(three) + three.a

three = Three(1, 2, 3)
print(about(three), about_and_a(three), about_b.py_func(three))
code = next(iter(about.overloads.values())).library.get_llvm_str()
print(next(line for line in code.splitlines() if line.startswith("define") and "about_b" in line))
"""


def test_an_inner_function_is_machine_code_in_its_kernel_alone(tmp_path):
    assert _printed_by(TWO, tmp_path).split() == ["12", "False", "True"]


def test_a_lean_kernel_hands_on_only_what_is_read(tmp_path):
    define = _printed_by(HANDED_ON, tmp_path).splitlines()[1]
    assert define.count("%arg.") == 1
    assert "%arg.three.1" in define


@pytest.mark.parametrize("start", ["cold", "warm"])
def test_another_kernel_may_call_what_a_lean_kernel_has_taken_in(tmp_path, start):
    if start == "warm":
        _printed_by(HANDED_ON, tmp_path)
    of_lean, of_another, python = map(float, _printed_by(HANDED_ON, tmp_path).splitlines()[0].split())
    assert (of_lean, of_another) == (python, python + 1)


def _printed_by(program: str, folder) -> str:
    (folder / "program.py").write_text(program, encoding="utf-8")
    environment = os.environ | {"NUMBA_CACHE_DIR": str(folder), "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(folder / "program.py")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
