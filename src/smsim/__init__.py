"""smsim: a simulator of social mobilization campaigns.

Say what the area is like, and see which strategy brings which coverage, how surely, for whom and at what cost::

    import smsim
    base = smsim.load_scenario("scenarios/village.yaml")
    run = smsim.simulate(base, strategy="hybrid", seed=1)
    comparison = smsim.compare(base, replicates=50, seed=1)

Names are imported when first used, so that ``import smsim`` costs nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from smsim.compare import Comparison, compare
    from smsim.errors import DataError, RunError, ScenarioError, SmsimError
    from smsim.evaluate import Evaluation, evaluate
    from smsim.model import CampaignModel
    from smsim.parameters import PARAMETERS
    from smsim.premortem import Premortem, premortem
    from smsim.results import Run
    from smsim.scenario import Scenario, load_scenario
    from smsim.simulate import simulate
    from smsim.strategy import Strategy
    from smsim.sweep import Sweep, load_sweep, sweep
    from smsim.world import World, build_world

    __version__: str

# Public name -> the module that holds it.
_HOMES = {
    "CampaignModel": "smsim.model",
    "Comparison": "smsim.compare",
    "DataError": "smsim.errors",
    "Evaluation": "smsim.evaluate",
    "PARAMETERS": "smsim.parameters",
    "Premortem": "smsim.premortem",
    "Run": "smsim.results",
    "RunError": "smsim.errors",
    "Scenario": "smsim.scenario",
    "ScenarioError": "smsim.errors",
    "SmsimError": "smsim.errors",
    "Strategy": "smsim.strategy",
    "Sweep": "smsim.sweep",
    "World": "smsim.world",
    "build_world": "smsim.world",
    "compare": "smsim.compare",
    "evaluate": "smsim.evaluate",
    "load_scenario": "smsim.scenario",
    "load_sweep": "smsim.sweep",
    "premortem": "smsim.premortem",
    "simulate": "smsim.simulate",
    "sweep": "smsim.sweep",
}

__all__ = [
    "PARAMETERS",
    "CampaignModel",
    "Comparison",
    "DataError",
    "Evaluation",
    "Premortem",
    "Run",
    "RunError",
    "Scenario",
    "ScenarioError",
    "SmsimError",
    "Strategy",
    "Sweep",
    "World",
    "__version__",
    "build_world",
    "compare",
    "evaluate",
    "load_scenario",
    "load_sweep",
    "premortem",
    "simulate",
    "sweep",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _HOMES:
        value = getattr(import_module(_HOMES[name]), name)
    else:
        raise AttributeError(f"module 'smsim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("smsim")
    except PackageNotFoundError:  # run from the sources, without installation
        return "0+source"


class _Package(ModuleType):
    """Keeps `smsim.simulate` the function: importing the submodule of that name would put the module there."""

    def __setattr__(self, name: str, value: Any) -> None:
        if isinstance(value, ModuleType) and _HOMES.get(name) == value.__name__:
            value = getattr(value, name)
        super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
