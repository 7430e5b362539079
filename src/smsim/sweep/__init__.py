"""Sweeps: a scenario over a design of its uncertain parameters, resumable, and what decides its outcomes."""

from smsim.sweep.design import METHODS, Design
from smsim.sweep.problem import Factor, make_factors
from smsim.sweep.study import Sweep, load_sweep, sweep

__all__ = ["METHODS", "Design", "Factor", "Sweep", "load_sweep", "make_factors", "sweep"]
