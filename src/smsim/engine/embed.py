"""How the functions of the engine become kernels: what is machine code by itself, and what is simplified once more.

Numba makes machine code of every function that it compiles, and simplifies every function once more in each that calls
it. Of what only ever runs as a piece of a kernel nobody needs code of its own (`Embedded`, a tenth of all compiling);
and a kernel that only calls what is simplified already need not simplify it again (`Assembled`, a ninth).

Numba reference: https://numba.readthedocs.io/en/stable/developer/custom_pipeline.html.
"""

from __future__ import annotations

from typing import Any

import llvmlite.binding as llvm
import llvmlite.ir as ir
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import LoweringPass, register_pass
from numba.core.typed_passes import AnnotateTypes

ENVIRONMENT = "_ZN08NumbaEnv"  # so begins the name of the variable of a function that Numba writes to


class Embedded(JITCodeLibrary):
    """The code of a function, for others to take in.

    Machine code is made of a stub that holds the function's variable and nothing else: Numba keeps it on disk.
    """

    def _finalize_final_module(self) -> None:
        whole = self._final_module
        stub = self._codegen._create_empty_module(self.name)
        for variable in whole.global_variables:
            if variable.name.startswith(ENVIRONMENT):
                pointer = ir.IntType(8).as_pointer()
                place = ir.GlobalVariable(stub, pointer, variable.name)
                place.linkage, place.initializer = "common", ir.Constant(pointer, None)
        self._final_module = llvm.parse_assembly(str(stub))
        super()._finalize_final_module()
        self._final_module = whole
        self._finalize_dynamic_globals()  # whether it holds addresses of this process, and cannot be kept


class Assembled(JITCodeLibrary):
    """The code of a kernel and of all that it calls, which stay functions of their own.

    A run's arrays are handed on by value, a thousand words a call. Nobody outside calls these functions, so that what
    one never reads need not be handed to it: runs take a twentieth less time than with all written into the kernel.
    They are private: by its name another kernel would find a function that is to be called otherwise.
    """

    def _optimize_final_module(self) -> None:
        for function in self._final_module.functions:
            if function.linkage == llvm.Linkage.linkonce_odr and not function.is_declaration:
                function.linkage = llvm.Linkage.private
        passes = llvm.create_new_module_pass_manager()
        passes.add_dead_arg_elimination_pass()
        passes.add_global_dead_code_eliminate_pass()
        passes.run(self._final_module, self._codegen._pass_builder())


def compiler_to(library: type[JITCodeLibrary]) -> type[CompilerBase]:
    """Numba's compiler, but for what becomes of the code."""

    @register_pass(mutates_CFG=False, analysis_only=True)
    class Place(LoweringPass):
        _name = f"code_to_be_{library.__name__.lower()}"

        def __init__(self) -> None:
            super().__init__()

        def run_pass(self, state: Any) -> bool:
            state.library = library(state.targetctx.codegen(), state.func_id.func_qualname)
            state.library.enable_object_caching()
            return False

    class Compiler(CompilerBase):
        def define_pipelines(self) -> list[Any]:
            """All steps that Numba would take, and the one before code is made."""
            steps = DefaultPassBuilder.define_nopython_pipeline(self.state)
            steps.add_pass_after(Place, AnnotateTypes)
            steps.finalize()
            return [steps]

    return Compiler
